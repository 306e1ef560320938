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
	Where `yaml:",inline"`
	On    time.Duration `yaml:"on"`
	Off   time.Duration `yaml:"off"`
}

// Kind is flapping.
func (*Flapping) Kind() string { return "flapping" }

// Validate asks for links and times that can be told apart.
func (f *Flapping) Validate(t topology.Topology) error {
	const least, most = 300 * time.Millisecond, time.Minute
	return errors.Join(f.validate(t), wholeMS("on", f.On, least, most), wholeMS("off", f.Off, least, most))
}

// For makes the fault ready.
func (f *Flapping) For(l Lab) (Fault, error) {
	links, err := f.links(l)
	if err != nil {
		return nil, err
	}
	return &flapping{broken: broken{holding: holding{links: links, how: How{Cut: true}}, shows: trips}, on: f.On, off: f.Off}, nil
}

// flapping is driven by the process that injected it: when that is gone, the links stay as they were then until somebody heals them.
type flapping struct {
	broken
	on, off time.Duration

	stop func()
	mu   sync.Mutex
	seen []turn
	err  error // of the driver
}

// turn is when the witness saw the link become otherwise: after it asked for the last time and found it as before, and before it asked and
// found it so.
type turn struct {
	Window
	carries bool
}

// Driven says that the fault is in force only while somebody drives it.
func (*flapping) Driven() {}

// Slow is how long the times take to be seen twice.
func (f *flapping) Slow() time.Duration { return 3 * (f.on + f.off) }

// Inject sets the links flapping, and a witness watching.
func (f *flapping) Inject(ctx context.Context) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // it goes on when the injection is done
	var both sync.WaitGroup
	both.Go(func() { f.drive(ctx) })
	both.Go(func() { f.witness(ctx) })
	f.stop = sync.OnceFunc(func() { cancel(); both.Wait() })
	return nil
}

// drive follows a schedule from the start on, so that what a change takes does not add up.
func (f *flapping) drive(ctx context.Context) {
	next := time.Now()
	for cut := true; ctx.Err() == nil; cut = !cut {
		change, lasts := f.holding.Inject, f.off
		if !cut {
			change, lasts = f.release, f.on
		}
		if err := change(ctx); err != nil && ctx.Err() == nil {
			f.mu.Lock()
			f.err = err
			f.mu.Unlock()
			return
		}
		next = next.Add(lasts)
		select {
		case <-ctx.Done():
		case <-time.After(time.Until(next)):
		}
	}
}

// InForce reads what the witness has seen.
func (f *flapping) InForce(ctx context.Context) (bool, string, error) {
	if f.stop == nil || f.healed {
		return f.broken.InForce(ctx)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return false, "", f.err
	}
	var on, off []Window
	for i := 1; i < len(f.seen); i++ {
		from, to := f.seen[i-1], f.seen[i]
		lasted := Window{Lo: to.Lo - from.Hi, Hi: to.Hi - from.Lo}
		if from.carries {
			on = append(on, lasted)
		} else {
			off = append(off, lasted)
		}
	}
	if len(on) < 2 || len(off) < 2 {
		return false, fmt.Sprintf("seen on %d and off %d times", len(on), len(off)), nil
	}
	on, off = on[len(on)-2:], off[len(off)-2:]
	saw := fmt.Sprintf("on for %s (asked: %s), off for %s (asked: %s)", rounded(on), f.on, rounded(off), f.off)
	if near(on, f.on) && near(off, f.off) {
		return true, saw, nil
	}
	return false, "", errors.New(saw)
}

// near says whether all may have lasted what was asked, give or take the tolerance, and are known well enough to say so.
func near(all []Window, asked time.Duration) bool {
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
	link := witnessFirst(f.alive)[0]
	start := time.Now()
	carried, before := true, time.Duration(0)
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		asked := time.Since(start)
		a, err := link.Ask(ctx, probe.Question{Way: probe.RoundTrip})
		if err == nil && ctx.Err() == nil {
			if carries := a.Symptom == probe.Fine; carries != carried {
				carried = carries
				f.mu.Lock()
				f.seen = append(f.seen, turn{Window: Window{Lo: before, Hi: time.Since(start)}, carries: carries})
				f.mu.Unlock()
			}
			before = asked
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
	return f.broken.Heal(ctx)
}
