package drill

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

func TestAFaultOfAKindIsHealedWhereverItIsInThePlan(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.unattended = true
	var second, ran time.Duration
	p := plan(cutEast(&cut{}), Step{At: 500 * ms, Heal: "cut"},
		Step{At: 700 * ms, Inject: []fault.Spec{&cut{kind: "cut", region: "east"}}}, Step{At: 900 * ms, Heal: "cut"},
		Step{At: 1500 * ms, Heal: "cut"})
	p.Observe = 300 * ms
	o := run(t.Context(), t, p, l)
	// the third has nothing left to heal
	if o.err == nil || !strings.Contains(o.err.Error(), "heal cut: it was not injected") {
		t.Errorf("got %v", o.err)
	}
	steady, _ := o.PhaseAt(history.PhaseSteady)
	if len(o.Faults) != 2 {
		t.Fatalf("got %+v", o.Faults)
	}
	second, ran = o.Faults[1].Healed.Lo-steady, o.Faults[1].Command-steady
	if ran < 700*ms || second < 900*ms || second > 1400*ms {
		t.Errorf("injected again after %s and healed after %s", ran, second)
	}
}

func TestAFaultThatIsLeftOutIsOnRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, err := history.NewRecorder("")
		if err != nil {
			t.Fatal(err)
		}
		d := &drill{plan: plan(Step{When: "promoted", Job: "backup"},
			Step{Inject: []fault.Spec{&cut{kind: "second", region: "west"}}}), lab: &tinyLab{}, rec: rec}
		if err := d.runSteps(t.Context()); err != nil {
			t.Fatal(err)
		}
		h := rec.Snapshot()
		if len(h.Faults) != 1 || h.Faults[0].Confirmed || !strings.Contains(h.Faults[0].By, `"promoted" never came`) {
			t.Fatalf("got %+v", h.Faults)
		}
		if why := strings.Join(measure.Judge(h, d.plan.Judge).Reasons, "\n"); !strings.Contains(why,
			"second on west was not confirmed") {
			t.Errorf("reasons: %s", why)
		}
	})
}

func TestTheLastFaultIsObserved(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := plan(lose(), Step{When: Recovered, Inject: []fault.Spec{&cut{kind: "second", region: "west"}}})
	p.Observe = 2 * time.Second
	o := run(t.Context(), t, p, l)
	if o.err != nil {
		t.Fatal(o.err)
	}
	stopped, _ := o.PhaseAt(history.PhaseStop)
	if f := o.fault(t, "second"); stopped < f.Effective.Hi+p.Observe {
		t.Errorf("in force at %s and never recovered from; the load was stopped at %s", f.Effective.Hi, stopped)
	}
}

func TestAThinLoadIsSteadyToo(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := plan(lose())
	p.Workload.Writes, p.Workload.Reads, p.Steady.Hold = 3, 0, 2*time.Second
	p.Steady.Within = 6 * time.Second
	p.Observe = 300 * ms
	if o := run(t.Context(), t, p, l); o.err != nil {
		t.Error(o.err)
	}
}

func TestAServiceThatAnswersNobodyIsNotSteady(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.unattended = true
	l.home.fall(true)
	p := plan(lose())
	p.Workload.Writes, p.Workload.Reads = 6, 0 // three a hold
	p.Steady.Hold, p.Steady.Within = 500*ms, 3*time.Second
	o := run(t.Context(), t, p, l)
	if _, steady := o.PhaseAt(history.PhaseSteady); steady || !errors.Is(o.err, ErrProvesNothing) {
		t.Errorf("got %v", o.err)
	}
}
