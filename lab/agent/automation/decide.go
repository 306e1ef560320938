package automation

import (
	"context"
	"errors"
	"time"

	"github.com/regionfall/regionfall/lab/agent/automation/steps"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
)

// await watches the home region until it is lost and the decision to take over is taken. The error is that of ctx.
func (a *automation) await(ctx context.Context) error {
	watching, stop := context.WithCancel(ctx)
	defer a.home.Close(ctx)
	defer stop()
	sights := runtime.Watch(watching, a.home.Look, a.check.Interval)
	var home runtime.Health
	a.enter(api.PhaseWatching, "", "")
	for s := range sights {
		if !a.observe(&home, s) || !home.Unhealthy {
			continue
		}
		// A region that was never there cannot be lost. While a lab starts, the standby may well be up before home is.
		if !a.wasThere() && !a.traces.HomeWasThere(ctx) {
			home = runtime.Health{}
			continue
		}
		if err := a.runner.complete(ctx, steps.Step{
			Name: api.StepDetect, Mark: api.MarkDetected, Run: found(s.said),
		}); err != nil {
			return err
		}
		a.enter(api.PhaseDeciding, "", s.said)
		if a.settle(watching, sights, &home) {
			return nil
		}
		a.enter(api.PhaseWatching, "", "")
	}
	return ctx.Err()
}

// observe takes one sight, and says whether it changed what is known of the home region.
func (a *automation) observe(home *runtime.Health, s sight) bool {
	var err error
	if !s.alive {
		err = errors.New(s.said)
	}
	changed := home.Observe(err, a.check.Threshold, time.Now())
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sight = &api.HomeView{Healthy: !home.Unhealthy, Said: s.said}
	a.seen = a.seen || s.alive
	return changed
}

// wasThere says whether this process has seen the home region alive.
func (a *automation) wasThere() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.seen
}

// settle waits as long as a decision takes and then asks the witness, again and again, until it agrees (true), the home
// region answers again or ctx ends (false). It goes on watching meanwhile.
func (a *automation) settle(ctx context.Context, sights <-chan sight, home *runtime.Health) bool {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	due := time.NewTimer(a.decide)
	defer due.Stop()
	opinions := make(chan error, 1) // of the one question under way
	refusals := 0
	for {
		select {
		case s, open := <-sights:
			if !open {
				return false
			}
			if a.observe(home, s) {
				a.marks.Leave(api.MarkCalledOff, s.said)
				return false
			}
		case <-due.C:
			go func() {
				defer runtime.LastWords("ask the witness")
				if a.runner.once(ctx, steps.Step{Name: api.StepDecide, Run: found("")}) == nil {
					opinions <- a.witness.SeesLoss(ctx)
				}
			}()
		case against := <-opinions:
			if against == nil {
				for range a.runner.orders.rounds(api.StepDecide) {
					a.marks.Leave(api.MarkDecided, "the witness sees the loss too")
				}
				return true
			}
			// The witness has a schedule of its own and may be a few checks behind. That is not yet a disagreement.
			refusals++
			if refusals == a.check.Threshold {
				a.marks.Leave(api.MarkHeld, runtime.OneLine(against))
				a.enter(api.PhaseHeld, "", runtime.OneLine(against))
			}
			due.Reset(a.check.Interval)
		}
	}
}

// takeOver runs the steps, after which this region serves, unless ctx ends first.
func (a *automation) takeOver(ctx context.Context, why string) {
	a.enter(api.PhaseActing, "", why)
	for _, s := range a.plan {
		if a.runner.complete(ctx, s) != nil {
			return
		}
	}
	if a.change != nil {
		a.traces.Forget(ctx) // a switchover that the loss interrupted
	}
	a.serving(a.regions[1])
}

func (a *automation) serving(region string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if region == a.regions[0] && a.serves == a.regions[1] {
		// What was done to have this region take over may have to be done again.
		a.ordered = make(chan struct{})
		a.fence.Forget()
		a.plan = a.newPlan()
	}
	a.serves = region
}

// enterStep is enter for a step, which has a phase of its own before the decision.
func (a *automation) enterStep(step, detail string) {
	p := api.PhaseActing
	switch step {
	case api.StepDetect:
		p = api.PhaseWatching
	case api.StepDecide:
		p = api.PhaseDeciding
	}
	a.enter(p, step, detail)
}

func (a *automation) enter(p api.Phase, step, detail string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.state.State != p || a.state.Step != step {
		a.since = time.Now()
	}
	a.state = api.AutomationState{State: p, Step: step, Detail: detail}
}

func (a *automation) current() api.AutomationState {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.state
	now.Home, now.Serves = a.sight, a.serves
	if a.switched != nil {
		latest := *a.switched
		now.Switchover = &latest
	}
	now.SinceMS = time.Since(a.since).Milliseconds()
	return now
}
