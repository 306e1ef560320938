// Package runner runs a scenario from its file to its evidence: images, lab, drill, verdict, folder. The command line
// and the suites both go through it.
package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/observe"
	"github.com/regionfall/regionfall/lab/wait"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/history"
)

// drillLab adapts a lab with an app in it to what a drill asks for.
type drillLab struct {
	*lab.Lab
	app  *app.App
	read func(context.Context, drill.Place) ([]string, error) // in Go; nil: nothing is
}

var _ drill.Lab = drillLab{}

// Resolver is where clients look the app up.
func (l drillLab) Resolver() string { return l.Addresses().Resolver() }

// StoreDoor is where clients reach a store that they speak to themselves.
func (l drillLab) StoreDoor(to app.Target, region string) (string, error) {
	return l.Addresses().StoreDoor(topology.Service(to), region)
}

// Steady looks once at everything that has to be true before a fault. What costs the lab most is asked last: PostgreSQL
// makes a process for each connection.
func (l drillLab) Steady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := l.checkRouting(ctx); err != nil {
		return err
	}
	if err := l.checkReplicators(ctx); err != nil {
		return err
	}
	if err := l.Observe().CheckReplication(ctx); err != nil {
		return err
	}
	return l.Observe().CheckDurability(ctx)
}

// checkRouting asks whether clients are sent where they are to be. The name service makes nobody primary again by
// itself.
func (l drillLab) checkRouting(ctx context.Context) error {
	err := l.Observe().CheckRouting(ctx)
	if err == nil {
		return nil
	}
	if r, rerr := l.Observe().Routing(ctx); rerr == nil && r.Primary != l.Topology().Home().Name {
		return fmt.Errorf("%w (to %s)", drill.ErrMovedAlready, r.Primary)
	}
	return err
}

// checkReplicators checks the replicator of each region that fetches anything.
func (l drillLab) checkReplicators(ctx context.Context) error {
	t := l.Topology()
	if t.Objects.Mode != topology.Continuous && t.Items.Mode != topology.Continuous {
		return nil
	}
	var g errgroup.Group
	for i, r := range t.Regions {
		if i == 0 && t.Strategy != topology.ActiveActive {
			continue // nothing is written elsewhere that home would have to fetch
		}
		g.Go(func() error { return l.checkCopies(ctx, r.Name, steadyLag, time.Time{}) })
	}
	return g.Wait()
}

// steadyLag is how far behind a replicator may be in the steady state, in lab time: a pass over a link, and some.
const steadyLag = 2 * time.Second

// Switchover has a region take over.
func (l drillLab) Switchover(ctx context.Context, region string, said func(step string)) error {
	err := l.Lab.Switchover(ctx, region, said)
	if errors.Is(err, lab.ErrSwitchover) {
		return fmt.Errorf("%w: %w", drill.ErrNotSwitched, err)
	}
	return err
}

// FollowMarks hands on the agents' marks.
func (l drillLab) FollowMarks(ctx context.Context, now func() time.Duration, seen func(drill.Exchange)) error {
	return l.Observe().FollowMarks(ctx, now, func(x observe.Exchange) {
		e := drill.Exchange{
			Source: x.Reply.Agent, Start: x.Reply.Start, Asked: x.Asked, Answered: x.Answered, Now: x.Reply.Now,
		}
		for _, m := range x.Reply.Marks {
			e.Marks = append(e.Marks, drill.Note{At: m.At, Name: m.Name, Detail: m.Detail})
		}
		seen(e)
	})
}

// Configured is what the app's nodes say of their configuration.
func (l drillLab) Configured(ctx context.Context) []history.ConfigSight {
	var all []history.ConfigSight
	for _, c := range l.Observe().Configured(ctx) {
		s := history.ConfigSight{Node: c.Node, Service: c.Service, Region: c.Region}
		if c.Err != nil {
			s.Error = "no answer" // the same for whatever keeps it from answering, so that it is recorded once
			all = append(all, s)
			continue
		}
		s.Revision = c.Revision
		for _, key := range slices.Sorted(maps.Keys(c.Endpoints)) {
			e := c.Endpoints[key]
			s.Values = append(s.Values, history.ConfigValue{
				Key: key, Source: cmp.Or(c.Sources[key], topology.SourceRegion),
				ConfigEndpoint: history.ConfigEndpoint{Region: e.Region, Address: e.Address},
			})
		}
		for _, o := range c.Connections {
			if o.Open > 0 {
				s.Live = append(s.Live, history.ConfigEndpoint{Store: o.Store, Region: o.Region, Address: o.Address})
			}
		}
		slices.SortFunc(s.Live, func(a, b history.ConfigEndpoint) int {
			return cmp.Or(cmp.Compare(a.Store, b.Store), cmp.Compare(a.Address, b.Address))
		})
		all = append(all, s)
	}
	return all
}

// Lags is what the replicators say. One that does not answer, or does not reach what it copies from, says nothing.
func (l drillLab) Lags(ctx context.Context) []history.LagSight {
	regions := l.Topology().Regions
	answers := make([][]history.LagSight, len(regions))
	var g errgroup.Group
	for i, r := range regions {
		g.Go(func() error {
			lags, err := l.Observe().Replication(ctx, r.Name)
			if err != nil {
				return nil //nolint:nilerr // it is not known, and what that means is for others to say
			}
			for _, x := range lags {
				if x.Reachable && x.Prompt() {
					answers[i] = append(answers[i], lagSight(x, r.Name))
				}
			}
			return nil
		})
	}
	_ = g.Wait()
	return slices.Concat(answers...)
}

// Backlogs is what the replicator of a region says of what waits for its rules.
func (l drillLab) Backlogs(ctx context.Context, region string) ([]history.Backlog, error) {
	lags, err := l.Observe().Replication(ctx, region)
	var all []history.Backlog
	for _, x := range lags {
		if x.Backlog != nil && x.BacklogBytes != nil {
			all = append(all, history.Backlog{
				Rule: x.Rule, From: x.Source, To: region, Objects: *x.Backlog, Bytes: *x.BacklogBytes,
				BytesPerSecond: x.BytesPerSecond,
			})
		}
	}
	return all, err
}

func lagSight(x api.Lag, to string) history.LagSight {
	l := history.LagSight{Store: x.Store, From: x.Source, To: to} // the agents call the stores as histories do
	if x.BehindMS != nil {
		l.Behind = new(time.Duration(*x.BehindMS) * time.Millisecond)
	}
	return l
}

// reconcileEvery is how often a survivor that catches up is asked: the question costs it something.
const reconcileEvery = wait.Every(100 * time.Millisecond)

// Reconcile waits until the survivor's database and its replicator have nothing left to fetch.
func (l drillLab) Reconcile(ctx context.Context, survivor string, within time.Duration) error {
	t := l.Topology()
	since := time.Now()
	copies := t.Objects.Mode == topology.Continuous || t.Items.Mode == topology.Continuous
	return reconcileEvery.Until(ctx, within, survivor+" to catch up", func(ctx context.Context) error {
		err := l.Observe().CaughtUp(ctx, survivor)
		if copies {
			err = errors.Join(err, l.checkCopies(ctx, survivor, 0, since))
		}
		return err
	})
}

// checkCopies checks that the region's replicator reaches its sources, is no more than lag behind, and has looked since
// a time (zero: ever). A step of the wall clock plays no part: how long ago is by the agent's monotonic clock, and
// since and asked are compared by this process's.
func (l drillLab) checkCopies(ctx context.Context, region string, lag time.Duration, since time.Time) error {
	asked := time.Now()
	lags, err := l.Observe().Replication(ctx, region)
	if err != nil {
		return err
	}
	if len(lags) == 0 {
		return fmt.Errorf("the replicator of %s says nothing of its lag", region)
	}
	var errs []error
	for _, x := range lags {
		switch {
		case !x.Prompt(): // it is late by its schedule
		case !x.Reachable:
			errs = append(errs, fmt.Errorf("%s of %s can't be reached: %s", x.Store, x.Source, x.Error))
		case !since.IsZero() &&
			(x.LastPassMSAgo == nil || asked.Add(-time.Duration(*x.LastPassMSAgo)*time.Millisecond).Before(since)):
			errs = append(errs, fmt.Errorf("%s of %s were not looked through since", x.Store, x.Source))
		case x.LagMS != nil && *x.LagMS > lag.Milliseconds():
			errs = append(errs, fmt.Errorf("%s of %s are %d ms behind", x.Store, x.Source, *x.LagMS))
		}
	}
	return errors.Join(errs...)
}
