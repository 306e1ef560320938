package api

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// request is what an agent was asked.
type request struct{ Method, Path, Body string }

// agent answers everything with a document, and notes what it was asked.
func agent(t *testing.T, status int, answer string) (HTTP, *request) {
	t.Helper()
	var last request
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		last = request{r.Method, r.URL.RequestURI(), string(body)}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return Linked(s.URL), &last
}

func TestCalls(t *testing.T) {
	for name, c := range map[string]struct {
		call   func(ctx context.Context, to Caller) (any, error)
		want   request
		answer string
	}{
		"a failover": {
			func(ctx context.Context, to Caller) (any, error) { return Automation{to}.Failover(ctx) },
			request{"POST", "/failover", ""},
			`{"state":"acting","since_ms":0,"serves":""}`,
		},
		"a switchover": {
			func(ctx context.Context, to Caller) (any, error) { return Automation{to}.Switchover(ctx, "eu-west-1") },
			request{"POST", "/switchover", `{"to":"eu-west-1"}`},
			`{"state":"watching","since_ms":7,"serves":"us-east-1"}`,
		},
		"a step that fails": {
			func(ctx context.Context, to Caller) (any, error) {
				return nil, Automation{to}.FailStep(ctx, "fence", StepFault{Do: OrderFail, Times: 2})
			},
			request{"PUT", "/faults/fence", `{"do":"fail","times":2}`},
			"",
		},
		"a step restored": {
			func(ctx context.Context, to Caller) (any, error) {
				return nil, Automation{to}.RestoreStep(ctx, "fence", OrderHang)
			},
			request{"DELETE", "/faults/fence?do=hang", ""},
			"",
		},
		"a rule": {
			func(ctx context.Context, to Caller) (any, error) {
				return nil, Replicator{to}.SetRule(ctx, "lag of a|b", Rule{Store: StoreItems, Do: RulePause})
			},
			request{"PUT", "/rules/lag%20of%20a%7Cb", `{"store":"items","do":"pause"}`},
			"",
		},
		"a ceiling": {
			func(ctx context.Context, to Caller) (any, error) {
				return nil, App{to}.SetCeiling(ctx, "squeeze-20", 10)
			},
			request{"PUT", "/capacity/squeeze-20", `{"rate":10}`},
			"",
		},
		"weights": {
			func(ctx context.Context, to Caller) (any, error) {
				return Nameservice{to}.SetWeights(ctx, map[string]int{"us-east-1": 9})
			},
			request{"PUT", "/weights", `{"us-east-1":9}`},
			`{"primary":"us-east-1","ordered":true,"answer":"us-east-1","answers":["us-east-1"],"generation":2,"targets":[]}`,
		},
	} {
		to, asked := agent(t, http.StatusOK, c.answer)
		got, err := c.call(t.Context(), to)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, *asked); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		if c.answer == "" {
			continue
		}
		if data, err := json.Marshal(got); err != nil || string(data) != c.answer {
			t.Errorf("%s: read %s, %v", name, data, err)
		}
	}
}

func TestAnAnswerThatIsNoSuccess(t *testing.T) {
	to, _ := agent(t, http.StatusConflict, "a backup is running\n")
	err := to.Call(t.Context(), http.MethodPost, "/backup", nil, nil)
	if !Answered(err, http.StatusConflict) || Answered(err, http.StatusOK) ||
		!strings.Contains(err.Error(), "/backup answered 409 Conflict: a backup is running") {
		t.Errorf("%v", err)
	}
	to, _ = agent(t, http.StatusOK, "no JSON")
	if _, err := (Automation{to}).State(t.Context()); err == nil || !strings.Contains(err.Error(), "read answer of") {
		t.Errorf("%v", err)
	}
}

func TestStateIsJSON(t *testing.T) {
	got, err := json.Marshal(AutomationState{State: "acting", Step: "promote", SinceMS: 5})
	if err != nil || string(got) != `{"state":"acting","step":"promote","since_ms":5,"serves":""}` {
		t.Errorf("it is %s, %v", got, err)
	}
}
