package lab

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/link"
	"github.com/regionfall/regionfall/lab/topology"
)

// fakeAutomation does as it is told, step by step: with each look at its state it has come one further.
type fakeAutomation struct {
	mu     sync.Mutex
	start  string
	marks  []api.Mark
	states []func(a *fakeAutomation) api.AutomationState
}

func (a *fakeAutomation) fail(detail string) {
	a.marks = append(a.marks, api.Mark{Seq: len(a.marks) + 1, Name: api.MarkFailed, Detail: detail})
}

func (a *fakeAutomation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var said any
	if r.URL.Path == "/marks" {
		after, _ := strconv.Atoi(r.URL.Query().Get("after"))
		said = api.MarksReply{Start: a.start, Marks: a.marks[min(after, len(a.marks)):]}
	} else {
		said = a.states[0](a)
		a.states = a.states[min(1, len(a.states)-1):]
	}
	_ = json.NewEncoder(w).Encode(said)
}

// automated is a lab that is nothing but the tap of its automation.
func automated(t *testing.T, a *fakeAutomation) *Lab {
	t.Helper()
	s := httptest.NewServer(a)
	t.Cleanup(s.Close)
	top, _ := topology.Preset("two-regions")
	tap := topology.Path{From: topology.Tap, Node: topology.ServiceAutomation.Host(west), Port: 1}
	l := &Lab{
		topology: top, published: map[string]string{"1/tcp": s.Listener.Addr().String()},
		monitor: monitor{source: newFakeEngine()},
	}
	l.links = []*link.Link{{Path: tap}}
	return l
}

func TestStepsThatFailAreSaid(t *testing.T) {
	at := func(step string, then ...string) func(*fakeAutomation) api.AutomationState {
		return func(a *fakeAutomation) api.AutomationState {
			for _, detail := range then {
				a.fail(detail)
			}
			return api.AutomationState{State: api.PhaseActing, Step: step, Switchover: &api.SwitchoverState{To: west}}
		}
	}
	again := func(a *fakeAutomation) api.AutomationState { // killed, and back with marks of its own
		a.start, a.marks = "second", nil
		a.fail("redirect: connection refused")
		return at("redirect")(a)
	}
	done := func(failure string) func(*fakeAutomation) api.AutomationState {
		return func(*fakeAutomation) api.AutomationState {
			return api.AutomationState{State: api.PhaseDone, Switchover: &api.SwitchoverState{
				To: west, Done: true,
				Failure: failure,
			}}
		}
	}
	begun := func() *fakeAutomation {
		a := &fakeAutomation{start: "first"}
		a.fail("promote: of the last failover")
		return a
	}
	want := []string{
		"step promote", "step promote failed: not done within 5s: it sleeps", "step promote failed: connection refused",
		"step redirect failed: connection refused", "step redirect",
	}

	a := begun()
	a.states = []func(*fakeAutomation) api.AutomationState{
		at("promote"), at("promote", "promote: not done within 5s: it sleeps", "promote: connection refused"), again,
		done(""),
	}
	var said []string
	if err := automated(t, a).Failover(t.Context(), west, func(text string) { said = append(said, text) }); err != nil {
		t.Fatal(err)
	}
	if want := append(slices.Clone(want), "clients are redirected to us-west-2"); !slices.Equal(said, want) {
		t.Errorf("a failover said %q, want %q", said, want)
	}

	a = begun()
	last := func(a *fakeAutomation) api.AutomationState {
		a.fail("follow: it has another history")
		return done("us-east-1 does not follow it")(a)
	}
	a.states = []func(*fakeAutomation) api.AutomationState{
		at("promote"), at("promote", "promote: not done within 5s: it sleeps", "promote: connection refused"), again,
		last,
	}
	said = nil
	err := automated(t, a).Switchover(t.Context(), west, func(text string) { said = append(said, text) })
	if err == nil || !strings.Contains(err.Error(), "does not follow it") {
		t.Errorf("got %v", err)
	}
	if want := append(slices.Clone(want), "step follow failed: it has another history"); !slices.Equal(said, want) {
		t.Errorf("a switchover said %q, want %q", said, want)
	}
}
