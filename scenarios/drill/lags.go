package drill

import (
	"context"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

const (
	// lagEvery is how often the lab is asked how far replication is behind: each time it is a question to one agent a region.
	lagEvery = 400 * time.Millisecond
	// lagWithin bounds one answer. A machine that takes longer for it is asked again.
	lagWithin = 2 * time.Second
	// lessLag is by how much less a lag has to be to be recorded. Whatever is more than before is.
	lessLag = 500 * time.Millisecond
)

// lags records how far stores are behind, when that is worth it.
type lags struct {
	said map[lagOf]*time.Duration
	most map[lagOf]time.Duration
}

// lagOf is a store, and the way it is copied.
type lagOf struct{ store, from, to string }

// lookLags records once how far replication is behind without a load.
func (d *drill) lookLags(ctx context.Context) {
	if d.asksLags() {
		d.lookLagsAs(ctx, newLags())
	}
}

// followLags records how far replication is behind while nothing is broken, until it is stopped, which may be done again.
func (d *drill) followLags(ctx context.Context) (stop func()) {
	if !d.asksLags() {
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
			d.lookLagsAs(ctx, seen)
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	return func() { cancel(); <-done }
}

// asksLags says whether anything is copied that a lag would be of.
func (d *drill) asksLags() bool { return len(d.plan.Judge.Replicated) > 0 }

func (d *drill) lookLagsAs(ctx context.Context, seen lags) {
	within, cancel := context.WithTimeout(ctx, lagWithin)
	defer cancel()
	at := history.Interval{Lo: d.rec.Now()}
	all := d.lab.Lags(within)
	at.Hi = d.rec.Now()
	for _, l := range all {
		if ctx.Err() == nil && seen.news(l) { // what was asked when it was over is not recorded
			l.At = at
			d.rec.Lag(l)
		}
	}
}

func newLags() lags { return lags{said: map[lagOf]*time.Duration{}, most: map[lagOf]time.Duration{}} }

// news says whether a lag is to be recorded: the first, the worst so far, and what is much less than the last that was.
func (s lags) news(l history.LagSight) bool {
	key := lagOf{l.Store, l.From, l.To}
	last, known := s.said[key]
	switch {
	case !known, (last == nil) != (l.Behind == nil):
	case l.Behind == nil:
		return false
	case *l.Behind > s.most[key]:
	case *last-*l.Behind >= lessLag:
	default:
		return false
	}
	s.said[key] = l.Behind
	if l.Behind != nil {
		s.most[key] = max(s.most[key], *l.Behind)
	}
	return true
}
