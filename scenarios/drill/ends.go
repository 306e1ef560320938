package drill

import (
	"context"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/scenarios/history"
)

// nextToEnd is the fault in force that is to end next; nil: none is to end by itself.
func (d *drill) nextToEnd() (next *guarded) {
	for _, f := range d.guards {
		if f.until > 0 && !f.gaveUp && f.State() == fault.Effective && (next == nil || f.until < next.until) {
			next = f
		}
	}
	return next
}

// endThoseDue ends the faults that are to have ended by now.
func (d *drill) endThoseDue(ctx context.Context) error {
	for f := d.nextToEnd(); f != nil && f.until <= d.rec.Now(); f = d.nextToEnd() {
		if err := d.endInTime(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// endAll waits for each fault that is to end by itself, and ends it.
func (d *drill) endAll(ctx context.Context) error {
	for f := d.nextToEnd(); f != nil; f = d.nextToEnd() {
		if err := d.endInTime(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// endInTime waits until a fault is to end, and heals it, as a step would.
func (d *drill) endInTime(ctx context.Context, f *guarded) error {
	if err := d.sleepUntil(ctx, f.until); err != nil {
		return err
	}
	kind, due := f.Spec.Kind(), f.until
	f.until = 0
	d.readBeforeReturn(ctx, f)
	d.begin(&dueStep{Step: history.Step{Action: "heal", Of: kind, Target: f.Spec.Target(), Waited: true, Due: due}})
	return d.heal(ctx, f)
}
