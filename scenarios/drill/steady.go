package drill

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

const (
	steadyShare = 0.99 // of operations that must be ok in the steady state, where no recovery time is promised
	minPerCheck = 5    // operations without which a share says nothing

	// steadyEvery is how often the lab is asked whether all is well: each time it is many questions, that a small
	// machine must answer beside its clients.
	steadyEvery = 300 * time.Millisecond
)

// awaitSteady waits until every probe has held for the declared time without a break.
func (d *drill) awaitSteady(ctx context.Context) error {
	since, last := d.rec.Now(), errors.New("nothing yet")
	began := since
	limit := began + d.plan.Steady.Within
	return d.pollEvery(ctx, steadyEvery, func() (bool, error) {
		if err := d.checkSteady(ctx, since); errors.Is(err, errTooFew) {
			last = err // the hold goes on until it can be told
		} else if errors.Is(err, ErrMovedAlready) {
			return false, fmt.Errorf("%w: no steady state: %w", ErrProvesNothing, err)
		} else if err != nil {
			since, last = d.rec.Now(), err
		} else if d.rec.Now()-since >= max(d.plan.Steady.Hold, d.minimumHold()) {
			if err := d.beginSchedule(ctx); err != nil {
				return false, err
			}
			d.steady = d.rec.Now()
			d.stepBegan = d.steady
			d.enterPhase(history.PhaseSteady)
			return true, nil
		}
		if d.rec.Now() > limit {
			return false, fmt.Errorf("%w: no steady state within %s; last seen: %w%s", ErrProvesNothing,
				d.plan.Steady.Within, last, d.overloadBehind(last, began))
		}
		return false, nil
	})
}

// ErrMovedAlready says that the service was moved to another region before anything was broken.
var ErrMovedAlready = errors.New("the failover came before the fault: the machine stands still for longer than " +
	"health checks wait; " +
	"close what else runs on it, or use a smaller timescale")

// checkSteady asks the lab, and looks at the operations that ended since a time.
func (d *drill) checkSteady(ctx context.Context, since time.Duration) error {
	if err := d.lab.Steady(ctx); err != nil {
		return err
	}
	promised := d.plan.Judge
	if promised.RecoveryTime == nil { // else the load must be borne as the objective has it, before and after
		promised.RecoveryTime = &measure.RecoveryTimeObjective{Success: steadyShare, Quantile: 1}
	}
	ended, why := measure.Unmet(d.rec.Snapshot(), promised, since)
	if why != "" {
		return loadError(why)
	}
	// What was offered just now may still be under way for as long as its timeout.
	if patience := d.minimumHold() + d.plan.Workload.Timeout; ended < minPerCheck && d.rec.Now()-since > patience {
		return loadError(fmt.Sprintf("only %d operations ended in %s", ended, patience.Round(time.Millisecond)))
	}
	if ended < minPerCheck && d.rec.Now()-since >= max(d.plan.Steady.Hold, d.minimumHold()) {
		return errTooFew
	}
	return nil
}

// loadError is a complaint about the operations of the load, rather than about the lab.
type loadError string

func (e loadError) Error() string { return string(e) }

// overloadBehind is what goes behind a complaint about the load where all of the load since a time was too high; empty:
// it was not, or the complaint has another reason.
func (d *drill) overloadBehind(complaint error, since time.Duration) string {
	var load loadError
	if !errors.As(complaint, &load) {
		return ""
	}
	why := d.overload(since)
	if why == "" {
		return ""
	}
	return "; " + why
}

// overload says that the app does not bear its load since a time; empty: it does, or nobody can tell. What may still be
// under way is left out.
func (d *drill) overload(since time.Duration) string {
	o := d.plan.Judge.RecoveryTime
	if o == nil {
		return ""
	}
	return measure.Overload(d.rec.Snapshot(), *o, since, d.rec.Now()-d.plan.Workload.Timeout)
}

// errTooFew says that nothing is wrong, and nothing is known yet.
var errTooFew = errors.New("too few operations have ended to tell")

// minimumHold is how long it takes until enough operations have fallen due for a share of them to say something.
func (d *drill) minimumHold() time.Duration {
	return time.Duration(float64(minPerCheck) / d.plan.Workload.Writes * float64(time.Second))
}
