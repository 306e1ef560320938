package measure

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/regionfall/regionfall/scenarios/history"
)

// One client writes a at 0..10 ms and b at 20..30 ms. Reads of it follow, and those of somebody else.
func TestWindowsOfViolations(t *testing.T) {
	var ops []history.Op
	add := func(client int, kind history.Kind, id string, sentMS int, status int) {
		op := history.Op{
			Client: client, Kind: kind, ID: id, Sent: time.Duration(sentMS) * msec,
			Done: time.Duration(sentMS+10) * msec, Status: status, Region: "asia",
			Lag: 500 * msec, Outcome: history.OK,
		}
		if status >= 400 {
			op.Outcome, op.Error = history.Failed, errorOf(status)
		}
		ops = append(ops, op)
	}
	add(7, history.Write, "a", 0, 201)
	add(7, history.Write, "b", 20, 201)
	add(7, history.Read, "b", 25, 404)  // before it was told
	add(7, history.Read, "a", 100, 404) // violates
	add(8, history.Read, "a", 110, 404) // not its own
	add(7, history.Read, "b", 200, 404) // violates, in the same window
	add(7, history.Read, "b", 250, 503) // tells nothing
	add(7, history.Read, "a", 300, 200)
	add(7, history.Read, "a", 400, 404) // violates both
	add(7, history.Write, "c", 500, 503)
	add(7, history.Read, "c", 600, 404) // was not acknowledged
	slices.Reverse(ops)                 // whatever order they ended in
	h := history.History{Ops: ops}

	got := MeasureSessions(h, Spec{Sessions: Guarantees()})
	want := []Session{
		{
			Guarantee: FindingReadYourWrites, Sessions: 1, Judged: 4, Violations: 3, Verdict: Fail,
			Windows: []SessionWindow{
				{
					Client: 7, Region: "asia", At: Span(*between(100, 210)), Reads: 2, Age: Near(170 * msec),
					Lag: Near(500 * msec), IDs: []string{"a", "b"},
				},
				{
					Client: 7, Region: "asia", At: Span(*between(400, 410)), Reads: 1, Age: Near(390 * msec),
					Lag: Near(500 * msec), IDs: []string{"a"},
				},
			},
		},
		{
			Guarantee: FindingMonotonicReads, Sessions: 1, Judged: 1, Violations: 1, Verdict: Fail,
			Windows: []SessionWindow{{
				Client: 7, Region: "asia", At: Span(*between(400, 410)), Reads: 1,
				Age: Near(90 * msec), Lag: Near(500 * msec), IDs: []string{"a"},
			}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sessions (-want +got):\n%s", diff)
	}
}

// A store that is always asked after it has everything breaks no promise; the same history with one answer turned is
// caught.
func TestSessionsOfAnyHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ops []history.Op
		written := map[string]bool{}
		own := []int{} // reads of what the client wrote itself
		clientOf := map[string]int{}
		for i := range rapid.IntRange(1, 60).Draw(t, "operations") {
			id := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "id")
			op := history.Op{
				Kind: history.Read, ID: id, Client: rapid.IntRange(0, 2).Draw(t, "client"), Outcome: history.OK,
				Status: 200,
				Sent:   time.Duration(10*i) * msec, Done: time.Duration(10*i+5) * msec,
			}
			switch {
			case !written[id] && rapid.Bool().Draw(t, "write"):
				op.Kind, written[id], clientOf[id] = history.Write, true, op.Client
			case !written[id]:
				op.Outcome, op.Error = history.Failed, history.Absent
			case clientOf[id] == op.Client:
				own = append(own, len(ops))
			}
			ops = append(ops, op)
		}
		for _, s := range MeasureSessions(history.History{Ops: ops}, Spec{Sessions: Guarantees()}) {
			if s.Violations > 0 {
				t.Fatalf("%s is broken by a store that has everything: %+v", s.Guarantee, s.Windows)
			}
		}
		if len(own) == 0 {
			return
		}
		broken := rapid.SampledFrom(own).Draw(t, "broken")
		ops[broken].Outcome, ops[broken].Status, ops[broken].Error = history.Failed, 0, history.Absent
		s := MeasureSessions(history.History{Ops: ops}, Spec{Sessions: []string{FindingReadYourWrites}})[0]
		if s.Violations != 1 || s.Windows[0].At.Lo != ops[broken].Sent {
			t.Fatalf("operation %d did not find what its client wrote: %+v", broken, s)
		}
	})
}

// A finding says that nothing is known where nobody looked after the fault, and nothing was seen before it.
func TestFindingsOfSessionsInWords(t *testing.T) {
	broken := []SessionWindow{{Client: 7, Region: "asia", Reads: 1, IDs: []string{"a"}}}
	for name, c := range map[string]struct {
		session Session
		want    string
	}{
		"nobody read after the fault": {
			Session{Judged: 5, Sessions: 2},
			"after the fault no session read again what it had written itself: nothing is known",
		},
		"all was found": {
			Session{Judged: 5, After: 3, Sessions: 2},
			"5 reads of what the session had written itself, of 2 sessions, found it",
		},
		"something was not found before the fault": {
			Session{Judged: 5, Sessions: 2, Violations: 1, Windows: broken},
			"of 5 reads of what the session had written itself, 1 did not find it",
		},
		"something was not found after it": {
			Session{Judged: 5, After: 3, Sessions: 2, Violations: 1, Windows: broken},
			"of 5 reads of what the session had written itself, 1 did not find it",
		},
	} {
		c.session.Guarantee = FindingReadYourWrites
		if got := sessionFinding(c.session).Detail; !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: it says %q, want %q", name, got, c.want)
		}
	}
}
