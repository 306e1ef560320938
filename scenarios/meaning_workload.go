package scenarios

import (
	"fmt"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/drill"
)

func (r *reader) workloadMeaning(p *drill.Plan) {
	w := p.Workload
	if w.Writes < 1 || w.Writes > maxWrites {
		r.complain("workload.writes", "workload.writes: %g/s must be 1/s to %d/s", w.Writes, maxWrites)
	}
	if w.Reads > maxReads {
		r.complain("workload.reads", "workload.reads: %g/s must be at most %d/s", w.Reads, maxReads)
	}
	if w.Clients < 1 || w.Clients > maxClients {
		r.complain("workload.clients", "workload.clients: %d must be 1 to %d", w.Clients, maxClients)
	}
	if w.Timeout <= 0 || w.Timeout > maxTimeout {
		r.complain("workload.timeout", "workload.timeout: %s must be more than 0s and at most %s", short(w.Timeout), short(maxTimeout))
	}
	if len(w.In) > 0 && p.Topology.Routing.Policy != topology.Geolocation {
		r.complain("workload.clients_in", "workload.clients_in has no effect: only routing.policy geolocation asks where clients are")
	}
	if len(w.In) > w.Clients {
		r.complain("workload.clients_in", "workload.clients_in: %d regions, and %d clients: some would have none", len(w.In), w.Clients)
	}
	for i, region := range w.In {
		if _, known := p.Topology.Region(region); !known && region != "" {
			r.complain(fmt.Sprintf("workload.clients_in[%d]", i), "workload.clients_in: %s is no region of the topology", quote(region))
		}
	}
	if s := w.Stale; (s.Share > 0) != (s.For > 0) {
		r.complain("workload.stale_dns", "workload.stale_dns: give a share of the clients and for how long they keep an answer, such as {share: 20%%, for: 10m}")
	}
	switch {
	case w.Retry.Times < 0 || w.Retry.Times > maxRetries:
		r.complain("workload.retry.times", "workload.retry.times: %d must be 1 to %d", w.Retry.Times, maxRetries)
	case w.Retry.Times > 0 && (w.Retry.After <= 0 || w.Retry.After > maxTimeout):
		r.complain("workload.retry.after", "workload.retry.after: %s must be more than 0s and at most %s", short(w.Retry.After), short(maxTimeout))
	case w.Retry.Times == 0 && w.Retry.After > 0:
		r.complain("workload.retry.times", "workload.retry.times is missing: how often does a client try again?")
	}
	for path, d := range map[string]time.Duration{"steady_state.hold": p.Steady.Hold, "steady_state.within": p.Steady.Within} {
		if r.at[path] != nil && d == 0 {
			r.complain(path, "%s: 0s holds nothing still: must be more than 0s", path)
		}
	}
}
