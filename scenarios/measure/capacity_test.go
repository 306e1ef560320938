package measure

import (
	"math"
	"strings"
	"testing"

	"github.com/regionfall/regionfall/scenarios/history"
)

// again appends repetitions of operation i, so many.
func (d *drill) again(i, times int) {
	for n := 1; n <= times; n++ {
		op := d.Ops[i]
		op.Seq, op.Retry = int64(len(d.Ops)), n
		op.Due, op.Sent, op.Done = op.Due+100*msec, op.Sent+100*msec, op.Done+100*msec
		d.Ops = append(d.Ops, op)
	}
}

// everyOther makes operations from 37 on bad, one of so many.
func everyOther(n int) func(d *drill) {
	return func(d *drill) {
		for i := 37; i < 60; i++ {
			if i%n == 0 {
				d.bad(i)
			}
		}
	}
}

// The good drill offers 10 operations a second, window 1 s; 37 is the first that the standby answers, at 4.2 s, and 59
// the last, at 6.4 s.
func TestStandbyCapacity(t *testing.T) {
	unknown := math.NaN()
	for name, c := range map[string]struct {
		edit    func(d *drill)
		verdict Verdict
		lo, hi  float64
		after   float64 // amplification
	}{
		// the first window that suffices begins with the last that was bad
		"all of the demand": {func(*drill) {}, Pass, 22.0 / 23, 1, 1},
		"two of three":      {everyOther(3), Fail, 15.0 / 22, 0.7, 1}, // seven of ten in a window at best
		"a lucky second, and then every other": {func(d *drill) {
			for i := 48; i < 60; i += 2 {
				d.bad(i)
			}
		}, Inconclusive, 16.0 / 23, 1, 1},
		"all, and too late": {func(d *drill) {
			for i := 37; i < 60; i++ {
				d.slowly(i, 300*msec)
			}
		}, Fail, 0, 0, 1},
		"nothing": {func(d *drill) { d.outage(60) }, Fail, 0, 0, 1},
		"at the second try only": {func(d *drill) {
			for i := 37; i < 60; i++ {
				d.bad(i)
				d.again(i, 1)
				d.ok(len(d.Ops)-1, standby)
			}
		}, Fail, 0, 0, (33.0 + 21.0) / 33.0}, // of 33 that were due from 3.1 to 6.3 s, 21 were tried again by then
		"home is back, and nothing else was": {func(d *drill) {
			d.outage(60)
			d.Faults[0].Healed = between(4500, 4600)
			for i := 41; i < 60; i++ {
				d.ok(i, home)
			}
		}, Fail, 0, 0, 1},
		"a fault before that took no region": {func(d *drill) {
			everyOther(2)(d)
			first := history.Fault{
				Name: "pause_replication", Target: standby, Confirmed: true,
				Effective: between(1500, 1510), Healed: between(7000, 7100),
			}
			d.Faults = append([]history.Fault{first}, d.Faults...)
		}, Fail, 11.0 / 23, 0.5, 1},
		"nobody saw a whole window": {func(d *drill) {
			d.Ops = d.Ops[:27]
			d.outage(27)
		}, Inconclusive, unknown, unknown, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			d := goodDrill()
			d.spec.StandbyCapacity = 0.9
			c.edit(d)
			got := MeasureCapacity(d.History, d.spec)
			if got == nil || got.Demand == nil || got.AmplificationBefore == nil {
				t.Fatalf("nothing was measured: %+v", got)
			}
			if got.Verdict != c.verdict || !about(got.ShareLo, c.lo) || !about(got.ShareHi, c.hi) ||
				!about(got.Demand, 10) || !about(got.AmplificationBefore, 1) {
				t.Errorf("%s, want %s at %g to %g: %s", got.Verdict, c.verdict, c.lo, c.hi,
					capacityFinding(*got).Detail)
			}
			if !about(got.AmplificationAfter, c.after) {
				t.Errorf("%v calls for each operation after the fault, want %.3f", got.AmplificationAfter, c.after)
			}
		})
	}
}

// Demand that is quantised differently before the fault and in a window must not make a service fail that answers
// everything.
func TestAllAnsweredIsAllOfTheDemand(t *testing.T) {
	d := goodDrill()
	d.spec.StandbyCapacity = 1
	for i := range d.Phases {
		if d.Phases[i].Name == history.PhaseSteady {
			d.Phases[i].At = 1990 * msec // ten and a hair intervals before the fault hold eleven operations
		}
	}
	if got := MeasureCapacity(d.History, d.spec); got.Verdict != Pass || *got.ShareHi != 1 {
		t.Errorf("everything was answered: %s, %s", got.Verdict, capacityFinding(*got).Detail)
	}
}

func TestStandbyCapacityIsOnlyJudgedWhenPromised(t *testing.T) {
	d := goodDrill()
	if got := MeasureCapacity(d.History, d.spec); got != nil {
		t.Errorf("nobody asked, and it says %+v", got)
	}
	d.spec.StandbyCapacity, d.Faults[0].Confirmed = 0.9, false
	if got := MeasureCapacity(d.History, d.spec); got != nil {
		t.Errorf("nothing happened, and it says %+v", got)
	}
}

// What is tried again is no demand, and no service to who was offered to be served.
func TestRepetitionsDoNotCountAsService(t *testing.T) {
	d := goodDrill()
	d.spec.StandbyCapacity = 0.9
	for i := 37; i < 60; i++ {
		d.bad(i)
		d.again(i, 2)
		d.ok(len(d.Ops)-1, standby)
	}
	r := Judge(d.History, d.spec)
	if r.Metrics.RecoveryTime.Verdict == Pass {
		t.Errorf("nobody was served at the first try, and the recovery time is %+v", r.Metrics.RecoveryTime)
	}
	var said string
	for _, f := range r.Findings {
		if f.ID == FindingStandbyCapacity && f.Verdict == Fail {
			said = f.Detail
		}
	}
	if !strings.Contains(said, "0 % to 0 % of the demand of 10.0/s") || !strings.Contains(said, "calls came for each") {
		t.Errorf("the finding says %q", said)
	}
}

// A milder fault came first, and the failover with it: the loss that came after moved nobody.
func TestALossAfterTheFailoverSaysNothingOfTheStandby(t *testing.T) {
	d := goodDrill()
	d.spec.StandbyCapacity = 0.9
	first := history.Fault{
		Name: "pause_replication", Target: standby, Confirmed: true, Effective: between(1500, 1510),
		Healed: between(7000, 7100),
	}
	d.Faults = append([]history.Fault{first}, d.Faults...)
	d.takeOverEarlier(1300*msec, 22)
	if got := MeasureCapacity(d.History, d.spec); got.Verdict != Inconclusive {
		t.Errorf("%s: %s", got.Verdict, capacityFinding(*got).Detail)
	}
}

func TestAFailoverBeforeTheFaultProvesNothing(t *testing.T) {
	d := goodDrill()
	d.takeOverEarlier(2300*msec, 10)
	r := Judge(d.History, d.spec)
	if r.Verdict != Inconclusive || !strings.Contains(strings.Join(r.Reasons, "; "),
		"the failover came before the fault") {
		t.Errorf("%s: %v", r.Verdict, r.Reasons)
	}
}

// about compares figures; NaN is one that is not known.
func about[T ~float64](v *T, want float64) bool {
	if math.IsNaN(want) {
		return v == nil
	}
	return v != nil && math.Abs(float64(*v)-want) < 0.01
}

// Each is worse than those before it: by its verdict, then by what was sustained at best, then to the end.
func TestTheWorseCapacity(t *testing.T) {
	of := func(v Verdict, lo, hi float64) Capacity {
		return Capacity{Verdict: v, ShareLo: new(LowShare(lo)), ShareHi: new(HighShare(hi))}
	}
	inOrder(t, []Capacity{
		of(Pass, 0.1, 0.2),
		{Verdict: Inconclusive}, // not measured
		of(Inconclusive, 0.9, 1),
		of(Inconclusive, 0.5, 1),
		of(Inconclusive, 0.8, 0.8),
		of(Fail, 1, 1),
	}, Capacity.worse)
}

// What takes no region away, and moves nobody, is judged by who serves after it, also where that one took over before.
func TestAPartitionAfterTheFailoverIsJudged(t *testing.T) {
	d := goodDrill()
	d.spec.StandbyCapacity = 0.9
	d.partition()
	d.takeOverEarlier(2300*msec, 10)
	if got := MeasureCapacity(d.History, d.spec); got.Verdict != Pass {
		t.Errorf("%s: %s", got.Verdict, capacityFinding(*got).Detail)
	}
}
