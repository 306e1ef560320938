package runtime

import (
	"testing"
	"testing/synctest"
	"time"
)

// steppedClock is a clock whose wall clock somebody sets, by so much more than what this machine's shows.
func steppedClock(by *time.Duration) *Clock {
	return ClockOf(func() Ticks {
		t := ReadClocks()
		return Ticks{now: t.now, Wall: t.Wall.Add(*by)}
	})
}

func TestAThingIsAsOldAsItIsHoweverTheClockWasStepped(t *testing.T) {
	for _, step := range []time.Duration{5 * time.Minute, -5 * time.Minute, 0, 100 * time.Millisecond} {
		t.Run(step.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				by := 3 * time.Hour
				c := steppedClock(&by)
				wall := func() time.Time { return c.Read().Wall }
				looking := func(d time.Duration) { // as passes do
					for range d / (200 * time.Millisecond) {
						time.Sleep(200 * time.Millisecond)
						c.Look()
					}
				}
				looking(time.Minute)
				before := wall()
				looking(time.Second)
				time.Sleep(100 * time.Millisecond)
				by += step
				time.Sleep(50 * time.Millisecond)
				after := wall()
				looking(time.Second)
				for what, x := range map[string]struct {
					at   time.Time
					want time.Duration
				}{"before": {before, 2150 * time.Millisecond}, "after": {after, time.Second}} {
					slack := step.Abs()
					if slack >= stepAtLeast {
						slack = 0
					}
					if got := time.Since(c.Dated(x.at)); (got - x.want).Abs() > slack {
						t.Errorf("written %s ago, %s the step, and dated %s ago", x.want, what, got)
					}
					if got := time.Since(c.Dated(x.at.Truncate(time.Second))); got < x.want-slack ||
						got > x.want+datedTo+slack {
						t.Errorf("written %s ago, %s the step, and dated to the second %s ago", x.want, what, got)
					}
				}
				if got := c.Dated(wall().Add(time.Hour)); time.Until(got) < 59*time.Minute {
					t.Errorf("by a clock that is an hour ahead it is dated in %s", time.Until(got))
				}
				if !c.Dated(time.Time{}).IsZero() {
					t.Error("what is not dated is")
				}
			})
		})
	}
}

func TestADateKeepsWhatItSays(t *testing.T) {
	c := NewClock()
	for _, at := range []time.Time{
		time.Now().Round(0).Add(-time.Minute), time.Unix(1_700_000_000, 0),
		time.Unix(0, 7),
	} {
		if got := c.Dated(at); got.UnixNano() != at.UnixNano() {
			t.Errorf("%s became %s", at, got)
		}
	}
}

// Between the reading of one clock and of the other a process may pause.
func TestClocksThatWereReadApartAreNotStepped(t *testing.T) {
	c := NewClock()
	apart := []time.Duration{time.Second, 0, 0}
	c.Read = func() Ticks {
		t := ReadClocks()
		t.Wall = t.Wall.Add(apart[0])
		apart = apart[1:]
		return t
	}
	if steps := c.Steps(0); len(steps) > 0 {
		t.Errorf("stepped by %v", steps)
	}
}
