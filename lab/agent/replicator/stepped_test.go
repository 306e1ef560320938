package replicator

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/lab/agent/agenttest"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
)

func TestNothingIsLateBecauseTheClockWasStepped(t *testing.T) {
	source, from := agenttest.NewObjectStore(t, "us-east-1")
	_, to := agenttest.NewObjectStore(t, "us-west-2")
	rules := newRules()
	c := newObjectCopier(from, to, rules)
	by := -5 * time.Minute // what is written now is dated five minutes ago; then the clock is set right
	c.clock = steppedClock(&by)
	pass(t, c)
	source.WriteAt("documents/1", "us-east-1", time.Now().Add(by))
	by = 0
	if p := pass(t, c); p.copied != 1 || p.behind < 0 || p.behind > 30*time.Second {
		t.Errorf("copied at once, and %s behind: %+v", p.behind, p)
	}

	by = -5 * time.Minute
	pass(t, c)
	rules.set("me", &api.Rule{Store: api.StoreObjects, Do: api.RuleLag, Lag: 2 * time.Minute})
	source.WriteAt("documents/2", "us-east-1", time.Now().Add(by))
	by = 0
	if p := pass(t, c); p.copied != 0 || p.pending.IsZero() || time.Since(p.pending) > time.Minute ||
		time.Until(p.due) > 2*time.Minute {
		t.Errorf("to be held for two minutes: %+v", p)
	}
}

func TestARuleHoldsForItsTimeHoweverTheClockWasStepped(t *testing.T) {
	for _, step := range []time.Duration{5 * time.Minute, -5 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			var by time.Duration
			c := steppedClock(&by)
			r := newRules()
			r.set("me", &api.Rule{Store: api.StoreItems, Do: api.RuleLag, Lag: 3 * time.Second})
			stamp := c.Read().Wall
			by += step
			for range 3 {
				var h onHold
				err := r.admit(thing{store: api.StoreItems, key: "a", written: c.Dated(stamp)}, time.Now())
				if !errors.As(err, &h) || time.Until(h.until) > 3*time.Second {
					t.Errorf("the clock was stepped by %s: %v until %s", step, err, h.until)
				}
				time.Sleep(999 * time.Millisecond)
			}
			time.Sleep(3 * time.Millisecond)
			if err := r.admit(thing{store: api.StoreItems, key: "a", written: c.Dated(stamp)}, time.Now()); err != nil {
				t.Errorf("the clock was stepped by %s, and after three seconds it is held", step)
			}
		})
	}
}

// Items are read by their stamps. What is stamped after a step back, and what was under way when the clock was stepped
// on, has to be read too.
func TestNoItemIsPassedOverBecauseTheClockWasStepped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var by time.Duration
		c := &itemCopier{clock: steppedClock(&by), compared: true}
		pass := func() { // all is copied
			began := time.Now()
			c.follow(began)
			if began.Sub(c.deep) >= itemDeepEvery {
				c.deep = began
			}
			c.advance(c.clock.Read().Wall.UnixNano(), c.clock.Read().Wall, time.Time{})
		}
		passes := func(d time.Duration) {
			for range d / time.Second {
				time.Sleep(time.Second)
				pass()
			}
		}
		passes(time.Minute)
		by -= 5 * time.Minute
		written := c.clock.Read().Wall.UnixNano()
		time.Sleep(time.Second)
		c.follow(time.Now())
		if after := c.after(false); after >= written {
			t.Errorf("stepped back: written at %d, and read is after %d", written, after)
		}
		passes(time.Minute)
		if c.deeper != 0 {
			t.Errorf("a minute later a deep pass looks back further by %s", c.deeper)
		}

		underWay := c.clock.Read().Wall.UnixNano()
		time.Sleep(time.Second)
		by += 5 * time.Minute
		pass()
		if after := c.after(true); after >= underWay {
			t.Errorf("stepped on: under way since %d, and read is after %d", underWay, after)
		}
		passes(20 * time.Second)
		if after := c.after(true); after >= underWay {
			t.Errorf("stepped on, 20 s later: under way since %d, and read is after %d", underWay, after)
		}
		passes(time.Minute)
		if c.deeper != 0 {
			t.Errorf("a minute later a deep pass looks back further by %s", c.deeper)
		}
	})
}

// steppedClock is a clock whose wall clock somebody sets, by so much more than what this machine's shows.
func steppedClock(by *time.Duration) *runtime.Clock {
	return runtime.ClockOf(func() runtime.Ticks {
		t := runtime.ReadClocks()
		t.Wall = t.Wall.Add(*by)
		return t
	})
}
