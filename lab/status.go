package lab

import (
	"context"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/link"
	"github.com/regionfall/regionfall/lab/observe"
	"github.com/regionfall/regionfall/lab/state"
	"github.com/regionfall/regionfall/lab/topology"
)

// Status is a lab as it is now.
type Status = observe.Status

// LinkStatus is one link of it.
type LinkStatus = observe.LinkStatus

// Status asks every node and every link.
func (l *Lab) Status(ctx context.Context) Status {
	var links map[string]link.State
	var unknown error
	var g errgroup.Group
	g.Go(func() error {
		ctx, cancel := context.WithTimeout(ctx, linksWithin)
		defer cancel()
		links, unknown = l.hub.States(ctx)
		return nil
	})
	s := l.Observe().Status(ctx)
	_ = g.Wait()
	s.Lab, s.DNS = l.Name, l.resolver
	if !l.plan.TapPorts { // those of this process end with it
		for i := range s.Nodes {
			s.Nodes[i].Tap = ""
		}
	}
	if notes, err := l.Faults().List(); err == nil {
		s.Faults = append(s.Faults, notes...)
	}
	s.Links = l.linkStatus(links, unknown, s.Faults)
	return s
}

// linksWithin is how long the hub may take to say what its links are like.
const linksWithin = 5 * time.Second

func (l *Lab) linkStatus(states map[string]link.State, err error, notes []Note) []LinkStatus {
	var all []LinkStatus
	for _, k := range l.links {
		if k.From == topology.Tap {
			continue
		}
		is := LinkStatus{Name: k.Name, State: "open"}
		s, known := states[k.Name]
		switch {
		case err != nil:
			is.State = err.Error()
		case !known:
			is.State = "the hub does not know it"
		case s.Cut:
			is.State = "cut"
		}
		for _, t := range s.Toxics {
			is.Toxics = append(is.Toxics, t.String())
		}
		for _, n := range notes {
			if how := n.Holds["link "+k.Name]; how != "" {
				is.Faults = append(is.Faults, n.ID)
				if how == state.Deaf && is.State == "open" {
					is.State = "deaf"
				}
			}
		}
		all = append(all, is)
	}
	slices.SortFunc(all, func(a, b LinkStatus) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Observe looks at the lab past all faults.
func (l *Lab) Observe() observe.View { return observe.Of(observed{l, l.Addresses()}) }

// observed is the lab as it is looked at.
type observed struct {
	*Lab
	Addresses
}

// Places are those of its nodes, the hub among them.
func (o observed) Places() []topology.Place {
	all := make([]topology.Place, len(o.nodes))
	for i, n := range o.nodes {
		all[i] = topology.PlaceOf(n.Service, n.Name())
	}
	return all
}

// Paths are all of its links and taps.
func (o observed) Paths() []topology.Path { return o.plan.Paths }

// State is what the engine says of a node.
func (o observed) State(ctx context.Context, name string) (topology.NodeState, error) {
	n, err := o.node(name)
	if err != nil {
		return "", err
	}
	return n.State(ctx)
}
