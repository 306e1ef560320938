package observe

import (
	"context"
	"fmt"

	"github.com/regionfall/regionfall/lab/api"

	"github.com/regionfall/regionfall/lab/topology"
)

// Replication is what the replicator of a region says of how far it is behind the other regions, store by store. It is
// asked past all faults.
func (v View) Replication(ctx context.Context, region string) ([]api.Lag, error) {
	tap, err := v.lab.Tap(topology.ServiceReplicator.Host(region))
	if err != nil {
		return nil, err
	}
	lags, err := api.Replicator{Caller: at(tap)}.Lag(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask the replicator of %s for its lag: %w", region, err)
	}
	return lags, nil
}

// copiesBehind is the same for whoever looks at the lab.
func (v View) copiesBehind(ctx context.Context, region string) []Replication {
	lags, err := v.Replication(ctx, region)
	if err != nil {
		return []Replication{{Store: "objects, items", To: region, State: "unknown"}}
	}
	var all []Replication
	for _, x := range lags {
		r := Replication{Store: x.Store, From: x.Source, To: region, State: "ok", MSBy: x.LagMS}
		if x.Error != "" || !x.Reachable {
			r.State = "failing"
			if !x.Reachable { // how far behind it is, nobody knows
				r.State, r.MSBy = "source not reached", nil
			}
		}
		all = append(all, r)
	}
	return all
}
