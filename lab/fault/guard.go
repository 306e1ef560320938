package fault

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// State is where a fault is in its life.
type State int

// The states. An order that failed leaves the state Invalid, and one that was carried out and not confirmed leaves it
// Injected: from there the only way is healing.
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

// ErrUndecided says that time ran out while nobody could tell: the last look had no answer, or stood alone. It says
// nothing against the fault, as a look does that finds it otherwise.
var ErrUndecided = errors.New("nobody could tell")

// undecided is an error that is ErrUndecided too, and reads as before.
type undecided struct{ error }

func (undecided) Is(target error) bool { return target == ErrUndecided }
func (u undecided) Unwrap() error      { return u.error }

// How long a fault may take to be seen, and to be seen healed (a lost region starts its nodes again), and how often
// is asked.
const (
	baselineWithin = 30 * time.Second
	confirmWithin  = 30 * time.Second
	verifyWithin   = time.Minute
	healWithin     = 2 * time.Minute
	askEvery       = 5 * time.Millisecond
)

// Window is when something happened, as well as the probe can tell, on the guard's clock.
type Window struct{ Lo, Hi time.Duration }

// Sighting is a fault seen in force: ordered at Command, in force from a moment within Window, By what the probe saw.
type Sighting struct {
	Command time.Duration
	Window  Window
	By      string
}

// HealResult is a fault seen healed, at a moment within the window.
type HealResult struct {
	Window
	// Lapsed says that it was not in force any more when it was to be healed: it went away by itself, between when it
	// was last seen in force and when it was found gone.
	Lapsed *Window
}

// Driven says whether the fault is Driven.
func (g *Guard) Driven() bool {
	_, driven := g.fault.(Driven)
	return driven
}

// Guard runs the life of one fault: take the baseline, inject, see it in force, look again, heal, see it gone. It is
// the only caller of a Fault.
//
// What it says of when a fault turned has to be true whatever one answer of the probe is, and as narrow as it can be.
// So no answer is believed by itself, see turning; one that is long in coming because of silence counts from when the
// question was asked, see watch; and where the engine, the hub or an agent vouches for the fault when Inject returns,
// that is when it was in force, once the probe has confirmed it.
type Guard struct {
	Spec Spec
	// Ordered is told when the fault is, once its baseline is taken; nil for nobody.
	Ordered func(at time.Duration)

	mu        sync.Mutex
	fault     Fault
	keeper    Keeper // or nil
	mortal    Mortal // or nil
	now       func() time.Duration
	state     State
	prepared  bool          // its baseline is taken
	probeTime time.Duration // what the probe took at most when all was well
	seen      time.Duration // when the question was asked that last found the fault in force
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

// Prepare takes the baseline, which Inject does not take again: faults that come at one moment have all of theirs from
// before the first.
func (g *Guard) Prepare(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	alive, leave := g.alive(ctx)
	defer leave()
	return g.prepare(ctx, alive)
}

func (g *Guard) prepare(ctx, alive context.Context) error {
	if g.prepared {
		return nil
	}
	if err := g.baseline(ctx, alive); err != nil {
		return fmt.Errorf("inject %s: %w", g.Spec.Kind(), err)
	}
	g.prepared = true
	return nil
}

// Inject breaks the lab and waits until an independent probe sees it. Its error is ErrUnconfirmed when the probe
// never turned.
func (g *Guard) Inject(ctx context.Context) (Sighting, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state != Idle {
		return Sighting{}, fmt.Errorf("inject %s: it is %s", g.Spec.Kind(), g.state)
	}
	alive, leave := g.alive(ctx)
	defer leave()
	if err := g.prepare(ctx, alive); err != nil {
		return Sighting{}, err
	}
	within := confirmWithin + g.slow()
	ctx, cancel := context.WithTimeoutCause(ctx, within+verifyWithin,
		fmt.Errorf("not verified within %s", verifyWithin))
	defer cancel()
	seeing, stop := context.WithTimeoutCause(ctx, within, fmt.Errorf("not seen within %s", within))
	defer stop()

	// The probe runs from before the command, so that the moment it turns is known to one probe's length.
	turned := make(chan watched, 1)
	command := g.now()
	if g.Ordered != nil {
		g.Ordered(command)
	}
	var done atomic.Pointer[confirmation]
	w := expectation{look: g.fault.InForce, silent: true, since: command, done: &done, probeTime: g.probeTime}
	go func() { turned <- g.watch(seeing, alive, w) }()
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
	done.Store(g.confirmation())
	result := <-turned
	if result.err != nil {
		err := result.err
		if !result.dead {
			err = fmt.Errorf("%w: %w", ErrUnconfirmed, err)
		}
		return Sighting{Command: command}, fmt.Errorf("inject %s on %s: %w", g.Spec.Kind(), g.Spec.Target(), err)
	}
	if v, ok := g.fault.(Verifier); ok {
		more, err := v.Verify(ctx)
		if err != nil {
			err = fmt.Errorf("%w: %w", ErrUnconfirmed, err)
			return Sighting{Command: command}, fmt.Errorf("inject %s on %s: %w", g.Spec.Kind(), g.Spec.Target(), err)
		}
		result.observed += "; " + more
	}
	g.state, g.probeTime, g.seen = Effective, result.probeTime, result.seen
	return Sighting{Command: command, Window: result.window, By: result.observed}, nil
}

// confirmation is that the order has just been carried out.
func (g *Guard) confirmation() *confirmation {
	w := &confirmation{at: g.now()}
	if v, ok := g.fault.(Vouched); ok {
		w.vouched, w.already = true, v.Vouched()
	}
	return w
}

// Heal undoes the fault and waits until the probe sees that it is gone. Healing what was never injected, or is
// healed, does nothing. Whether the fault had lapsed is said also with an error.
func (g *Guard) Heal(ctx context.Context) (HealResult, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state == Idle || g.state == Healed {
		return HealResult{}, nil
	}
	var m HealResult
	if g.state == Effective {
		m.Lapsed = g.lapsed(ctx)
	}
	g.state = Healing
	var err error
	if m.Window, err = g.heal(ctx); err != nil {
		g.state = Invalid
		return m, err
	}
	g.state = Healed
	return m, nil
}

func (g *Guard) heal(ctx context.Context) (Window, error) {
	within := healWithin + g.slow()
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("not seen healed within %s", within))
	defer cancel()
	command := g.now()
	if err := g.fault.Heal(ctx); err != nil {
		return Window{}, fmt.Errorf("heal %s on %s: %w", g.Spec.Kind(), g.Spec.Target(), err)
	}
	alive, leave := g.alive(ctx)
	defer leave()
	var done atomic.Pointer[confirmation]
	done.Store(&confirmation{}) // nobody's: it is for the probe to say
	result := g.watch(ctx, alive, expectation{look: g.fault.Gone, since: command, done: &done})
	if result.err != nil {
		return Window{}, fmt.Errorf("heal %s on %s: %w", g.Spec.Kind(), g.Spec.Target(), result.err)
	}
	if g.keeper != nil {
		if err := g.keeper.Healed(); err != nil {
			return Window{}, fmt.Errorf("note that %s on %s is healed: %w", g.Spec.Kind(), g.Spec.Target(), err)
		}
	}
	return result.window, nil
}

func (g *Guard) slow() time.Duration {
	if s, ok := g.fault.(Slow); ok {
		return s.Slow()
	}
	return 0
}
