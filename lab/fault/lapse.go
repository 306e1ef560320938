package fault

import (
	"context"
	"time"
)

// A fault is looked at once more before it is healed. What is gone answers within the time that the probe takes when
// all is well; the probe's patience with what is still there is not waited for, so that healing is not late.
const (
	againWithin = 500 * time.Millisecond
	againTimes  = agreeing + 1 // one may fail
)

// lapsed is when the fault went away by itself: after it was last seen in force, and before it was found gone, by as
// many answers as agree on anything else. It is nil if it is still there, or if nobody can tell.
func (g *Guard) lapsed(ctx context.Context) *Window {
	ctx, cancel := context.WithTimeout(ctx, againWithin+2*agreeing*g.probeTime)
	defer cancel()
	alive, leave := g.alive(ctx)
	defer leave()
	lapsed := func(ctx context.Context) (bool, string, error) {
		in, observed, err := g.fault.InForce(ctx)
		return !in, observed, err
	}
	if l, ok := g.fault.(Lapser); ok {
		lapsed = func(ctx context.Context) (bool, string, error) {
			gone, err := l.Lapsed(ctx)
			return gone, "", err
		}
	}
	said := 0
	for range againTimes {
		gone, _, err := g.look(ctx, alive, lapsed)
		switch {
		case ended(ctx), alive.Err() != nil, err == nil && !gone:
			return nil
		case err != nil:
			continue
		}
		if said++; said == agreeing {
			return &Window{Lo: g.seen, Hi: g.now()}
		}
	}
	return nil
}
