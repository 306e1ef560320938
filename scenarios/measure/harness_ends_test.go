package measure

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// What may never have ended has no upper end, whatever else it may have been, and says so. The harness stands still a
// few times in each history, also close to its end.
func TestAnEndThatIsDoubtedIsCensored(t *testing.T) {
	doubted := 0
	check := func(seed uint64, what string, is Interval, censored bool) {
		if is.Lo == nil || is.Hi != nil {
			return
		}
		doubted++
		if !censored {
			t.Errorf("seed %d: %s has no upper end, and is not censored", seed, what)
		}
	}
	for seed := range uint64(rounds(1000)) {
		r := rand.New(rand.NewPCG(seed, 1))
		upTo := func(ms int) time.Duration { return time.Duration(r.IntN(ms)) * msec }
		d := goodDrill()
		for range 1 + r.IntN(4) {
			at := upTo(9000)
			d.stall(at, at+20*msec+upTo(600))
		}
		end := 4500*msec + upTo(5000)
		d.Ops = slices.DeleteFunc(d.Ops, func(op history.Op) bool { return op.Due > end })
		d.spec.RecoveryTime.Within = 50*msec + upTo(3000)
		report := Judge(d.History, d.spec)
		if is := report.Metrics.RecoveryTime; is != nil {
			check(seed, "the recovery time", is.Interval, is.Censored)
		}
		for _, i := range report.Incidents {
			if i.RecoveryTime != nil {
				check(seed, "the recovery time of an incident", i.RecoveryTime.Interval, i.RecoveryTime.Censored)
			}
			for _, o := range i.Outages {
				check(seed, "an outage", o.Interval, o.Censored)
			}
		}
	}
	if doubted == 0 {
		t.Error("no end was in doubt: this proves nothing")
	}
}
