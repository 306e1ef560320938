package drill

import (
	"context"
	"fmt"

	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
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

// restore brings versions back, counted from the last fault that was confirmed. When that began and ended is recorded:
// it is part of the recovery.
func (d *drill) restore(ctx context.Context, r Restore) error {
	var fault history.Interval
	for _, f := range d.rec.Snapshot().Faults {
		if f.Confirmed && f.Effective != nil {
			fault = *f.Effective
		}
	}
	ctx, cancel := context.WithTimeout(ctx, jobWithin)
	defer cancel()
	at := history.Interval{Lo: d.rec.Now()}
	region := d.plan.Judge.Survivor
	restored, objects, err := d.lab.RestoreVersions(ctx, region, r.Rule, d.rec.Now()-fault.Lo+r.To)
	at.Hi = d.rec.Now()
	if err != nil {
		return err
	}
	said := fmt.Sprintf("%s in %s: %d of %d objects", r.Rule, region, restored, objects)
	d.rec.Mark(history.Mark{At: at, Source: "harness", Name: measure.MarkRestored, Detail: said, Count: &restored})
	d.say("%s: %s", measure.MarkRestored, said)
	return nil
}

// recordBacklogs records what the rules have not copied, where there are any. Nobody has to know.
func (d *drill) recordBacklogs(ctx context.Context) {
	if len(d.plan.Topology.Rules()) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lagWithin)
	defer cancel()
	at := history.Interval{Lo: d.rec.Now()}
	all, err := d.lab.Backlogs(ctx, d.plan.Judge.Survivor)
	at.Hi = d.rec.Now()
	if err != nil {
		d.say("what waits to be copied is not known: %v", err)
	}
	for _, b := range all {
		b.At = at
		d.rec.Backlog(b)
	}
}
