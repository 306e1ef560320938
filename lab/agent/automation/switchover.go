package automation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/regionfall/regionfall/lab/agent/automation/steps"
	"github.com/regionfall/regionfall/lab/agent/automation/switchover"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
)

// change is a change of roles (see switchover.Switchover).
type change interface {
	Before() []steps.Step
	After() []steps.Step
	TakeBack(ctx context.Context) error
	Rejoin(ctx context.Context) (detail string, err error)
}

// followOrder does a switchover that was ordered. Of the region that serves already, as after a failover that came
// first, it only sees that the other one follows it.
func (a *automation) followOrder(ctx context.Context, to string) {
	if a.current().Serves != to {
		a.switchRoles(ctx, to)
		return
	}
	a.enter(api.PhaseActing, "", "switchover to "+to)
	a.join(ctx, a.change(to), to)
}

// switchRoles has a region take over from one that lives. Each step up to the promotion is tried once, and when one
// fails all is taken back; from there on there is only forward, unless the region that takes over is lost in the middle
// of it: that is for those who watch it.
func (a *automation) switchRoles(ctx context.Context, to string) {
	a.serving(a.other(to))
	a.switchedTo(api.SwitchoverState{To: to})
	a.enter(api.PhaseActing, "", "switchover to "+to)
	c := a.change(to)
	if err := a.prepare(ctx, c); err != nil {
		a.end(ctx, to, err.Error())
		return
	}
	going, stop := a.whileItLives(ctx, to)
	for _, s := range c.After() {
		if a.runner.complete(going, s) == nil {
			continue
		}
		stop()
		a.serving(to)
		a.end(ctx, to, to+" was lost in the middle of it")
		return
	}
	stop()
	a.serving(to)
	a.join(ctx, c, to)
}

// whileItLives is ctx until stop, or until the region is lost. This one can't see that of itself.
func (a *automation) whileItLives(ctx context.Context, region string) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	if region != a.regions[0] {
		return ctx, cancel
	}
	ended := make(chan struct{})
	go func() {
		defer runtime.LastWords("watch the region that takes over")
		defer close(ended)
		defer a.home.Close(ctx)
		var home runtime.Health
		for s := range runtime.Watch(ctx, a.home.Look, a.check.Interval) {
			if a.observe(&home, s) && home.Unhealthy {
				cancel()
			}
		}
	}()
	return ctx, func() { cancel(); <-ended }
}

// join has the region that does not serve follow the one that does, and ends the switchover.
func (a *automation) join(ctx context.Context, c change, to string) {
	follows := steps.Step{Name: api.StepFollow, Run: func(ctx context.Context) (detail string, err error) {
		err = runtime.Poll(ctx, stepRetry, func(ctx context.Context) error {
			detail, err = c.Rejoin(ctx)
			return err
		})
		return detail, err
	}}
	a.enterStep(follows.Name, "")
	detail, err := a.runner.attempt(ctx, follows)
	if err != nil {
		a.marks.Leave(api.MarkFailed, "follow: "+runtime.OneLine(err))
		a.end(ctx, to, "clients are in "+to+", and "+a.other(to)+" does not follow it: "+runtime.OneLine(err))
		return
	}
	a.marks.Leave(api.MarkFollowed, detail)
	a.marks.Leave(api.MarkSwitched, to)
	a.end(ctx, to, "")
}

// end says how a switchover ended, once the next one can be ordered.
func (a *automation) end(ctx context.Context, to, failure string) {
	if ctx.Err() != nil {
		return // the agent ends, and the next process goes on
	}
	p := api.PhaseWatching
	if a.current().Serves == a.regions[1] {
		p = api.PhaseDone
	}
	a.enter(p, "", "")
	a.switchedTo(api.SwitchoverState{To: to, Done: true, Failure: failure})
}

func (a *automation) other(region string) string {
	if region == a.regions[0] {
		return a.regions[1]
	}
	return a.regions[0]
}

// prepare does what comes before clients are sent elsewhere. The error says what became of it.
func (a *automation) prepare(ctx context.Context, c change) error {
	for i, s := range c.Before() {
		a.enterStep(s.Name, "")
		detail, err := a.runner.attempt(ctx, s)
		for ; err != nil; detail, err = a.runner.attempt(ctx, s) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			failure := s.Name + ": " + runtime.OneLine(err)
			a.marks.Leave(api.MarkFailed, failure)
			if i == 0 {
				return errors.New("nothing was begun: " + runtime.OneLine(err))
			}
			switch err := a.takeBack(ctx, c); {
			case err == nil:
				a.marks.Leave(api.MarkTakenBack, "after "+failure)
				return errors.New("taken back: " + failure)
			case !errors.Is(err, switchover.ErrPromoted):
				return fmt.Errorf("%s; and it could not be taken back: %w", failure, err)
			case runtime.Pause(ctx, stepRetry) != nil:
				return ctx.Err()
			}
		}
		if s.Mark != "" {
			a.marks.Leave(s.Mark, detail)
		}
	}
	return nil
}

// takeBack tries until it is done, since nobody serves meanwhile, or the old primary is not to be reached for as long
// as a step may take: then it is lost, which is for those who watch it to find out.
func (a *automation) takeBack(ctx context.Context, c change) error {
	for reached := time.Now(); ; {
		attempt, cancel := context.WithTimeout(ctx, a.runner.limit)
		err := c.TakeBack(attempt)
		cancel()
		switch {
		case err == nil, errors.Is(err, switchover.ErrPromoted), ctx.Err() != nil:
			return err
		case !runtime.IsUnreachable(err):
			reached = time.Now()
		case time.Since(reached) >= a.runner.limit:
			return err
		}
		a.enterStep("take_back", runtime.OneLine(err))
		if runtime.Pause(ctx, stepRetry) != nil {
			return ctx.Err()
		}
	}
}

func (a *automation) switchedTo(s api.SwitchoverState) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.switched = &s
}

var (
	errNoSwitchover = errors.New("no switchover")
	errBusy         = errors.New("not now")
)

// switchOver orders a switchover. Ordered again while it is under way, it changes nothing. The error is errBusy if it
// can be ordered later.
func (a *automation) switchOver(to string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	under := a.switched != nil && !a.switched.Done
	switch s := a.state.State; {
	case a.change == nil:
		return fmt.Errorf("%w: the regions of this topology can't change roles", errNoSwitchover)
	case to != a.regions[0] && to != a.regions[1]:
		return fmt.Errorf("%w: %q can't take over, %s and %s can", errNoSwitchover, to, a.regions[0], a.regions[1])
	case under && a.switched.To == to:
		return nil
	case under:
		return fmt.Errorf("%w: a switchover to %s is under way", errNoSwitchover, a.switched.To)
	case a.serves == "":
		return fmt.Errorf("%w: the automation is starting", errBusy)
	case s != api.PhaseWatching && s != api.PhaseDone:
		return fmt.Errorf("%w: the automation is %s", errBusy, s)
	}
	a.switched = &api.SwitchoverState{To: to}
	a.marks.Leave(api.MarkOrdered, "switchover to "+to)
	a.wishes <- to // taken before the next one can be ordered
	return nil
}
