package measure

import (
	"slices"
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
			op.Outcome = history.Failed
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
				op.Outcome, op.Status = history.Failed, 404
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
		ops[broken].Outcome, ops[broken].Status = history.Failed, 404
		s := MeasureSessions(history.History{Ops: ops}, Spec{Sessions: []string{FindingReadYourWrites}})[0]
		if s.Violations != 1 || s.Windows[0].At.Lo != ops[broken].Sent {
			t.Fatalf("operation %d did not find what its client wrote: %+v", broken, s)
		}
	})
}
