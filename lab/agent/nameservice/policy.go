package nameservice

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"slices"

	"github.com/miekg/dns"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// due is what the policy and the health checks say may be answered, from the primary on: of a failover record the first
// healthy target, or the primary when none is; of the others all that are healthy, or all when none is, a weighted
// record's without those of weight 0 unless there are no others. Where its settings say so, health does not count while
// the primary is unhealthy. Once somebody has made a region the primary, a weighted record gives it everything until
// weights are given, and a geolocation record does not answer the primary before it if that was unhealthy then: it may
// look well again, and its data is behind.
func (n *Server) due() []int {
	var all, healthy []int
	for i := range n.cfg.Targets {
		t := (n.primary + i) % len(n.cfg.Targets)
		all = append(all, t)
		if !n.health[t].Unhealthy {
			healthy = append(healthy, t)
		}
	}
	if len(healthy) == 0 || n.cfg.ByWeight && n.health[n.primary].Unhealthy {
		healthy = all
	}
	switch {
	case n.cfg.Policy == topology.Multivalue:
		return healthy
	case n.cfg.Policy == topology.Geolocation:
		if kept := slices.DeleteFunc(slices.Clone(healthy), func(t int) bool { return n.lost[t] }); len(kept) > 0 {
			return kept
		}
		return healthy
	case n.cfg.Policy == topology.Weighted && !n.whole:
		if weighted := slices.DeleteFunc(slices.Clone(healthy),
			func(t int) bool { return n.weights[t] == 0 }); len(weighted) > 0 {
			return weighted
		}
	}
	return healthy[:1]
}

// current is what one question is answered now, with the generation: of a multivalue record all that are due in random
// order, of the others one. Asker is the address of who asks, or of whom it asks for.
func (n *Server) current(asker netip.Addr) ([]api.Target, int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	due := n.answered
	switch n.cfg.Policy {
	case topology.Multivalue:
		targets := make([]api.Target, len(due))
		for to, from := range rand.Perm(len(due)) {
			targets[to] = n.cfg.Targets[due[from]]
		}
		return targets, n.generation
	case topology.Geolocation:
		if i := slices.IndexFunc(due, func(t int) bool { return n.cfg.Targets[t].Clients.Contains(asker) }); i >= 0 {
			return []api.Target{n.cfg.Targets[due[i]]}, n.generation
		}
	case topology.Weighted:
		return []api.Target{n.cfg.Targets[n.draw(due)]}, n.generation
	}
	return []api.Target{n.cfg.Targets[due[0]]}, n.generation
}

// draw takes one of the targets by weight, with the lock held.
func (n *Server) draw(due []int) int {
	sum := 0
	for _, t := range due {
		sum += n.weights[t]
	}
	if sum > 0 {
		at := rand.IntN(sum)
		for _, t := range due {
			if at -= n.weights[t]; at < 0 {
				return t
			}
		}
	}
	return due[0]
}

func (n *Server) weightsByRegion() map[string]int {
	weights := map[string]int{}
	for i, t := range n.cfg.Targets {
		weights[t.Region] = n.weights[i]
	}
	return weights
}

// weightsRoute adds PUT /weights {"us-east-1": 90, "us-west-2": 10}, which answers as /health does. Regions that are
// not named keep theirs.
func (n *Server) weightsRoute(mux *http.ServeMux) {
	mux.HandleFunc("PUT /weights", func(w http.ResponseWriter, r *http.Request) {
		var weights map[string]int
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<12)).Decode(&weights); err != nil {
			http.Error(w, fmt.Sprintf("read weights: %v", err), http.StatusBadRequest)
			return
		}
		if err := n.weigh(weights); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
		runtime.WriteJSON(w, n.RecordHealth())
	})
}

func (n *Server) weigh(weights map[string]int) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cfg.Policy != topology.Weighted {
		return errors.New("the record is not weighted: its topology says so with routing.policy")
	}
	if len(weights) == 0 {
		return errors.New("no weights are given")
	}
	to, sum := slices.Clone(n.weights), 0
	for region, weight := range weights {
		i := slices.IndexFunc(n.cfg.Targets, func(t api.Target) bool { return t.Region == region })
		switch {
		case i < 0:
			return fmt.Errorf("no target in region %q", region)
		case weight < 0:
			return fmt.Errorf("weight of %s is %d: must be 0 or more", region, weight)
		}
		to[i] = weight
	}
	for _, weight := range to {
		sum += weight
	}
	if sum == 0 {
		return errors.New("all weights are 0: nobody would be answered")
	}
	n.weights, n.ordered, n.whole = to, true, false
	n.decide()
	return nil
}

// asker is who a question is from, by as much of a subnet as it carries (RFC 7871); invalid if it carries none, or
// withholds it.
func asker(request *dns.Msg) (netip.Addr, *dns.EDNS0_SUBNET) {
	if opt := request.IsEdns0(); opt != nil {
		for _, option := range opt.Option {
			subnet, ok := option.(*dns.EDNS0_SUBNET)
			if !ok {
				continue
			}
			address, _ := netip.AddrFromSlice(subnet.Address)
			prefix, err := address.Unmap().Prefix(int(subnet.SourceNetmask))
			if err != nil || subnet.SourceNetmask == 0 {
				return netip.Addr{}, subnet
			}
			return prefix.Addr(), subnet
		}
	}
	return netip.Addr{}, nil
}

// scoped gives the subnet of a question back, with how much of it counted: of a geolocation record the length of the
// regions' subnets.
func (n *Server) scoped(subnet *dns.EDNS0_SUBNET, from netip.Addr) dns.EDNS0 {
	back := *subnet
	back.SourceScope = 0
	if n.cfg.Policy == topology.Geolocation && from.Is4() {
		back.SourceScope = uint8(n.cfg.Targets[0].Clients.Bits()) //nolint:gosec // at most 32
	}
	return &back
}
