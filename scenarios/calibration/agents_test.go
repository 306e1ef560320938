package calibration

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// clockSkew is how an agent's clock differs from the drill's.
type clockSkew struct {
	offset time.Duration
	rate   float64
}

func drawSkew(r *rand.Rand) clockSkew {
	return clockSkew{offset: some(r, -time.Hour, time.Hour), rate: 1 + between(r, -50e-6, 50e-6)}
}

func (c clockSkew) at(t time.Duration) time.Duration {
	return c.offset + time.Duration(float64(t)*c.rate)
}

// note is something an agent does at an instant.
type note struct {
	at   time.Duration
	name string
}

// followMarks asks an agent with such a clock for what it did, as the drill does, and records it.
func followMarks(ctx context.Context, rec *history.Recorder, skew clockSkew, notes []note) error {
	var clock history.ClockSync
	for tick := time.NewTicker(40 * ms); ; {
		asked := rec.Now()
		time.Sleep(rand.N(3 * ms)) //nolint:gosec // the way there
		now := rec.Now()
		time.Sleep(rand.N(3 * ms)) //nolint:gosec // and back
		if err := clock.Exchange(asked, skew.at(now), rec.Now()); err != nil {
			return fmt.Errorf("ask the agent for its clock: %w", err)
		}
		notes = slices.DeleteFunc(notes, func(n note) bool {
			if n.at <= now {
				rec.Mark(history.Mark{At: clock.Interval(skew.at(n.at)), Source: "automation." + west, Name: n.name})
			}
			return n.at <= now
		})
		select {
		case <-ctx.Done():
			tick.Stop()
			return nil
		case <-tick.C:
		}
	}
}

// followConfigs asks nodes for their configuration, as the drill does, and records what changes. Node i refers to east
// until an instant.
func followConfigs(ctx context.Context, rec *history.Recorder, until []time.Duration) error {
	said := make([]string, len(until))
	asked := make([]time.Duration, len(until))
	for tick := time.NewTicker(40 * ms); ; {
		from := rec.Now()
		for i, until := range until {
			time.Sleep(rand.N(2 * ms)) //nolint:gosec // the way there
			region := west
			if rec.Now() < until {
				region = east
			}
			time.Sleep(rand.N(2 * ms)) //nolint:gosec // and back
			before := asked[i]
			if asked[i] = from; before == 0 {
				before = from
			}
			if said[i] == region {
				continue
			}
			said[i] = region
			value := history.ConfigValue{
				Key: "postgres", Source: "region",
				ConfigEndpoint: history.ConfigEndpoint{Region: region, Address: region + ":5432"},
			}
			rec.Config(history.ConfigSight{
				At: history.Interval{Lo: before, Hi: rec.Now()}, Node: fmt.Sprintf("app-%d.%s", i+1, west),
				Service: "app", Region: west, Revision: 1,
				Values: []history.ConfigValue{value},
			})
		}
		select {
		case <-ctx.Done():
			tick.Stop()
			return nil
		case <-tick.C:
		}
	}
}

// wave is how long a write waits until it is copied, by when it was acknowledged: more and less, and never so much less
// that one overtakes another.
type wave struct {
	least, most, period, phase time.Duration
}

func drawWave(r *rand.Rand) wave {
	least := some(r, 10*ms, 150*ms)
	most := least + some(r, 0, 200*ms)
	return wave{
		least: least, most: most, period: 4*(most-least) + some(r, 100*ms, 600*ms),
		phase: some(r, 0, time.Second),
	}
}

func (w wave) wait(acked time.Duration) time.Duration {
	if w.period == 0 {
		return 0
	}
	x := float64((acked+w.phase)%w.period) / float64(w.period)
	if x > 0.5 {
		x = 1 - x
	}
	return w.least + time.Duration(2*x*float64(w.most-w.least))
}

// behind is what is said of it at a time: the longest that anything had waited that was copied of late, or waits still;
// false where nothing did.
func (w wave) behind(acked []acknowledgement, at time.Duration) (longest time.Duration, is bool) {
	for _, a := range acked {
		wait := w.wait(a.at)
		copied := a.at + wait
		switch {
		case a.at > at || copied < at-100*ms:
			continue
		case copied > at:
			wait = at - a.at
		}
		longest, is = max(longest, wait), true
	}
	return longest, is
}

// copied is the instant of which all that was acknowledged by then had been copied by another one.
func (w wave) copied(by time.Duration) time.Duration {
	lo, hi := by-w.most, by-w.least
	for hi-lo > 1 {
		if mid := lo + (hi-lo)/2; mid+w.wait(mid) <= by {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// followLags asks how far behind copies are.
func followLags(ctx context.Context, rec *history.Recorder, w wave, s *service) error {
	for tick := time.NewTicker(40 * ms); ; {
		asked := rec.Now()
		l := history.LagSight{Store: history.StoreObjects, From: east, To: west}
		if longest, is := w.behind(s.acknowledged(), rec.Now()); is {
			l.Behind = &longest
		}
		l.At = history.Interval{Lo: asked, Hi: rec.Now()}
		rec.Lag(l)
		select {
		case <-ctx.Done():
			tick.Stop()
			return nil
		case <-tick.C:
		}
	}
}

// followMachine looks whether this process gets its turns, as the drill does, so that the judge can tell when it did
// not.
func followMachine(ctx context.Context, rec *history.Recorder) error {
	const every, standstill, stretch = 10 * ms, 100 * ms, 250 * ms
	from, last, worst := rec.Now(), rec.Now(), time.Duration(0)
	for timer := time.NewTimer(every); ; timer.Reset(every) {
		done := false
		select {
		case <-ctx.Done():
			done = true
		case <-timer.C:
		}
		now := rec.Now()
		late := now - last - every
		if late >= standstill {
			rec.Stall(history.Interval{Lo: last, Hi: now})
		}
		worst = max(worst, late)
		if done || now-from >= stretch {
			rec.Machine(history.Machine{At: history.Interval{Lo: from, Hi: now}, Late: worst})
			from, worst = now, 0
		}
		if last = now; done {
			timer.Stop()
			return nil
		}
	}
}

// followControls asks the responder at a steady rate, as the drill does, and records how long it took.
func followControls(ctx context.Context, rec *history.Recorder, d doors) error {
	const every = 100 * ms
	var asking sync.WaitGroup
	defer asking.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for due := rec.Now(); ; due += every {
		timer.Reset(due - rec.Now())
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		asking.Go(func() {
			c := history.Control{Region: west, Due: due, Sent: rec.Now()}
			if err := d.ask(context.WithoutCancel(ctx)); err != nil {
				c.Error = err.Error()
			}
			c.Done = rec.Now()
			rec.Control(c)
		})
	}
}
