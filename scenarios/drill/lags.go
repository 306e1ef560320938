package drill

import (
	"context"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

const (
	// lagEvery is how often the lab is asked how far replication is behind: each time it is a question to one agent a
	// region.
	lagEvery = 400 * time.Millisecond
	// lagWithin bounds one answer. A machine that takes longer for it is asked again.
	lagWithin = 2 * time.Second
	// lagDrop is how much a lag has to fall to be recorded again. One that grows always is.
	lagDrop = 500 * time.Millisecond
)

// lags records how far stores are behind, when that is worth it.
type lags struct {
	recorded map[lagKey]*time.Duration
	highest  map[lagKey]time.Duration
}

// lagKey is a store, and the way it is copied.
type lagKey struct{ store, from, to string }

// recordIdleLags records once how far replication is behind without a load.
func (d *drill) recordIdleLags(ctx context.Context) {
	if d.tracksLags() {
		d.recordLags(ctx, newLags())
	}
}

// followLags records how far replication is behind while nothing is broken, until it is stopped, which may be done
// again.
func (d *drill) followLags(ctx context.Context) (stop func()) {
	if !d.tracksLags() {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(lagEvery)
		defer tick.Stop()
		seen := newLags()
		for {
			d.recordLags(ctx, seen)
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	return func() { cancel(); <-done }
}

// tracksLags reports whether any store is copied, and so can lag.
func (d *drill) tracksLags() bool { return len(d.plan.Judge.Replicated) > 0 }

func (d *drill) recordLags(ctx context.Context, seen lags) {
	within, cancel := context.WithTimeout(ctx, lagWithin)
	defer cancel()
	at := history.Interval{Lo: d.rec.Now()}
	all := d.lab.Lags(within)
	at.Hi = d.rec.Now()
	for _, l := range all {
		if ctx.Err() == nil && seen.worthRecording(l) { // an answer that came after the end is not recorded
			l.At = at
			d.rec.Lag(l)
		}
	}
}

func newLags() lags {
	return lags{recorded: map[lagKey]*time.Duration{}, highest: map[lagKey]time.Duration{}}
}

// worthRecording reports whether a lag is to be recorded: the first, the worst so far, and one that is much less than
// the last recorded.
func (s lags) worthRecording(l history.LagSight) bool {
	key := lagKey{l.Store, l.From, l.To}
	last, known := s.recorded[key]
	switch {
	case !known, (last == nil) != (l.Behind == nil):
	case l.Behind == nil:
		return false
	case *l.Behind > s.highest[key]:
	case *last-*l.Behind >= lagDrop:
	default:
		return false
	}
	s.recorded[key] = l.Behind
	if l.Behind != nil {
		s.highest[key] = max(s.highest[key], *l.Behind)
	}
	return true
}
