package measure

import (
	"math"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// WriteLatency is the latency of the writes acknowledged before the first confirmed fault (of all, if there was none), from due to
// done: what the chosen durability costs in good times. Quantiles are nearest rank: the smallest latency that at least that
// share of the writes does not exceed. It is nil when there were no such writes.
func WriteLatency(h history.History) *Latency {
	until := time.Duration(math.MaxInt64)
	if incident, found := firstIncident(h, Spec{}); found {
		until = incident.f.Lo
	}
	var took []time.Duration
	for _, op := range h.Ops {
		if isAcknowledged(op) && op.Retry == 0 && op.Done <= until {
			took = append(took, op.Done-op.Due)
		}
	}
	return latencyOf(took)
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
