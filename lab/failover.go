package lab

import (
	"context"
	"fmt"
	"time"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/observe"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/lab/wait"
)

// failoverMargin is how much longer a failover may take than all its steps together: to be told, and to be asked about.
const failoverMargin = 10 * time.Second

// Failover orders the automation of a region to take over, as a person would who has seen enough: nothing is detected
// and nobody is asked. It waits until clients are redirected, and tells said of each step, and of each that fails.
// Ordered when it is done or under way, it only waits.
func (l *Lab) Failover(ctx context.Context, region string, said func(string)) error {
	t := l.topology
	standby := t.Standby().Name
	switch {
	case t.Automation.Off:
		return fmt.Errorf("fail over to %s: the lab has no automation", region)
	case region != standby:
		return fmt.Errorf("fail over to %s: only %s can take over, where the automation is", region, standby)
	}
	tap, err := l.Addresses().Tap(topology.ServiceAutomation.Host(region))
	if err != nil {
		return err
	}
	within := time.Duration(len(api.StepNames(t)))*t.Automation.StepTimeout + t.ShiftLasts() + failoverMargin
	ctx, leave := l.Alive(ctx)
	defer leave()
	automation := automationAt(tap)
	failed := observe.NewFailures(ctx, tap)
	var at api.AutomationState
	err = wait.Until(ctx, within, "clients to be redirected", func(ctx context.Context) error {
		before := at
		ask := automation.Failover // also of one that was killed, and has forgotten that it was ordered
		if at.State == api.PhaseActing {
			ask = automation.State
		}
		switch is, err := ask(ctx); {
		case err == nil:
			at = is
			failed.Tell(ctx, said)
		case at.State == "": // it was not even told
			return wait.Stop(fmt.Errorf("order it: %w", err))
		default: // it may have been killed, and be back with the next question
			at.Detail = err.Error()
		}
		if at.State == api.PhaseDone {
			said("clients are redirected to " + region)
			return nil
		}
		if at.Step != before.Step && at.Step != "" {
			said("step " + at.Step)
		}
		return underWay(at)
	})
	if err != nil {
		return fmt.Errorf("fail over to %s: %w", region, err)
	}
	return nil
}

// underWay is what the automation is doing while something else is waited for.
func underWay(at api.AutomationState) error {
	if at.Step == "" {
		return fmt.Errorf("the automation is %s (%s)", at.State, at.Detail)
	}
	return fmt.Errorf("the automation is %s, in step %q (%s)", at.State, at.Step, at.Detail)
}

// automationAt is the automation at a tap, each of whose answers is waited for for a while only.
func automationAt(tap string) api.Automation {
	return api.Automation{Caller: bounded{at(tap), 2 * time.Second}}
}

// bounded waits for an answer for so long.
type bounded struct {
	api.Caller
	within time.Duration
}

func (b bounded) Call(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, b.within)
	defer cancel()
	return b.Caller.Call(ctx, method, path, in, out)
}
