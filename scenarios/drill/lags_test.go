package drill

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// lagLab is a lab whose replicators take a moment to say how far behind they are.
type lagLab struct {
	Lab
	says func(since time.Duration) []history.LagSight
	now  func() time.Duration
}

func (l lagLab) Lags(context.Context) []history.LagSight {
	at := l.now()
	time.Sleep(10 * ms)
	return l.says(at)
}

func copied() measure.Spec { return measure.Spec{Replicated: []string{history.StoreObjects}} }

// What is worse than before is recorded, so that the worst is; what is much less shows how it went on. The rest would
// be a flood.
func TestTheWorstLagIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, err := history.NewRecorder("")
		if err != nil {
			t.Fatal(err)
		}
		behind := map[time.Duration]time.Duration{
			400: 100, 800: 90, 1200: 1500, 1600: 1499, 2000: 950, 2400: 1501,
			2800: 100,
		}
		l := lagLab{now: rec.Now, says: func(since time.Duration) []history.LagSight {
			s := history.LagSight{Store: history.StoreObjects, From: "east", To: "west"}
			if x, ok := behind[since/ms]; ok {
				s.Behind = new(x * ms)
			}
			return []history.LagSight{s, {Store: history.StoreItems, From: "east", To: "west"}}
		}}
		d := &drill{plan: Plan{Judge: copied()}, lab: l, rec: rec}
		stop := d.followLags(t.Context())
		time.Sleep(3 * time.Second)
		stop()
		stop()
		sight := func(store string, at, behind time.Duration) history.LagSight {
			s := history.LagSight{
				At: history.Interval{Lo: at * ms, Hi: (at + 10) * ms}, Store: store, From: "east",
				To: "west",
			}
			if behind > 0 {
				s.Behind = new(behind * ms)
			}
			return s
		}
		want := []history.LagSight{
			sight("objects", 0, 0), sight("items", 0, 0),
			sight("objects", 400, 100), sight("objects", 1200, 1500), sight("objects", 2000, 950),
			sight("objects", 2400, 1501),
			sight("objects", 2800, 100),
		}
		if diff := cmp.Diff(want, rec.Snapshot().Lags); diff != "" {
			t.Errorf("lags (-want +got):\n%s", diff)
		}
	})
}

func TestNobodyIsAskedForALagWhereNothingIsCopied(t *testing.T) {
	d := &drill{} // whose lab can't be asked
	d.recordIdleLags(t.Context())
	d.followLags(t.Context())()
}

// The lag is looked at before the load, and between the steady state and the fault: neither while the lab starts nor
// when it is broken.
func TestTheLagIsThatOfAWholeLab(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	asked := 0
	l.lags = func() []history.LagSight {
		asked++
		return []history.LagSight{{
			Store: history.StoreItems, From: "east", To: "west",
			Behind: new(time.Duration(asked) * ms),
		}}
	}
	p := plan(lose())
	p.Steps[0].At = time.Second
	p.Judge.Replicated = []string{history.StoreItems}
	o := run(t.Context(), t, p, l)
	if o.err != nil {
		t.Fatal(o.err)
	}
	o.want(t, measure.Pass)
	began, _ := o.PhaseAt(history.PhaseWorkload)
	steady, _ := o.PhaseAt(history.PhaseSteady)
	f := o.fault(t, "lose_region")
	before, between := 0, 0
	for _, s := range o.Lags {
		switch {
		case s.At.Hi <= began:
			before++
		case s.At.Lo >= steady && s.At.Hi <= f.Command:
			between++
		default:
			t.Errorf("load began at %s, steady at %s, broken at %s: %+v", began, steady, f.Command, s)
		}
	}
	if before != 1 || between < 2 {
		t.Errorf("looked %d times before the load and %d times under it: %+v", before, between, o.Lags)
	}
}
