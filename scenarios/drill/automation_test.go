package drill

import (
	"context"
	"time"
)

// What the automation of a tiny lab does, in real time.
const (
	checkEvery     = 20 * time.Millisecond
	checkThreshold = 3
	clockBehind    = 42 * time.Minute // the agent's clock, behind the drill's
)

// FollowMarks runs the failover automation and hands on its marks, placed on its own clock, until ctx ends. Each
// exchange takes a while, as one over a network does.
func (l *tinyLab) FollowMarks(ctx context.Context, now func() time.Duration, seen func(Exchange)) error {
	l.mu.Lock()
	l.now = now
	l.mu.Unlock()
	own := func() time.Duration { return now() - clockBehind }
	tell := func(notes ...Note) {
		x := Exchange{Source: "automation.west", Start: "first", Asked: now(), Now: own(), Marks: notes}
		x.Answered = now()
		seen(x)
	}
	tell() // only the clock
	failures := 0
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if l.unattended || l.answer.Load() != l.home {
			continue
		}
		if ready(ctx, address(l.doors[0].Port)) == nil {
			failures = 0
			continue
		}
		if failures++; failures < checkThreshold {
			continue
		}
		detected := Note{At: own(), Name: "detected", Detail: "east does not answer"}
		l.answer.Store(l.standby)
		at := now()
		l.mu.Lock()
		l.moved = at
		l.mu.Unlock()
		tell(detected, Note{At: at - clockBehind, Name: "redirected", Detail: "west"})
	}
}

// redirected is when clients were sent to the standby, on the drill's clock; 0 is never.
func (l *tinyLab) redirected() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.moved
}
