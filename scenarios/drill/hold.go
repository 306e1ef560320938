package drill

import (
	"context"
	"errors"

	"github.com/regionfall/regionfall/scenarios/history"
)

// Hold offers the load until the steady state has held, breaks nothing, and reads the stores of the home region. One
// that lacks what was acknowledged is read again for a while: it may be on its way. It is like Run in everything else.
func Hold(ctx context.Context, p Plan, l Lab, rec *history.Recorder, watch func(Event)) error {
	p.Judge.Survivor = p.Judge.Home
	return start(ctx, p, l, rec, watch, (*drill).hold)
}

func (d *drill) hold(ctx context.Context) (err error) {
	stopMarks := d.followMarks(ctx)
	defer stopMarks()
	d.stopMachine = followMachine(d.rec, d.say)
	defer d.stopMachine()
	if err := d.startLoad(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.stopLoad(ctx)) }()
	if err := d.awaitSteady(ctx); err != nil {
		return err
	}
	if err := d.stopLoad(ctx); err != nil {
		return err
	}
	d.readFor(ctx, history.BeforeReturn, d.load.Acked(), readAgainFor)
	return context.Cause(ctx) // a read that is cut short says nothing of the stores
}
