package agent

import (
	"sync"
	"time"
)

const (
	// stepAtLeast is by how much the wall clock has to run away from the monotonic one to have been stepped. Less is what keeps it right.
	stepAtLeast = 250 * time.Millisecond
	// datedTo is how exactly stores date.
	datedTo = time.Second
)

// clock says how long ago something was written. Stores and apps date by the wall clock; when that is stepped, by a person or by whatever keeps
// it right, what was written before would seem minutes older or younger, and would be counted as late, let go too early, or held too long. So
// both clocks are read side by side, and a date is taken by the wall clock as it ran then. Safe for concurrent use.
type clock struct {
	read func() ticks

	mu   sync.Mutex
	eras []era // the oldest first
	last time.Time
}

// ticks are both clocks at one moment.
type ticks struct {
	now  time.Time // with the monotonic clock in it
	wall time.Time
}

// era is a stretch of time in which the wall clock was not stepped.
type era struct {
	ticks               // in it
	since time.Time     // the wall clock was stepped after this; zero for the first
	step  time.Duration // by so much
}

func readClocks() ticks {
	now := time.Now()
	return ticks{now: now, wall: now.Round(0)} // without the monotonic clock
}

func newClock() *clock { return clockOf(readClocks) }

// clockOf is a clock that reads both by somebody's word.
func clockOf(read func() ticks) *clock {
	c := &clock{read: read}
	c.look()
	return c
}

// look notes whether the wall clock was stepped. It has to be called often: when a step came is known as well as that.
func (c *clock) look() {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.read()
	if n := len(c.eras); n == 0 {
		c.eras = append(c.eras, era{ticks: t})
	} else if c.eras[n-1].away(t) != 0 {
		// The clocks are read one after the other, and a process may stand still in between: only what both readings say is a step.
		t = c.read()
		if step := c.eras[n-1].away(t); step != 0 {
			c.eras = append(c.eras, era{ticks: t, since: c.last, step: step})
		}
	}
	c.last = t.now
}

// away is by how much the wall clock was stepped between the era and a reading.
func (e era) away(t ticks) time.Duration {
	if by := t.wall.Sub(e.wall) - t.now.Sub(e.now); by.Abs() >= stepAtLeast {
		return by
	}
	return 0
}

// dated is a time of the wall clock, when something was written, with the monotonic clock in it. Where the wall clock showed that time twice, it
// is the later one.
func (c *clock) dated(at time.Time) time.Time {
	if at.IsZero() {
		return at
	}
	c.look()
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := len(c.eras) - 1; i >= 0; i-- {
		e := c.eras[i]
		if t := e.date(at); !t.After(c.last) && (i == 0 || !t.Add(datedTo).Before(e.since)) {
			return t
		}
	}
	return c.eras[len(c.eras)-1].date(at) // by a clock that is ahead
}

func (e era) date(at time.Time) time.Time { return e.now.Add(at.Sub(e.wall)) }

// steps are by how much the wall clock was stepped, time and again, but for the first n.
func (c *clock) steps(n int) []time.Duration {
	c.look()
	c.mu.Lock()
	defer c.mu.Unlock()
	var by []time.Duration
	for _, e := range c.eras[n+1:] {
		by = append(by, e.step)
	}
	return by
}
