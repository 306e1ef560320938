package drill

import (
	"context"
	"reflect"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// followConfigs records what nodes say of their configuration, whenever that is something else, until it is stopped.
// Where nothing is promised of it nobody asks: the nodes have enough to do.
func (d *drill) followConfigs(ctx context.Context) (stop func()) {
	if d.plan.Judge.StaleConfig == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		said := map[string]history.ConfigSight{}
		asked := map[string]time.Duration{} // when the answer before was asked for
		for {
			from := d.rec.Now()
			for _, c := range d.lab.Configured(ctx) {
				if ctx.Err() != nil {
					return // it was cut short, and says nothing of the nodes
				}
				before, known := asked[c.Node]
				if !known {
					before = from
				}
				asked[c.Node] = from
				if known && reflect.DeepEqual(said[c.Node], c) {
					continue
				}
				said[c.Node] = c
				c.At = history.Interval{Lo: before, Hi: d.rec.Now()}
				d.rec.Config(c)
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	return func() { cancel(); <-done }
}
