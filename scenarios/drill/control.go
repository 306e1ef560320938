package drill

import (
	"context"
	"sync"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

const (
	// controlEvery is how often each region's responder is asked: enough for a 99th percentile of half a minute, and
	// little beside the load.
	controlEvery = 100 * time.Millisecond
	// controlWithin bounds one answer. A machine that takes longer for it than that keeps no promise.
	controlWithin = time.Second
)

// followControls asks the responder of every region at a steady rate until it is stopped, and records each question. It
// is open-loop, as the load is: when a question is due depends on no other, and one that is late goes out at once. What
// is under way at the end is waited for, and recorded too.
func (d *drill) followControls(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var following sync.WaitGroup
	regions, start := d.plan.Topology.Regions, d.rec.Now()
	for i, r := range regions {
		// The regions take turns: asked in step, their questions would wait for one another.
		first := start + time.Duration(i)*controlEvery/time.Duration(len(regions))
		following.Go(func() { d.followControl(ctx, r.Name, first) })
	}
	return func() { cancel(); following.Wait() }
}

func (d *drill) followControl(ctx context.Context, region string, first time.Duration) {
	var asking sync.WaitGroup
	defer asking.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for due := first; ; due += controlEvery {
		timer.Reset(due - d.rec.Now())
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			asking.Go(func() { d.askControl(context.WithoutCancel(ctx), region, due) })
		}
	}
}

func (d *drill) askControl(ctx context.Context, region string, due time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, controlWithin)
	defer cancel()
	c := history.Control{Region: region, Due: due, Sent: d.rec.Now()}
	if err := d.lab.Control(ctx, region); err != nil {
		c.Error = err.Error()
	}
	c.Done = d.rec.Now()
	d.rec.Control(c)
}
