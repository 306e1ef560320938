package lab

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/observe"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/lab/wait"
)

// ErrSwitchover says that a switchover was not done: it was refused, or begun and taken back. What its automation could
// not do is a matter of the system that is tested, not of the lab.
var ErrSwitchover = errors.New("the switchover was not done")

// switchSteps is how many steps a switchover has at most, taking one back included.
const switchSteps = 8

// Switchover orders a region to take over from the other one, which lives, and to have it follow: role rotation. It
// waits until that is done, and tells said of each step, and of each that fails. Ordered when the region serves
// already, or while it is taking over, it only waits. The error is ErrSwitchover if the automation says that it was not
// done.
func (l *Lab) Switchover(ctx context.Context, region string, said func(string)) error {
	t := l.topology
	if err := t.CheckSwitchover(region); err != nil {
		return err
	}
	tap, err := l.Addresses().Tap(topology.ServiceAutomation.Host(t.Standby().Name))
	if err != nil {
		return err
	}
	within := switchSteps*t.Automation.StepTimeout + failoverMargin
	ctx, leave := l.Alive(ctx)
	defer leave()
	automation := automationAt(tap)
	failed := observe.NewFailures(ctx, tap)
	var at api.AutomationState
	err = wait.Until(ctx, within, "the automation to take the order", func(ctx context.Context) error {
		at, err = automation.Switchover(ctx, region)
		if err != nil && !api.Answered(err, http.StatusServiceUnavailable) { // in a moment it may be ordered
			return wait.Stop(err)
		}
		return err
	})
	switch {
	case api.Answered(err, http.StatusConflict):
		return fmt.Errorf("%w: %w", ErrSwitchover, err)
	case err != nil:
		return fmt.Errorf("switch over to %s: order it: %w", region, err)
	}
	step := ""
	err = wait.Until(ctx, within, "the roles to be exchanged", func(ctx context.Context) error {
		if s := at.Switchover; s != nil && s.To == region && s.Done {
			if s.Failure != "" {
				return wait.Stop(fmt.Errorf("%w: %s", ErrSwitchover, s.Failure))
			}
			return nil
		}
		if at.Step != step && at.Step != "" {
			step = at.Step
			said("step " + step)
		}
		ask := automation.State
		if at.Switchover == nil { // it was killed, and what came after it has nothing of it
			ask = func(ctx context.Context) (api.AutomationState, error) { return automation.Switchover(ctx, region) }
		}
		if is, err := ask(ctx); err == nil {
			at = is
			failed.Tell(ctx, said)
		} else {
			at.Detail = err.Error()
		}
		return underWay(at)
	})
	switch {
	case errors.Is(err, ErrSwitchover), err == nil:
		return err
	}
	return fmt.Errorf("switch over to %s: %w", region, err)
}
