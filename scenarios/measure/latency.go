package measure

import (
	"math"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// WriteLatency is the latency of the writes that ended before the first fault was ordered (of all, if there was none), from due to done: what the
// chosen durability costs in good times. One that was not acknowledged took at least as long as its caller waited: it counts with that.
// Quantiles are nearest rank: the smallest latency that at least that share of the writes does not exceed. It is nil when none was acknowledged.
func WriteLatency(h history.History) *Latency {
	until := time.Duration(math.MaxInt64)
	for _, f := range h.Faults {
		if confirmed(f) {
			until = min(until, f.Effective.Lo)
		}
	}
	count, acknowledged := 0, 0
	counts := func(op *history.Op) bool { return op.Kind == history.Write && op.Retry == 0 && op.Done <= until }
	for i := range h.Ops {
		if op := &h.Ops[i]; counts(op) {
			if count++; op.Outcome == history.OK {
				acknowledged++
			}
		}
	}
	if acknowledged == 0 {
		return nil
	}
	took := make([]time.Duration, 0, count)
	for i := range h.Ops {
		if op := &h.Ops[i]; counts(op) {
			took = append(took, op.Done-op.Due)
		}
	}
	l := latencyOf(took)
	l.Unanswered = len(took) - acknowledged
	return l
}

// latencyOf is nil for no durations. It sorts them.
func latencyOf(took []time.Duration) *Latency {
	if len(took) == 0 {
		return nil
	}
	slices.Sort(took)
	at := func(quantile float64) float64 { return *ms(took[least(quantile, len(took))-1]) }
	return &Latency{Count: len(took), P50MS: at(0.5), P99MS: at(0.99), MaxMS: at(1)}
}
