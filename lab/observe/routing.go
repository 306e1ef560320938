package observe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// Routing asks the name service which region it answers, and why.
func (v View) Routing(ctx context.Context) (api.Routing, error) {
	tap, err := v.lab.Tap(topology.ServiceNameservice.Host(topology.Global))
	if err != nil {
		return api.Routing{}, err
	}
	r, err := api.Nameservice{Caller: at(tap)}.Routing(ctx)
	return r, asked("the name service", err)
}

// CheckRouting asks whether clients are sent where the topology wants them, and every region whose app is to run is
// seen healthy.
func (v View) CheckRouting(ctx context.Context) error {
	r, err := v.Routing(ctx)
	if err != nil {
		return err
	}
	return checkRouting(v.lab.Topology(), r)
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
			errs = append(errs,
				fmt.Errorf("the name service finds %s unhealthy: %d of %d checks in a row have passed since %s",
					target.Region, target.Streak, t.Routing.Check.Threshold, cmp.Or(target.LastFailure, "its start")))
		}
	}
	return errors.Join(errs...)
}
