package measure

import (
	"strings"
	"testing"
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

func TestStandbyCapacity(t *testing.T) {
	for name, c := range map[string]struct {
		edit      func(d *drill)
		verdict   Verdict
		sustained float64
		after     float64 // amplification
	}{
		"all of the demand": {func(*drill) {}, Pass, 10, 1},
		"two of three, whoever is lucky": {func(d *drill) {
			for i := 37; i < 60; i++ {
				if i%3 == 0 {
					d.bad(i)
				}
			}
		}, Fail, 7, 1},
		"all, and too late": {func(d *drill) {
			for i := 37; i < 60; i++ {
				d.slowly(i, 300*msec)
			}
		}, Fail, 0, 1},
		"nothing": {func(d *drill) { d.outage(60) }, Fail, 0, 1},
		"at the second try only": {func(d *drill) {
			for i := 37; i < 59; i++ {
				d.bad(i)
				d.again(i, 1)
				last := len(d.Ops) - 1
				d.ok(last, standby)
			}
		}, Fail, 0, (33.0 + 21.0) / 33.0}, // of 33 that were due from 3.1 to 6.3 s, 21 were tried again by then
		"nobody saw a whole window": {func(d *drill) {
			d.Ops = d.Ops[:27]
			d.outage(27)
		}, Inconclusive, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := goodDrill()
			d.spec.StandbyCapacity = 0.9
			c.edit(d)
			got := MeasureCapacity(d.History, d.spec)
			if got == nil {
				t.Fatal("nothing was measured")
			}
			if got.Verdict != c.verdict || got.Sustained != c.sustained || got.Demand != 10 || got.AmplificationBefore != 1 {
				t.Errorf("got %+v, want %s at %g", got, c.verdict, c.sustained)
			}
			if diff := got.AmplificationAfter - c.after; diff > 0.01 || diff < -0.01 {
				t.Errorf("%.3f calls for each operation after the fault, want %.3f", got.AmplificationAfter, c.after)
			}
		})
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
	if !strings.Contains(said, "0.0 of 10.0 operations a second") || !strings.Contains(said, "calls came for each") {
		t.Errorf("the finding says %q", said)
	}
}
