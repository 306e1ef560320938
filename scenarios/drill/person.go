package drill

import (
	"cmp"
	"context"
)

// The marks of what people do.
const (
	MarkOrdered      = "failover_ordered"
	MarkNotDone      = "failover_failed"
	MarkNote         = "note"
	somebody         = "somebody"
	failoverToRegion = "failover to %s: %s"
)

// person is who a step says does it.
func (s Step) person() string { return cmp.Or(s.By, somebody) }

// failOver has a person order the failover, and waits until it is done. That the automation does not do it is for the
// drill to find out, and no failure of it.
func (d *drill) failOver(ctx context.Context, s Step) error {
	d.note(MarkOrdered, s.person()+": to "+s.Failover)
	done := make(chan error, 1)
	go func() {
		done <- d.lab.Failover(ctx, s.Failover, func(step string) { d.say(failoverToRegion, s.Failover, step) })
	}()
	var failed error
	err := d.poll(ctx, func() (bool, error) {
		select {
		case failed = <-done:
			return true, nil
		default:
			return false, d.endThoseDue(ctx)
		}
	})
	if err == nil && failed != nil {
		d.note(MarkNotDone, failed.Error())
	}
	return err
}
