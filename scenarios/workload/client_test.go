package workload

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/history"
)

func TestASecondAttemptIsRefusedAndSeen(t *testing.T) {
	server := httptest.NewServer(&service{region: "east"})
	defer server.Close()
	address := server.Listener.Addr().String()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	op := history.Op{Kind: history.Write, ID: "v-t-000001"}
	m := Of(kycApp(t), Login{}).Make(Operation{Kind: history.Write, ID: op.ID, Number: 1})
	req, err := m.(*httpMessage).request(t.Context(), address, "")
	if err != nil || req.GetBody != nil {
		t.Errorf("net/http could rewind the body and send it again: %v", err)
	}
	over := newAttempt(conn)
	first := m.Send(t.Context(), address, Carried{}, over)
	if first.Result != Acknowledged || first.Status != http.StatusCreated || over.count() != 1 {
		t.Fatalf("first attempt: %+v", first)
	}
	second := m.Send(t.Context(), address, Carried{}, over)
	if second.Err == nil || !strings.Contains(second.Err.Error(), "second attempt refused") {
		t.Errorf("second attempt: %+v", second)
	}
	conclude(&op, first, true, over.count())
	if op.Attempts != 2 || op.Outcome == history.OK || !strings.HasPrefix(op.Error,
		"bug of the harness: sent 2 times") {
		t.Errorf("an operation attempted twice: %+v", op)
	}
}

// reply is what came of one attempt on the wire.
type reply struct {
	sent   bool
	err    error
	status int
	body   []byte
}

// judged is a reply as the app's file, and then the client, understand it.
func judged(a *app.App, kind history.Kind, id string, r reply) (history.Outcome, string) {
	m := Of(a, Login{}).Make(Operation{Kind: kind, ID: id, Number: 1}).(*httpMessage)
	answer := Answer{Err: r.err, Status: r.status}
	if r.err == nil {
		m.understand(&answer, &http.Response{StatusCode: r.status, Header: http.Header{}}, r.body)
	}
	return judge(kind, r.sent, answer)
}

func TestJudge(t *testing.T) {
	const w, r = history.Write, history.Read
	lost := errors.New("EOF")
	for name, c := range map[string]struct {
		kind    history.Kind
		reply   reply
		outcome history.Outcome
		why     string
	}{
		"created":           {w, reply{sent: true, status: 201, body: []byte(`{"id":"v"}`)}, history.OK, ""},
		"found":             {r, reply{sent: true, status: 200, body: []byte(`{"id":"v"}`)}, history.OK, ""},
		"ok without a body": {w, reply{sent: true, status: 204}, history.OK, ""},
		"wrote another": {
			w,
			reply{sent: true, status: 201, body: []byte(`{"id":"x"}`)},
			history.Unknown,
			`answer is about "x"`,
		},
		"found another": {
			r,
			reply{sent: true, status: 200, body: []byte(`{"id":"x"}`)},
			history.Failed,
			`answer is about "x"`,
		},
		"absent":       {r, reply{sent: true, status: 404}, history.Failed, history.Absent},
		"no such path": {w, reply{sent: true, status: 404}, history.Unknown, "status 404"},
		"refused": {
			w,
			reply{sent: true, status: 503, body: []byte(`{"applied":"no","error":"x"}`)},
			history.Failed, "status 503: x",
		},
		"conflict": {
			w,
			reply{sent: true, status: 409, body: []byte(`{"applied":"no"}`)},
			history.Failed,
			"status 409",
		},
		"may be applied": {
			w,
			reply{sent: true, status: 503, body: []byte(`{"applied":"unknown"}`)},
			history.Unknown,
			"status 503",
		},
		"error of a proxy": {w, reply{sent: true, status: 502, body: []byte(`<html>`)}, history.Unknown, "status 502"},
		"half-understood": {
			w,
			reply{sent: true, status: 500, body: []byte(`{"applied":"no","error":7}`)},
			history.Unknown, "status 500",
		},
		"redirect": {
			w,
			reply{sent: true, status: 302, body: []byte(`{"applied":"no"}`)},
			history.Unknown,
			"status 302",
		},
		"read fails":       {r, reply{sent: true, status: 500}, history.Failed, "status 500"},
		"write not sent":   {w, reply{err: lost}, history.Failed, "not sent: EOF"},
		"read not sent":    {r, reply{err: lost}, history.Failed, "not sent: EOF"},
		"write, no answer": {w, reply{sent: true, err: lost}, history.Unknown, "no answer: EOF"},
		"read, no answer":  {r, reply{sent: true, err: lost}, history.Failed, "no answer: EOF"},
		"cut in the body":  {w, reply{sent: true, status: 201, err: lost}, history.Unknown, "no answer: EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			outcome, why := judged(kycApp(t), c.kind, "v", c.reply)
			if outcome != c.outcome || why != c.why {
				t.Errorf("got %d, %q; want %d, %q", outcome, why, c.outcome, c.why)
			}
		})
	}
}

func TestARedirectIsAnAnswer(t *testing.T) {
	s := &service{region: "east", before: func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		return true
	}}
	names := startNameservice(t, serve(t, s, "1000"))
	l, rec := begin(t, Spec{Writes: 100, Clients: 1, Timeout: testTimeout}, names.address)
	eventually(t, "five writes", func() bool { return len(rec.ops()) >= 5 })
	finish(t, l)
	for _, op := range rec.ops() {
		if op.Outcome != history.Unknown || op.Status != http.StatusTemporaryRedirect || op.Attempts != 1 {
			t.Errorf("a redirected write: %+v", op)
		}
	}
	if got := s.seen(http.MethodPost); got != len(rec.ops()) {
		t.Errorf("the service saw %d requests for %d writes", got, len(rec.ops()))
	}
}

func TestErrorsNameNoAddress(t *testing.T) {
	address := unused(t)
	_, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if got := because(t.Context(), err).Error(); got != "dial: connect: connection refused" {
		t.Errorf("refused: %q", got)
	}
	_, err = (&net.Dialer{}).DialContext(t.Context(), "tcp", "nowhere.invalid:80")
	if got := because(t.Context(), err).Error(); strings.Contains(got, "nowhere") || !strings.HasPrefix(got, "dial: ") {
		t.Errorf("unknown host: %q", got)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errCut)
	if got := because(ctx, err); !errors.Is(got, errCut) {
		t.Errorf("given up: %v", got)
	}
}

func TestWritesDependOnTheSeedAndTheNumberOnly(t *testing.T) {
	people, protocol := newPopulation(idPrefix("t"), 7), Of(kycApp(t), Login{})
	body := func(seed uint64, n int64) []byte {
		return protocol.Make(Operation{
			Kind: history.Write, ID: people.id(n), Number: n, Seed: seed,
		}).(*httpMessage).filled.Body
	}
	sizes := map[int]bool{}
	for n := int64(200); n > 0; n-- {
		one := body(7, n)
		if bytes.Equal(one, body(8, n)) {
			t.Fatalf("write %d is the same with another seed", n)
		}
		if diff := cmp.Diff(string(one), string(body(7, n))); diff != "" {
			t.Errorf("equal seeds differ: %s", diff)
		}
		var v struct{ ID, Customer, Document string }
		if err := json.Unmarshal(one, &v); err != nil {
			t.Fatal(err)
		}
		if v.ID != people.id(n) || !strings.HasPrefix(v.Customer, "c-") || len(v.Document) < 100 ||
			len(v.Document) > 300 {
			t.Errorf("write %d is %+v", n, v)
		}
		sizes[len(v.Document)] = true
	}
	if len(sizes) < 20 {
		t.Errorf("documents have %d sizes only", len(sizes))
	}
	if got := people.id(123); got != "v-t-000123" {
		t.Errorf("id of write 123 is %s", got)
	}
}
