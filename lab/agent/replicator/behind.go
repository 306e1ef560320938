package replicator

import (
	"sync"
	"time"
)

// behindFor is how long a lane remembers how far behind it was: for longer than those who ask wait between two
// questions.
const behindFor = 2 * time.Second

// behind is how far a lane is behind by itself: not because of a rule, which is imposed on it. The zero value has
// copied nothing.
type behind struct {
	late  time.Time // since when the oldest thing waits that could not be copied
	peaks []peak    // by pass, of the last behindFor
	any   bool      // something was copied, or waits
}

// peak is the longest that anything a pass copied had waited.
type peak struct {
	at     time.Time
	waited time.Duration
}

// note takes down how a pass ended. What could not be seen again because the source failed still waits.
func (b *behind) note(now time.Time, pass copyPass, blind bool) {
	if blind {
		b.late = oldest(b.late, pass.late)
	} else {
		b.late = pass.late
	}
	if pass.copied > 0 {
		b.peaks, b.any = append(b.peaks, peak{now, pass.behind}), true
	}
}

// at is the longest that anything had waited that was copied lately, or waits now: the oldest of what is under way has
// since a time, where zero is none. It is nil before there was any such thing.
func (b *behind) at(now, underWay time.Time) *int64 {
	for len(b.peaks) > 0 && now.Sub(b.peaks[0].at) > behindFor {
		b.peaks = b.peaks[1:]
	}
	var worst time.Duration
	for _, p := range b.peaks {
		worst = max(worst, p.waited)
	}
	if waits := oldest(b.late, underWay); !waits.IsZero() {
		worst, b.any = max(worst, now.Sub(waits)), true
	}
	if !b.any {
		return nil
	}
	ms := worst.Milliseconds()
	return &ms
}

// underWay is what is being copied and is not in the target, by when it was written. A pass may take seconds, and what
// it copies waits meanwhile. Safe for concurrent use.
type underWay struct {
	mu    sync.Mutex
	next  int
	since map[int]time.Time
}

// enter notes a thing written at a time, and returns what ends that.
func (u *underWay) enter(written time.Time) (leave func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.since == nil {
		u.since = map[int]time.Time{}
	}
	n := u.next
	u.next++
	u.since[n] = latestWritten(written)
	return func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		delete(u.since, n)
	}
}

// oldest is when the oldest of them was written; zero if there is none.
func (u *underWay) oldest() (since time.Time) {
	if u == nil {
		return since
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, t := range u.since {
		since = oldest(since, t)
	}
	return since
}

// latestWritten is when a thing was written at the latest: stores date objects to the second, and cut off the rest. To
// take them for older than they are would blame the machine for what it did not do.
func latestWritten(dated time.Time) time.Time {
	if dated.Nanosecond() == 0 {
		return dated.Add(time.Second)
	}
	return dated
}
