package drill

import (
	"context"
	"fmt"
)

// MarkSchedule is the mark of when the schedule of replication began.
const MarkSchedule = "schedule_began"

// beginSchedule has the rules of replication count from now, where there are any.
func (d *drill) beginSchedule(ctx context.Context) error {
	rules := d.plan.Topology.Rules()
	if len(rules) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, jobWithin)
	defer cancel()
	if err := d.lab.BeginSchedule(ctx); err != nil {
		return fmt.Errorf("begin the schedule of replication: %w", err)
	}
	d.note(MarkSchedule, fmt.Sprintf("%d rules", len(rules)))
	return nil
}

// replicate runs a rule.
func (d *drill) replicate(ctx context.Context, rule string) error {
	d.say("replicate %s", rule)
	ctx, cancel := context.WithTimeout(ctx, jobWithin)
	defer cancel()
	return d.lab.Replicate(ctx, rule)
}
