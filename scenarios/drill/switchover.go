package drill

import (
	"context"
	"errors"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// switchOver has a region take over and records when that was ordered and when it was done. That the system did not do
// it is recorded too, and for the verdict to say.
func (d *drill) switchOver(ctx context.Context, region string, now time.Duration) error {
	f := history.Fault{
		Name: history.Switchover, Target: region, Command: now, Effective: &history.Interval{Lo: now, Hi: now},
		Confirmed: true, By: "the order",
	}
	d.lastFault = now
	d.rec.Fault(f)
	d.sayFault("switch over to %s", region)
	err := d.lab.Switchover(ctx, region, func(step string) { d.say("switchover to %s: %s", region, step) })
	switch {
	case errors.Is(err, ErrNotSwitched):
		f.By = err.Error()
		d.rec.Fault(f)
		d.sayFault("%v", err)
		return nil
	case err != nil:
		return err
	}
	f.Healed = &history.Interval{Lo: now, Hi: d.rec.Now()}
	f.By = "the automation says that it is done"
	d.rec.Fault(f)
	d.sayFault("%s serves, and the other region follows it", region)
	return nil
}
