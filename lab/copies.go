package lab

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// replicatorOf is the replicator of a region, past all faults.
func (l *Lab) replicatorOf(region string) (api.Replicator, error) {
	tap, err := l.Addresses().Tap(topology.ServiceReplicator.Host(region))
	if err != nil {
		return api.Replicator{}, err
	}
	return api.Replicator{Caller: at(tap)}, nil
}

// BeginSchedule has the schedule of the rules of replication begin now, in every region.
func (l *Lab) BeginSchedule(ctx context.Context) error {
	for _, r := range l.topology.Regions {
		replicator, err := l.replicatorOf(r.Name)
		if err == nil {
			err = replicator.BeginSchedule(ctx)
		}
		if err != nil {
			return fmt.Errorf("begin the schedule of %s: %w", r.Name, err)
		}
	}
	return nil
}

// RestoreVersions brings objects of a region back, those of a rule of replication, to what they were so long ago. It
// gives how many were others, of how many there are.
func (l *Lab) RestoreVersions(
	ctx context.Context, region, rule string, ago time.Duration,
) (restored, objects int, err error) {
	is, known := l.topology.Rule(rule)
	if !known {
		return 0, 0, fmt.Errorf("restore versions: there is no rule %q", rule)
	}
	replicator, err := l.replicatorOf(region)
	if err != nil {
		return 0, 0, err
	}
	done, err := replicator.Restore(ctx, api.RestoreOrder{Prefix: is.Prefix, Ago: ago})
	if err != nil {
		return 0, 0, fmt.Errorf("restore versions of %s in %s: %w", rule, region, err)
	}
	return done.Restored, done.Objects, nil
}

// Replicate runs a rule of replication to its end, in every region but home: all that is there then, and that it
// covers, is copied.
func (l *Lab) Replicate(ctx context.Context, rule string) error {
	var errs []error
	for _, r := range l.topology.Regions[1:] {
		replicator, err := l.replicatorOf(r.Name)
		if err == nil {
			_, err = replicator.RunRule(ctx, rule)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("replicate %s to %s: %w", rule, r.Name, err))
		}
	}
	return errors.Join(errs...)
}
