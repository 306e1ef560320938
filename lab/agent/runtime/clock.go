package runtime

import (
	"sync"
	"time"
)

const (
	// stepAtLeast is by how much the wall clock has to run away from the monotonic one to have been stepped. Less is
	// what keeps it right.
	stepAtLeast = 250 * time.Millisecond
	// datedTo is how exactly stores date.
	datedTo = time.Second
)

// Clock says how long ago something was written. Stores and apps date by the wall clock; when that is stepped, by a
// person or by whatever keeps it right, what was written before would seem minutes older or younger, and would be
// counted as late, let go too early, or held too long. So both clocks are read side by side, and a date is taken by the
// wall clock as it ran then. Safe for concurrent use.
type Clock struct {
	Read func() Ticks

	mu   sync.Mutex
	eras []era // the oldest first
	last time.Time
}

// Ticks are both clocks at one moment.
type Ticks struct {
	now  time.Time // with the monotonic clock in it
	Wall time.Time
}

// era is a stretch of time in which the wall clock was not stepped.
type era struct {
	Ticks               // in it
	since time.Time     // the wall clock was stepped after this; zero for the first
	step  time.Duration // by so much
}

// ReadClocks reads both.
func ReadClocks() Ticks {
	now := time.Now()
	return Ticks{now: now, Wall: now.Round(0)} // without the monotonic clock
}

// NewClock is a clock of this machine.
func NewClock() *Clock { return ClockOf(ReadClocks) }

// ClockOf is a clock that reads both by somebody's word.
func ClockOf(read func() Ticks) *Clock {
	c := &Clock{Read: read}
	c.Look()
	return c
}

// Look notes whether the wall clock was stepped. It has to be called often: when a step happened is known as well as
// that.
func (c *Clock) Look() {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.Read()
	if n := len(c.eras); n == 0 {
		c.eras = append(c.eras, era{Ticks: t})
	} else if c.eras[n-1].away(t) != 0 {
		// The clocks are read one after the other, and a process may pause in between: only what both readings
		// say is a step.
		t = c.Read()
		if step := c.eras[n-1].away(t); step != 0 {
			c.eras = append(c.eras, era{Ticks: t, since: c.last, step: step})
		}
	}
	c.last = t.now
}

// away is by how much the wall clock was stepped between the era and a reading.
func (e era) away(t Ticks) time.Duration {
	if by := t.Wall.Sub(e.Wall) - t.now.Sub(e.now); by.Abs() >= stepAtLeast {
		return by
	}
	return 0
}

// Dated is a time of the wall clock, when something was written, with the monotonic clock in it. Where the wall clock
// showed that time twice, it is the later one.
func (c *Clock) Dated(at time.Time) time.Time {
	if at.IsZero() {
		return at
	}
	c.Look()
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

func (e era) date(at time.Time) time.Time { return e.now.Add(at.Sub(e.Wall)) }

// Steps are by how much the wall clock was stepped, time and again, but for the first n.
func (c *Clock) Steps(n int) []time.Duration {
	c.Look()
	c.mu.Lock()
	defer c.mu.Unlock()
	var by []time.Duration
	for _, e := range c.eras[n+1:] {
		by = append(by, e.step)
	}
	return by
}
