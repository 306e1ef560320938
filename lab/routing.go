package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// nameservice is that of the lab, to talk to past all faults.
func (l *Lab) nameservice() (api.Nameservice, error) {
	tap, err := l.Tap(topology.ServiceNameservice.Host(topology.Global))
	return api.Nameservice{Caller: at(tap)}, err
}

// Routing asks the name service which region it answers, and why.
func (l *Lab) Routing(ctx context.Context) (api.Routing, error) {
	names, err := l.nameservice()
	if err != nil {
		return api.Routing{}, err
	}
	r, err := names.Routing(ctx)
	return r, asked("the name service", err)
}

// SetWeights gives regions of a weighted record other weights. From then on they count again, if a failover has redirected clients.
func (l *Lab) SetWeights(ctx context.Context, weights map[string]int) (api.Routing, error) {
	names, err := l.nameservice()
	if err != nil {
		return api.Routing{}, err
	}
	r, err := names.SetWeights(ctx, weights)
	return r, asked("the name service", err)
}

// asked says of an error who was asked.
func asked(whom string, err error) error {
	if err != nil {
		err = fmt.Errorf("ask %s: %w", whom, err)
	}
	return err
}

// CheckRouting asks whether clients are sent where the topology wants them, and every region whose app is to run is seen healthy.
func (l *Lab) CheckRouting(ctx context.Context) error {
	r, err := l.Routing(ctx)
	if err != nil {
		return err
	}
	return checkRouting(l.topology, r)
}

func checkRouting(t topology.Topology, r api.Routing) error {
	want := []string{t.Home().Name}
	if p := t.Routing.Policy; p != topology.Failover && p != "" {
		want = nil
		for _, region := range t.Regions {
			if t.AppsAtStart(region) > 0 && (p != topology.Weighted || region.Weight > 0) {
				want = append(want, region.Name)
			}
		}
	}
	var errs []error
	if !slices.Equal(r.Answers, want) {
		errs = append(errs, fmt.Errorf("the name service answers %v and should answer %v", r.Answers, want))
	}
	for _, target := range r.Targets {
		region, _ := t.Region(target.Region)
		if !target.Healthy && t.AppsAtStart(region) > 0 {
			errs = append(errs, fmt.Errorf("the name service finds %s unhealthy: %d of %d checks in a row have passed since %s",
				target.Region, target.Streak, t.Routing.Check.Threshold, cmp.Or(target.LastFailure, "its start")))
		}
	}
	return errors.Join(errs...)
}
