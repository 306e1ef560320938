package fault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// State is where a fault is in its life.
type State int

// The states. After any error the state is Invalid and only healing is allowed.
const (
	Idle State = iota
	Injected
	Effective
	Healing
	Healed
	Invalid
)

// String names the state.
func (s State) String() string {
	return [...]string{"idle", "injected", "effective", "healing", "healed", "invalid"}[s]
}

// ErrUnconfirmed says that a fault was ordered but never seen. A drill with such a fault proves nothing.
var ErrUnconfirmed = errors.New("the fault was not seen to be in force")

// How long a fault may take to be seen, and to be seen healed (a lost region starts its nodes again), and how often is asked.
const (
	beforeWithin  = 30 * time.Second
	confirmWithin = 30 * time.Second
	verifyWithin  = time.Minute
	healWithin    = 2 * time.Minute
	askEvery      = 5 * time.Millisecond
)

// Window is when something happened, as well as the probe can tell, on the guard's clock.
type Window struct{ Lo, Hi time.Duration }

// Sighting is a fault seen in force: ordered at Command, in force from a moment within Window, By what the probe saw.
type Sighting struct {
	Command time.Duration
	Window  Window
	By      string
}

// Slow is a fault that takes its time, by what was asked of it, until it is seen to be in force or healed.
type Slow interface {
	Slow() time.Duration
}

// Driven is a fault that somebody must go on driving: it can't stand by itself when the process that injected it has ended.
type Driven interface {
	Driven()
}

// Driven says whether the fault is one.
func (g *Guard) Driven() bool {
	_, driven := g.fault.(Driven)
	return driven
}

// Verifier is a fault that can say more than its probe: Verify asks, once the probe has turned, whether all of it came true.
type Verifier interface {
	Verify(ctx context.Context) (string, error)
}

// Keeper is a Lab that keeps a note of what is injected, so that it can be healed when the process that did it has died. The guard says
// when the fault begins and when it is over.
type Keeper interface {
	Injecting() error
	Healed() error
}

// Guard runs the life of one fault: probe, inject, see it, heal, see it healed. It is the only caller of Inject and Heal.
type Guard struct {
	Spec Spec

	mu     sync.Mutex
	fault  Fault
	keeper Keeper // or nil
	mortal Mortal // or nil
	now    func() time.Duration
	state  State
}

// NewGuard makes the fault ready for a lab. now is the clock the sightings are given on.
func NewGuard(spec Spec, l Lab, now func() time.Duration) (*Guard, error) {
	f, err := spec.For(l)
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", spec.Kind(), err)
	}
	g := &Guard{Spec: spec, fault: f, now: now}
	g.keeper, _ = l.(Keeper)
	g.mortal, _ = l.(Mortal)
	return g, nil
}

// Resume is a guard for a fault that another process injected, or began to. All that can be done is to heal it.
func Resume(spec Spec, l Lab, now func() time.Duration) (*Guard, error) {
	g, err := NewGuard(spec, l, now)
	if err == nil {
		g.state = Invalid
	}
	return g, err
}

// State of the fault.
func (g *Guard) State() State {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.state
}

// Inject breaks the lab and waits until an independent probe sees it. Its error is ErrUnconfirmed when the probe never turned.
func (g *Guard) Inject(ctx context.Context) (Sighting, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state != Idle {
		return Sighting{}, fmt.Errorf("inject %s: it is %s", g.Spec.Kind(), g.state)
	}
	alive, leave := g.alive(ctx)
	defer leave()
	if err := g.before(ctx, alive); err != nil {
		return Sighting{}, fmt.Errorf("inject %s: %w", g.Spec.Kind(), err)
	}
	within := confirmWithin + g.slow()
	ctx, cancel := context.WithTimeoutCause(ctx, within+verifyWithin, fmt.Errorf("not verified within %s", verifyWithin))
	defer cancel()
	seeing, stop := context.WithTimeoutCause(ctx, within, fmt.Errorf("not seen within %s", within))
	defer stop()

	// The probe runs from before the command, so that the moment it turns is known to one probe's length.
	turned := make(chan watched, 1)
	command := g.now()
	go func() { turned <- g.watch(seeing, alive, true, command) }()
	g.state = Injected
	var err error
	if g.keeper != nil {
		err = g.keeper.Injecting()
	}
	if err == nil {
		err = g.fault.Inject(seeing)
	}
	if err != nil {
		g.state = Invalid
		stop()
		<-turned
		return Sighting{Command: command}, fmt.Errorf("inject %s on %s: %w", g.Spec.Kind(), g.Spec.Target(), err)
	}
	w := <-turned
	if w.err != nil && w.dead {
		return Sighting{Command: command}, fmt.Errorf("inject %s on %s: %w", g.Spec.Kind(), g.Spec.Target(), w.err)
	}
	if w.err != nil {
		return Sighting{Command: command}, fmt.Errorf("inject %s on %s: %w: %w", g.Spec.Kind(), g.Spec.Target(), ErrUnconfirmed, w.err)
	}
	if v, ok := g.fault.(Verifier); ok {
		more, err := v.Verify(ctx)
		if err != nil {
			return Sighting{Command: command}, fmt.Errorf("inject %s on %s: %w: %w", g.Spec.Kind(), g.Spec.Target(), ErrUnconfirmed, err)
		}
		w.saw += "; " + more
	}
	g.state = Effective
	return Sighting{Command: command, Window: w.window, By: w.saw}, nil
}

// before asks the probe until it says that the fault is not in force. One that says neither, as on a busy machine, is asked again for a
// while.
func (g *Guard) before(ctx, alive context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, beforeWithin+g.slow(), fmt.Errorf("nothing certain within %s", beforeWithin+g.slow()))
	defer cancel()
	tick := time.NewTicker(20 * askEvery)
	defer tick.Stop()
	var last error
	for {
		in, saw, err := g.look(ctx, alive)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("probe before: %w; last seen: %w", context.Cause(ctx), cmp.Or(last, err, errors.New("nothing")))
		case err == nil && in:
			return fmt.Errorf("the probe sees it in force already (%s): it could not be told apart", saw)
		case err == nil:
			return nil
		case alive.Err() != nil:
			return fmt.Errorf("probe before: %w", context.Cause(alive))
		}
		last = err
		select {
		case <-ctx.Done():
			return fmt.Errorf("probe before: %w; last seen: %w", context.Cause(ctx), last)
		case <-tick.C:
		}
	}
}

// Heal mends the lab and waits until the probe sees it mended. Healing what was never injected, or is healed, does nothing.
func (g *Guard) Heal(ctx context.Context) (Window, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state == Idle || g.state == Healed {
		return Window{}, nil
	}
	g.state = Healing
	within := healWithin + g.slow()
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("not seen healed within %s", within))
	defer cancel()
	command := g.now()
	if err := g.fault.Heal(ctx); err != nil {
		g.state = Invalid
		return Window{}, fmt.Errorf("heal %s on %s: %w", g.Spec.Kind(), g.Spec.Target(), err)
	}
	alive, leave := g.alive(ctx)
	defer leave()
	w := g.watch(ctx, alive, false, command)
	if w.err != nil {
		g.state = Invalid
		return Window{}, fmt.Errorf("heal %s on %s: %w", g.Spec.Kind(), g.Spec.Target(), w.err)
	}
	if g.keeper != nil {
		if err := g.keeper.Healed(); err != nil {
			g.state = Invalid
			return Window{}, fmt.Errorf("note that %s on %s is healed: %w", g.Spec.Kind(), g.Spec.Target(), err)
		}
	}
	g.state = Healed
	return w.window, nil
}

func (g *Guard) slow() time.Duration {
	if s, ok := g.fault.(Slow); ok {
		return s.Slow()
	}
	return 0
}

type watched struct {
	window Window
	saw    string
	err    error
	dead   bool // the lab is: the probe could not be asked
}

// watch asks the probe until it answers want, or can't be asked in a lab that is not alive any more. The window runs from when the last other answer was asked for to when this one came.
func (g *Guard) watch(ctx, alive context.Context, want bool, since time.Duration) watched {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	lo := since
	var last error
	for {
		asked := g.now()
		in, saw, err := g.look(ctx, alive)
		switch {
		case ctx.Err() != nil: // a probe that was cut short fails whatever the lab is like
			return watched{err: fmt.Errorf("%w; last seen: %w", context.Cause(ctx), cmp.Or(last, err, errors.New("nothing")))}
		case err != nil && alive.Err() != nil:
			return watched{err: context.Cause(alive), dead: true}
		case err != nil:
			last = err
		case in == want:
			return watched{window: Window{Lo: lo, Hi: g.now()}, saw: saw}
		default:
			lo, last = max(lo, asked), errors.New(saw)
		}
		select {
		case <-ctx.Done():
			return watched{err: fmt.Errorf("%w; last seen: %w", context.Cause(ctx), last)}
		case <-tick.C:
		}
	}
}
