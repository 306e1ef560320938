package measure

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// Latency is that of a set of operations, counted from their due time.
type Latency struct {
	Count int `json:"count"`
	// Unanswered are those of them that were not ok: they took longer, by nobody knows how much.
	Unanswered int  `json:"unanswered,omitempty"`
	P50        High `json:"p50_ms"`
	P99        High `json:"p99_ms"`
	Max        High `json:"max_ms"`
}

// WriteLatency is the latency of the writes that ended before the first fault was ordered (of all, if there was none),
// from due to done: what the chosen durability costs in good times. One that was not acknowledged took at least as long
// as its caller waited: it counts with that. Quantiles are nearest rank: the smallest latency that at least that share
// of the writes does not exceed. It is nil when none was acknowledged.
func WriteLatency(h history.History) *Latency {
	until := time.Duration(math.MaxInt64)
	for _, f := range h.Faults {
		if confirmed(f) {
			until = min(until, f.Effective.Lo, f.Command)
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
	at := func(quantile float64) High { return High(took[shareCeil(quantile, len(took))-1]) }
	return &Latency{Count: len(took), P50: at(0.5), P99: at(0.99), Max: at(1)}
}

// writeLatencies is the checker of what writes cost in good times. It is no promise, so nothing is concluded of it.
type writeLatencies struct{ noFindings }

// Measure notes the latency.
func (writeLatencies) Measure(v *view, m *Metrics) { m.WriteLatency = WriteLatency(v.History) }

// Rows show it.
func (writeLatencies) Rows(s rowSource) []Row {
	if s.Metrics.WriteLatency == nil {
		return nil
	}
	return []Row{{ID: "write_latency", Name: "write latency", Measured: s.Metrics.WriteLatency.words()}}
}

func (l Latency) words() string {
	return fmt.Sprintf("p50 %s, p99 %s, max %s", AtMost(l.P50.Duration()), AtMost(l.P99.Duration()),
		AtMost(l.Max.Duration()))
}
