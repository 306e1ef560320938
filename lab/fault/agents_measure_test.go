package fault

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestOnlyWhatIsWithinTheToleranceIsInForce(t *testing.T) {
	for _, c := range []struct {
		got          float64 // of 100 asked
		rate, healed bool
		in, nobody   bool // nobody can tell
	}{
		{got: 0},
		{got: 49},
		{got: 51, nobody: true},
		{got: 89, nobody: true},
		{got: 91, in: true},
		{got: 109, in: true},
		{got: 111, nobody: true},
		{got: 89, healed: true},
		{got: 91, healed: true, in: true},
		{got: 111, healed: true, nobody: true},

		{got: 10, rate: true, nobody: true},
		{got: 91, rate: true, in: true},
		{got: 109, rate: true, in: true},
		{got: 111, rate: true, nobody: true},
		{got: 201, rate: true},
		{got: 111, rate: true, healed: true},
		{got: 10, rate: true, healed: true, nobody: true},
	} {
		in, observed, err := inForce(c.got, 100, c.rate, "what was seen")
		if c.healed {
			in, observed, err = gone(c.got, 100, c.rate, "what was seen")
			in = err == nil && !in
		}
		if in != c.in || (err != nil) != c.nobody || err == nil && observed == "" {
			t.Errorf("%+v: in force %t, %v", c, in, err)
		}
	}
}

func TestNodesAreBehindTogether(t *testing.T) {
	than := func(string) int { return 3 }
	for name, c := range map[string]struct {
		has        map[string]int
		in, nobody bool
	}{
		"all":  {has: map[string]int{"a": 2, "b": 1}, in: true},
		"none": {has: map[string]int{"a": 3, "b": 4}},
		"some": {has: map[string]int{"a": 3, "b": 2}, nobody: true},
	} {
		if in, err := behind(c.has, than); in != c.in || (err != nil) != c.nobody {
			t.Errorf("%s: %t, %v", name, in, err)
		}
	}
}

// throttledFlow is a flow of a given rate, in pieces, that has saved up some of it.
type throttledFlow struct {
	walStream
	rate, saved, piece float64
	written            int64
	since              time.Time
}

func (p *throttledFlow) flood(_ context.Context, bytes int64) (func(), error) {
	p.written, p.since = p.written+bytes, time.Now()
	return func() {}, nil
}

func (p *throttledFlow) total(context.Context) (int64, error) {
	if p.written == 0 {
		return 1000, nil // of before
	}
	arrived := p.saved + p.rate*time.Since(p.since).Seconds()
	return 1000 + min(p.written, int64(arrived/p.piece)*int64(p.piece)), nil
}

func TestRateIsThatOfTheFlow(t *testing.T) {
	const asked = 10_000
	bytes := int64(asked * floodFor.Seconds())
	for name, c := range map[string]struct {
		rate, saved, piece, low, high float64
	}{
		"a trickle":           {rate: asked, piece: 1, low: 9_900, high: 10_100},
		"in pieces":           {rate: asked, piece: 1000, low: 9_800, high: 10_200},
		"with some saved up":  {rate: asked, saved: 5_000, piece: 1000, low: 9_800, high: 10_200},
		"half as much":        {rate: asked / 2, piece: 100, low: 4_900, high: 5_100},
		"all in half a while": {rate: 8 * asked, piece: 1000, low: 70_000, high: 80_000},
		"all in three":        {rate: 1.4 * asked, piece: 1000, low: 13_500, high: 14_500},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, err := rate(t.Context(), &throttledFlow{rate: c.rate, saved: c.saved, piece: c.piece}, bytes)
				if err != nil || got < c.low || got > c.high {
					t.Errorf("measured %g, %v; it is between %g and %g", got, err, c.low, c.high)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		if got, err := rate(t.Context(), &throttledFlow{rate: 0, piece: 1}, bytes); err == nil {
			t.Errorf("nothing arrives, and %g was measured", got)
		}
	})
}

// lateFlow is a flow on which what is sent arrives after a while.
type lateFlow struct {
	walStream
	takes   time.Duration
	cleaned int
}

func (l *lateFlow) send(context.Context) (sent, error) {
	at := time.Now()
	return sent{
		at: at, clean: func() { l.cleaned++ },
		arrived: func(context.Context) (bool, error) { return time.Since(at) >= l.takes, nil },
	}, nil
}

func TestArrivalsAreTimedAndCleanedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lateFlow{takes: 2 * time.Second}
		if took, ok, err := arrival(t.Context(), l, 3*time.Second); !ok || err != nil || took < 2*time.Second ||
			took > 2*time.Second+2*askEvery {
			t.Errorf("%s, %t, %v", took, ok, err)
		}
		if _, ok, err := arrival(t.Context(), l, time.Second); ok || err != nil {
			t.Errorf("it arrived before its time: %t, %v", ok, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := arrival(ctx, l, time.Minute); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("cut short, it says %v", err)
		}
		if l.cleaned != 3 {
			t.Errorf("cleaned up %d times of 3", l.cleaned)
		}
	})
}
