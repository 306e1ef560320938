package scenarios

import (
	"time"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// copyTrips is how many times the way between two regions is gone until a copy has arrived. A pass connects, lists
// and fetches, there and back, and what is written while it is under way is copied by the next.
const copyTrips = 2 * 3 * 2

// replicated says which of the stores that are read reach the survivor by being copied afterwards, and how long that
// takes by the distance alone. Where an acknowledgement waits for the other region they do not: the app has written
// there itself.
func replicated(t topology.Topology, judge measure.Spec) (stores []string, takes time.Duration) {
	if t.Postgres.Commit == topology.CommitRemote {
		return nil, 0
	}
	modes := map[string]topology.ReplicationMode{history.StoreObjects: t.Objects.Mode, history.StoreItems: t.Items.Mode}
	for _, store := range judge.Stores {
		if modes[store] == topology.Continuous && copiesAtAnyTime(judge.Rules, store) {
			stores = append(stores, store)
		}
	}
	if len(stores) == 0 {
		return nil, 0
	}
	for _, r := range t.Regions {
		if r.Name != judge.Survivor {
			takes = max(takes, copyTrips*t.LatencyBetween(judge.Survivor, r.Name))
		}
	}
	return stores, takes
}

// copiesAtAnyTime says whether a store has no rules, or one that copies at any time.
func copiesAtAnyTime(rules []measure.Rule, store string) bool {
	some := false
	for _, r := range rules {
		if r.Store == store {
			some = true
			if r.Continuous {
				return true
			}
		}
	}
	return !some
}
