package fault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// Flapping cuts links and opens them again, over and over. On and Off are physical: a timescale does not divide them.
type Flapping struct {
	Links `yaml:",inline"`
	On    time.Duration `yaml:"on" about:"The time for which the links are open."`
	Off   time.Duration `yaml:"off" about:"The time for which the links are cut."`
}

// Kind is flapping.
func (*Flapping) Kind() string { return "flapping" }

// Takes is until each of the times was seen twice.
func (f *Flapping) Takes(topology.Topology) Time { return Time{Seen: 2 * (f.On + f.Off)} }

// Validate asks for links and times that can be told apart.
func (f *Flapping) Validate(t topology.Topology) error {
	const lowest, highest = 300 * time.Millisecond, time.Minute
	return errors.Join(f.validate(t), wholeMS("on", f.On, lowest, highest), wholeMS("off", f.Off, lowest, highest))
}

// For makes the fault ready.
func (f *Flapping) For(l Lab) (Fault, error) {
	links, err := f.links(l)
	if err != nil {
		return nil, err
	}
	return &flapping{links: broken{
		linkHold: linkHold{links: links, state: LinkState{Cut: true}},
		check:    lacksRoundTrip,
	}, on: f.On, off: f.Off}, nil
}

// flapping is driven by the process that injected it: when that is gone, the links stay as they were then until
// somebody heals them.
type flapping struct {
	links   broken
	on, off time.Duration

	mu    sync.Mutex
	stop  func() // nil until it is injected
	seen  []turn
	asked time.Duration // when the witness asked for the last time
	err   error         // of the driver
}

// turn is when the witness saw the link become otherwise: after it asked for the last time and found it as before,
// and before it asked and found it so.
type turn struct {
	Window
	carries bool
}

// Driven says that the fault is in force only while somebody drives it.
func (*flapping) Driven() {}

// Slow is how long the times take to be seen twice.
func (f *flapping) Slow() time.Duration { return 3 * (f.on + f.off) }

// Vouched is that the hub has cut the links for the first time.
func (*flapping) Vouched() bool { return true }

// Inject cuts the links and sets them flapping, and a witness watching.
func (f *flapping) Inject(ctx context.Context) error {
	began := time.Now()
	going, cancel := context.WithCancel(context.WithoutCancel(ctx)) // it goes on when the injection is done
	var both sync.WaitGroup
	both.Go(func() { f.witness(going) })
	stop := sync.OnceFunc(func() { cancel(); both.Wait() })
	f.mu.Lock()
	f.stop = stop
	f.mu.Unlock()
	if err := f.links.Inject(ctx); err != nil {
		stop()
		return err
	}
	both.Go(func() { f.drive(going, began) })
	return nil
}

// drive follows a schedule from the first cut on, so that what a change takes does not add up.
func (f *flapping) drive(ctx context.Context, began time.Time) {
	next := began.Add(f.off)
	for cut := false; ; cut = !cut {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(next)):
		}
		change, lasts := f.links.Inject, f.off
		if !cut {
			change, lasts = f.links.Heal, f.on
		}
		if err := change(ctx); err != nil && ctx.Err() == nil {
			f.mu.Lock()
			f.err = err
			f.mu.Unlock()
			return
		}
		next = next.Add(lasts)
	}
}

// Baseline finds out which links carry.
func (f *flapping) Baseline(ctx context.Context) (bool, string, error) { return f.links.Baseline(ctx) }

// InForce reads what the witness has seen.
func (f *flapping) InForce(ctx context.Context) (bool, string, error) {
	f.mu.Lock()
	if f.stop == nil { // the guard looks from before Inject on
		f.mu.Unlock()
		return f.links.InForce(ctx)
	}
	defer f.mu.Unlock()
	// A link that is on for too long does not flap any more, whoever failed to drive it. As long as too few turns were
	// seen, nobody can tell.
	if n := len(f.seen); n > 0 && f.seen[n-1].carries && f.asked-f.seen[n-1].Hi > 2*f.on {
		return false, fmt.Sprintf("on for %s already (asked: %s)", (f.asked - f.seen[n-1].Hi).Round(time.Millisecond),
			f.on), nil
	}
	if f.err != nil {
		return false, "", f.err
	}
	var on, off []Window
	for i := 1; i < len(f.seen); i++ {
		from, to := f.seen[i-1], f.seen[i]
		took := Window{Lo: to.Lo - from.Hi, Hi: to.Hi - from.Lo}
		if from.carries {
			on = append(on, took)
		} else {
			off = append(off, took)
		}
	}
	if len(on) < 2 || len(off) < 2 {
		return false, "", fmt.Errorf("seen on %d and off %d times", len(on), len(off))
	}
	on, off = on[len(on)-2:], off[len(off)-2:]
	observed := fmt.Sprintf("on for %s (asked: %s), off for %s (asked: %s)", rounded(on), f.on, rounded(off), f.off)
	if lasted(on, f.on) && lasted(off, f.off) {
		return true, observed, nil
	}
	return false, "", errors.New(observed)
}

// Lapsed is also that nobody drives it any more: the links stay as they were then, and what stays does not flap.
func (f *flapping) Lapsed(ctx context.Context) (bool, error) {
	if f.stoppedDriving() {
		return true, nil
	}
	in, _, err := f.InForce(ctx)
	return err == nil && !in, err
}

func (f *flapping) stoppedDriving() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err != nil
}

// lasted says whether all may have lasted what was asked, give or take the tolerance, and are known well enough to
// say so.
func lasted(all []Window, asked time.Duration) bool {
	slack := time.Duration(float64(asked) * tolerance)
	return !slices.ContainsFunc(all, func(w Window) bool {
		return w.Hi < asked-slack || w.Lo > asked+slack || w.Hi-w.Lo > asked/2
	})
}

func rounded(all []Window) string {
	text := make([]string, len(all))
	for i, w := range all {
		text[i] = fmt.Sprintf("%s to %s", w.Lo.Round(time.Millisecond), w.Hi.Round(time.Millisecond))
	}
	return strings.Join(text, ", ")
}

// witness makes round trips one after another, and notes each change.
func (f *flapping) witness(ctx context.Context) {
	link := witnessFirst(f.links.alive)[0]
	start := time.Now()
	carried, before := true, time.Duration(0)
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		asked := time.Since(start)
		a, err := link.Ask(ctx, probe.Question{Way: probe.RoundTrip})
		if err == nil && ctx.Err() == nil {
			f.mu.Lock()
			if carries := a.Symptom == probe.Fine; carries != carried {
				carried = carries
				f.seen = append(f.seen, turn{Window: Window{Lo: before, Hi: time.Since(start)}, carries: carries})
			}
			before, f.asked = asked, asked
			f.mu.Unlock()
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Heal ends the flapping and lets the links go.
func (f *flapping) Heal(ctx context.Context) error {
	if f.stop != nil {
		f.stop()
	}
	return f.links.Heal(ctx)
}

// Gone asks whether the links carry.
func (f *flapping) Gone(ctx context.Context) (bool, string, error) { return f.links.Gone(ctx) }
