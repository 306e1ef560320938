package measure

import (
	"testing"
	"time"
)

// The good drill is steady from 1 s on, the fault is ordered at 2.99 s, and the service is back at 4.2 s.
func TestPeriodsBeginAndEnd(t *testing.T) {
	d := goodDrill()
	periodOf := viewOf(d.History, d.spec).periods()
	for _, c := range []struct {
		due, done time.Duration
		want      period
	}{
		{1000*msec - 1, 1100 * msec, disturbed},
		{1000 * msec, 1100 * msec, beforeFaults},
		{2900 * msec, 2990 * msec, beforeFaults},
		{2900 * msec, 2990*msec + 1, disturbed},
		{4200*msec - 1, 4300 * msec, disturbed},
		{4200 * msec, 4300 * msec, afterRecovery},
	} {
		if got := periodOf(c.due, c.done); got != c.want {
			t.Errorf("from %v to %v: %v, want %v", c.due, c.done, got, c.want)
		}
	}
}

// The service is back from a cause at the end of that cause's own outage.
func TestEachCauseHasARecovery(t *testing.T) {
	d := goodDrill()
	d.failsBack()
	v := viewOf(d.History, d.spec)
	for i, want := range []time.Duration{4200 * msec, 6000 * msec} {
		if got := v.recovered(v.causes[i]); got != want {
			t.Errorf("from %s the service is back at %v, want %v", v.causes[i], got, want)
		}
	}
}
