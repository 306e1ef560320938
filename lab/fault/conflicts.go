package fault

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// Conflicts says in one sentence why b could not be seen, or not be told from a, while a is in force; nil if nothing
// speaks against it. Both are in lab time. It refuses only what is certain before there is a lab. Where a role moves
// or a failover comes in between, the probe has the last word.
func Conflicts(a, b Spec, t topology.Topology) error {
	reason := cmp.Or(alike(a, b, t), hidden(shadowOf(a, b), b, t))
	if reason == "" {
		return nil
	}
	return fmt.Errorf("%s on %s can't be seen while %s on %s is in force: %s", b.Kind(), b.Target(), a.Kind(),
		a.Target(), reason)
}

// Faults are of links, or of nodes, or know neither. What they are about is known from their parameters, but for the
// node that is the primary.
type (
	onPaths interface{ picks(p Path) bool }
	onNodes interface{ mustPick(p Place) bool }
)

// shadow is what a fault takes away from the probes of others.
type shadow struct {
	spec  Spec
	paths func(p Path) bool  // they carry nothing, or not all the time
	nodes func(p Place) bool // they answer nobody
}

// tooLong is more than a probe that only asks whether a link carries waits for an answer.
const tooLong = time.Second

// shadowOf is the shadow in which a probe of b stands.
func shadowOf(a, b Spec) shadow {
	s := shadow{spec: a, paths: func(Path) bool { return false }, nodes: func(Place) bool { return false }}
	switch f := a.(type) {
	case *Partition, *Refuse, *Blackhole, *Stall, *Reset, *Flapping, *CutControl:
		s.paths = f.(onPaths).picks
	case *Latency:
		_, patient := b.(measuring)
		if !patient && time.Duration(ways(f.Direction))*f.Delay >= tooLong || pausesLog(b) &&
			f.Direction != "upstream" && f.Delay >= walQuiet {
			s.paths = f.picks
		}
	case *LoseRegion:
		s.paths = func(p Path) bool { return p.From == f.Region || p.To == f.Region }
		s.nodes = func(p Place) bool { return p.Region == f.Region }
	case *Kill, *Pause:
		s.nodes = f.(onNodes).mustPick
	}
	return s
}

// pausesLog says whether a fault is that nothing comes of PostgreSQL's log, which is waited for no longer than it
// takes over a way that is well.
func pausesLog(s Spec) bool {
	p, ok := s.(*PauseReplication)
	return ok && p.Store == storePostgres
}

// ways is how many directions of a link a direction is.
func ways(direction string) int {
	if direction == "" || direction == "both" {
		return 2
	}
	return 1
}

// hides says whether nothing comes back over a path: it does not carry, or leads to nobody who answers.
func (s shadow) hides(p Path, t topology.Topology) bool {
	if s.paths(p) {
		return true
	}
	ends := chosen(places(t), func(n Place) bool { return n.Region == p.To && n.Service == p.Service && n.serves() })
	return len(ends) > 0 && !slices.ContainsFunc(ends, func(n Place) bool { return !s.nodes(n) })
}

// hidesAll says whether nothing comes back over any of some paths, or nobody is there to ask over one of them.
func (s shadow) hidesAll(all []Path, t topology.Topology) string {
	if len(all) == 0 {
		return ""
	}
	for _, p := range all {
		for _, n := range places(t) {
			if n.Name == p.witness() && s.nodes(n) {
				return n.Name + ", which would have to ask, does not run then"
			}
		}
	}
	if slices.ContainsFunc(all, func(p Path) bool { return !s.hides(p, t) }) {
		return ""
	}
	if len(all) == 1 {
		return all[0].Name + " does not carry as it should then"
	}
	return fmt.Sprintf("none of the %d links carries as it should then", len(all))
}

// stops says which node of some does not answer.
func (s shadow) stops(t topology.Topology, match func(Place) bool) string {
	for _, n := range chosen(places(t), match) {
		if s.nodes(n) {
			return n.Name + " does not run then"
		}
	}
	return ""
}

// stopsAll says that none of some nodes answers.
func (s shadow) stopsAll(t topology.Topology, subject string, match func(Place) bool) string {
	nodes := chosen(places(t), match)
	if len(nodes) == 0 || slices.ContainsFunc(nodes, func(n Place) bool { return !s.nodes(n) }) {
		return ""
	}
	return subject + " runs then"
}

func chosen[T any](all []T, match func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(all), func(x T) bool { return !match(x) })
}

// hidden says what the probe of a fault would need and does not have in a shadow.
func hidden(s shadow, b Spec, t topology.Topology) string {
	node := func(service topology.Service, region string) string {
		return s.stops(t, func(p Place) bool { return p.Service == service && p.Region == region })
	}
	switch f := b.(type) {
	case *LoseRegion:
		if _, flaps := s.spec.(*Flapping); flaps && s.paths(Path{
			From: topology.Clients, To: f.Region,
			Service: topology.ServiceApp,
		}) {
			return "the way of the clients is cut by it as well, now and then"
		}
		return s.stopsAll(t, "no node of "+f.Region, func(p Place) bool { return p.Region == f.Region })
	case *CutControl:
		looks := chosen(paths(t), func(p Path) bool { return f.picks(p) && p.To == f.Region })
		if f.Of == ofAutomation {
			return first(node(topology.ServiceAutomation, t.Standby().Name), s.hidesAll(looks, t))
		}
		return first(node(topology.ServiceNameservice, topology.Global), s.hidesAll(looks, t))
	case *Squeeze:
		return s.stops(t, func(p Place) bool {
			return p.Region == f.Region && p.Service == topology.ServiceApp &&
				p.serves()
		})
	case *CorruptObject:
		return node(topology.ServiceS3, f.in(t))
	case *DropRecords:
		region := cmp.Or(f.Region, t.Home().Name)
		return s.stops(t, func(p Place) bool {
			return p.Region == region && p.Service == topology.ServiceApp && p.serves()
		})
	case configuring:
		return hiddenConfig(s, f.configures(), t)
	case replicating:
		r, _ := f.replicates()
		return hiddenStream(s, r, t)
	case stepping:
		return node(topology.ServiceAutomation, t.Standby().Name)
	case *Partition:
		back := chosen(paths(t), Links{From: f.To, To: f.From, Service: f.Service}.picks)
		for _, p := range back { // it is asked whether they carry, and they need not
			if reason := s.hidesAll([]Path{p}, t); reason != "" && !s.hides(p, t) {
				return reason
			}
		}
		return s.hidesAll(chosen(paths(t), f.picks), t)
	case onPaths:
		return s.hidesAll(chosen(paths(t), f.picks), t)
	case onNodes:
		return s.stops(t, f.mustPick)
	}
	return ""
}

func first(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// hiddenConfig is what the delivery of a configuration needs: who delivers, somebody who reads, and to be told that
// something new is published.
func hiddenConfig(s shadow, region string, t topology.Topology) string {
	return first(
		s.stops(t, func(p Place) bool { return p.Service == topology.ServiceReplicator && p.Region == region }),
		s.stopsAll(t, "no app node of "+region, func(p Place) bool {
			return p.configured() && p.Region == region
		}),
		s.hidesAll(chosen(paths(t), func(p Path) bool {
			return p.From == region &&
				p.Service == topology.ServiceRepository
		}), t),
	)
}

// hiddenStream is what a stream needs: both ends, and a way between them. Of PostgreSQL any other region may be the
// source.
func hiddenStream(s shadow, r Replicated, t topology.Topology) string {
	service := map[string]topology.Service{
		storePostgres: topology.ServicePostgres, storeObjects: topology.ServiceS3, storeItems: topology.ServiceDynamoDB,
	}[r.Store]
	at := func(region string) func(Place) bool {
		return func(p Place) bool { return p.Service == service && p.Region == region }
	}
	from := func(p Path) bool { return p.From == r.Region && p.Service == service && !p.Control }
	source := t.Home().Name
	if source == r.Region {
		source = t.Standby().Name
	}
	ends := first(s.stops(t, at(r.Region)), s.stops(t, at(source)), s.stops(t, func(p Place) bool {
		return p.Service == topology.ServiceReplicator && p.Region == r.Region
	}))
	if r.Store == storePostgres {
		ends = first(s.stops(t, at(r.Region)), s.stopsAll(t, "no other database", func(p Place) bool {
			return p.Service == service && p.Region != r.Region
		}))
	} else {
		from = func(p Path) bool { return p.From == r.Region && p.To == source && p.Service == service }
	}
	way := ""
	if all := chosen(paths(t), from); len(all) > 0 && !slices.ContainsFunc(all,
		func(p Path) bool { return !s.hides(p, t) }) {
		way = all[0].Name + ", on which it comes, does not carry as it should then"
	}
	return first(ends, way)
}
