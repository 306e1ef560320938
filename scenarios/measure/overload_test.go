package measure

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// An app that does not meet the objective's own criterion before anything is broken has too much to do; one that is
// away was not steady, and one that the machine kept waiting did nothing wrong.
func TestALoadThatIsTooHighIsToldApart(t *testing.T) {
	const (
		tooHigh  = "the load was too high for the app: of "
		unsteady = "the lab was not steady"
	)
	slow := func(d *drill, from, until int, by time.Duration) {
		for i := from; i < until; i++ {
			d.slowly(i, by)
		}
	}
	turnAway := func(d *drill, from, until, every int) {
		for i := from; i < until; i += every {
			d.bad(i)
			op := &d.Ops[i]
			op.Outcome, op.Status, op.Error = history.Failed, http.StatusServiceUnavailable, "status 503: busy"
		}
	}
	unbroken := func(d *drill) { d.Faults, d.Marks = nil, nil }
	neverSteady := func(d *drill) {
		d.Phases = slices.DeleteFunc(d.Phases, func(p history.Phase) bool { return p.Name == history.PhaseSteady })
	}
	for name, c := range map[string]struct {
		edit        func(d *drill)
		want, never string
	}{
		"it is slow throughout": {
			func(d *drill) { slow(d, 0, 25, 400*msec) },
			tooHigh + "10 operations/s that were offered when nothing was broken, 100.0 % were answered ok, " +
				"p99 in 401 ms; the objective wants 99 %, p99 in at most 250 ms", unsteady,
		},
		"it becomes slow": {
			func(d *drill) { slow(d, 12, 25, 300*msec) },
			tooHigh + "10 operations/s that were offered when nothing was broken, 100.0 % were answered ok, p99 in 301 ms",
			unsteady,
		},
		"it turns one in five away": {
			func(d *drill) { turnAway(d, 6, 25, 5) },
			tooHigh + "10 operations/s that were offered when nothing was broken, 80.0 % were answered ok " +
				"(else: status 503: busy), p99 in 12 ms; the objective wants 99 %, p99 in at most 250 ms", unsteady,
		},
		"it is away": {func(d *drill) { turnAway(d, 12, 20, 1) }, unsteady, tooHigh},
		"its reads are away": {func(d *drill) {
			for i := 12; i < 20; i += 2 {
				d.Ops[i].Kind = history.Read
				d.Ops[i].Outcome, d.Ops[i].Error = history.Failed, "status 503: busy"
			}
		}, unsteady, tooHigh},
		"clients of one region are cut off": {func(d *drill) {
			d.spec.ClientsIn = []string{home, standby}
			for i := range d.Ops {
				d.Ops[i].Client = i
			}
			turnAway(d, 12, 22, 2)
		}, unsteady, tooHigh},
		"it is slow once": {func(d *drill) { slow(d, 12, 13, 400*msec) }, "", tooHigh},
		"the machine is slow": {func(d *drill) {
			slow(d, 6, 25, 400*msec)
			d.Machines = append(d.Machines, history.Machine{At: *between(0, 3000), Late: 300 * msec})
		}, "", tooHigh},
		"it never came to the fault": {func(d *drill) {
			unbroken(d)
			neverSteady(d)
			slow(d, 0, 60, 400*msec)
		}, tooHigh + "9.83 operations/s", ""},
		"it was slow to warm up, and another thing is why there was no steady state": {func(d *drill) {
			unbroken(d)
			neverSteady(d)
			d.outage(25)
			turnAway(d, 1, 6, 4)
		}, "no fault was injected", tooHigh},
		"its reads do not find what is not copied yet": {func(d *drill) {
			unbroken(d)
			neverSteady(d)
			d.outage(25)
			for i := 0; i < len(d.Ops); i += 4 {
				op := &d.Ops[i]
				op.Kind, op.Outcome, op.Status, op.Error = history.Read, history.Failed, http.StatusGone, history.Absent
			}
		}, "no fault was injected", tooHigh},
		"it never answered": {func(d *drill) {
			unbroken(d)
			neverSteady(d)
			turnAway(d, 0, 60, 1)
		}, "no fault was injected", tooHigh},
	} {
		d := goodDrill()
		d.spec.MinAcked = 10
		c.edit(d)
		r := Judge(d.History, d.spec)
		said := strings.Join(r.Reasons, "; ")
		if c.want != "" && (r.Verdict != Inconclusive || !strings.Contains(said, c.want)) ||
			c.never != "" && strings.Contains(said, c.never) {
			t.Errorf("%s: %s: %s", name, r.Verdict, said)
		}
		if strings.HasPrefix(c.want, tooHigh) && !strings.HasPrefix(r.Reasons[0], c.want) {
			t.Errorf("%s: it is not the first thing said: %q", name, r.Reasons)
		}
	}
}

func TestOperationsThatMissTheCriterionAreTold(t *testing.T) {
	failed := func(op *history.Op, why string) { op.Outcome, op.Error = history.Failed, why }
	for name, c := range map[string]struct {
		edit func(i int, op *history.Op)
		want string
	}{
		"all are ok":      {func(int, *history.Op) {}, ""},
		"a single one is": {func(i int, op *history.Op) { op.Outcome = map[bool]history.Outcome{true: 1}[i != 9] }, ""},
		"some were not sent": {func(i int, op *history.Op) {
			if i < 10 {
				op.Attempts = 0
				failed(op, "not sent")
			}
		}, "90 of 100 operations are ok (not sent)"},
		"some are late": {func(i int, op *history.Op) {
			if i < 10 {
				op.Done += time.Second
			}
		}, "10 of 100 operations took longer than 250ms"},
		"reads do not find it": {func(i int, op *history.Op) {
			if i%50 == 0 {
				op.Kind = history.Read
				failed(op, history.Absent)
			}
		}, "98 of 100 operations are ok (acknowledged write is absent)"},
		"those of one region": {func(i int, op *history.Op) {
			if i > 97 {
				op.Client = 1
				failed(op, "no answer")
			}
		}, "0 of 2 operations of clients in us-west-2 are ok (no answer)"},
		"they ended before": {func(i int, op *history.Op) {
			if i < 10 {
				op.Done = 0
				failed(op, "no answer")
			}
		}, ""},
	} {
		promised := RecoveryTimeObjective{Success: 0.985, Quantile: 0.99, Latency: 250 * msec}
		if name == "those of one region" {
			promised.Success = 0.98 // of all, just enough
		}
		var h history.History
		for i := range 100 {
			at := time.Duration(1+i) * 10 * msec
			op := history.Op{
				Kind: history.Write, Due: at, Sent: at, Done: at + msec, Outcome: history.OK, Attempts: 1,
			}
			c.edit(i, &op)
			h.Ops = append(h.Ops, op)
		}
		_, got := Unmet(h, Spec{RecoveryTime: &promised, ClientsIn: []string{home, standby}}, msec)
		if got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
