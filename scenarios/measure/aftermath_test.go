package measure

import (
	"testing"
	"time"
)

// What is under way when a fault comes is lost, and was due before it. Where the harness was late that may be all of an
// outage: it is over before its cause came, and takes no time.
func TestAnOutageOfWhatWasUnderWayTakesNoTime(t *testing.T) {
	d := goodDrill()
	d.outage(25)
	d.Faults[0].Effective = between(3020, 3030)
	d.Ops[22].Due, d.Ops[22].Sent = 2780*msec, 2781*msec
	for _, i := range []int{22, 23, 24} {
		d.bad(i) // due from 2.78 to 2.9 s, and too late from 3.03 s on
	}
	report := Judge(d.History, d.spec)
	r := report.Metrics.RecoveryTime
	if r.Lo == nil || r.Hi == nil || r.Sum.Hi == nil || len(report.Outages()) != 1 || *report.Outages()[0].Hi != 0 ||
		*r.Hi != 0 || *r.Sum.Hi != 0 || r.Verdict != Pass {
		t.Errorf("%v to %v of %+v", r.Lo, r.Hi, report.Outages())
	}
}

// Each is worse than those before it: by its verdict, then by how long it surely was, then by how long it may have
// been. One of which nobody knows how long it was is worse than one that is known.
func TestTheWorseRecoveryTime(t *testing.T) {
	const s = time.Second
	all := []RecoveryTime{
		{Verdict: Pass, Interval: fromTo(9*s, 10*s)},
		{Verdict: Inconclusive, Interval: fromTo(s, 2*s)},
		{Verdict: Inconclusive, Interval: fromTo(s, 3*s)},
		{Verdict: Inconclusive, Interval: more(s)},
		{Verdict: Inconclusive, Interval: fromTo(2*s, 2*s)},
		{Verdict: Inconclusive},
		{Verdict: Fail, Interval: fromTo(0, s)},
	}
	inOrder(t, all, worse)
}

// inOrder holds a comparison to a list in which each is more than those before it.
func inOrder[T any](t *testing.T, all []T, more func(a, b T) bool) {
	t.Helper()
	for i := range all {
		for j := range i {
			if !more(all[i], all[j]) || more(all[j], all[i]) {
				t.Errorf("number %d of the list is not more than number %d", i, j)
			}
		}
	}
}
