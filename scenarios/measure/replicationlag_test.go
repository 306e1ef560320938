package measure

import (
	"testing"

	"github.com/regionfall/regionfall/scenarios/history"
)

// A lag is of a lab without a load if it was seen by the time when the load began, at 0.4 s; it is of one under load
// from the steady state at 1 s until the first fault is ordered, at 2.99 s. Both ends count.
func TestWhenALagWasSeen(t *testing.T) {
	for name, c := range map[string]struct {
		at            *history.Interval
		quiet, loaded bool
	}{
		"by the beginning of the load": {between(390, 400), true, false},
		"after it":                     {between(391, 401), false, false},
		"before the steady state":      {between(999, 1009), false, false},
		"from the steady state on":     {between(1000, 1010), false, true},
		"until the order":              {between(2980, 2990), false, true},
		"after the order":              {between(2981, 2991), false, false},
	} {
		d := goodDrill()
		d.spec.Replicated = []string{history.StoreObjects}
		d.lag(history.StoreObjects, 0, 90)
		d.Lags[0].At = *c.at
		got := MeasureReplicationLag(d.History, d.spec).Stores[0]
		if (got.Quiet != nil) != c.quiet || (got.Loaded != nil) != c.loaded {
			t.Errorf("%s: it says %+v", name, got)
		}
	}
}
