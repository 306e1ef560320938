package lab

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/state"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
)

// Status is a lab as it is now.
type Status struct {
	Lab         string        `json:"lab"`
	Kept        bool          `json:"kept"`
	Topology    string        `json:"topology,omitempty"`
	Problem     string        `json:"problem,omitempty"` // why nothing more is known
	DNS         string        `json:"dns,omitempty"`
	Routing     *api.Routing  `json:"routing,omitempty"`
	Faults      []Note        `json:"faults"`
	Nodes       []NodeStatus  `json:"nodes,omitempty"`
	Replication []Replication `json:"replication,omitempty"`
	Links       []LinkStatus  `json:"links,omitempty"`
}

// NodeStatus is one node: running, frozen or down, by the engine's word; its role, where it has one; where it is reached.
type NodeStatus struct {
	Name   string `json:"name"`
	Region string `json:"region"`
	State  string `json:"state"`
	Role   string `json:"role,omitempty"` // primary, replica, or why it can't be told
	Tap    string `json:"tap,omitempty"`  // past all faults
	Door   string `json:"door,omitempty"` // of an app node: where clients come in, past those faults that are on the way
}

// Replication is how far one store of a region is behind another region. What is not known is null.
type Replication struct {
	Store   string `json:"store"`
	From    string `json:"from"`
	To      string `json:"to"`
	State   string `json:"state"` // store.Streaming, ok, paused, … or why it is not known
	BytesBy *int64 `json:"bytes_behind,omitempty"`
	MSBy    *int64 `json:"ms_behind,omitempty"`
}

// LinkStatus is one link: open or cut, the toxics on it, and the faults that hold it.
type LinkStatus struct {
	Name   string   `json:"name"`
	State  string   `json:"state"`
	Toxics []string `json:"toxics,omitempty"`
	Faults []string `json:"faults,omitempty"`
}

// statusWithin is how long all questions of a status may take together: a frozen node answers none of them.
const statusWithin = 5 * time.Second

// Status asks every node and every link.
func (l *Lab) Status(ctx context.Context) Status {
	ctx, cancel := context.WithTimeout(ctx, statusWithin)
	defer cancel()
	s := Status{Lab: l.Name, Topology: l.topology.Name, DNS: l.resolver, Nodes: make([]NodeStatus, len(l.nodes)), Faults: []Note{}}
	if notes, err := l.Faults(); err == nil {
		s.Faults = append(s.Faults, notes...)
	}
	var g errgroup.Group
	var mu sync.Mutex
	g.Go(func() error {
		if r, err := l.Routing(ctx); err == nil {
			s.Routing = &r
		}
		return nil
	})
	g.Go(func() error { s.Links = l.linkStatus(ctx, s.Faults); return nil })
	for i, n := range l.nodes {
		g.Go(func() error {
			state, err := n.State(ctx)
			is := NodeStatus{Name: n.Name(), Region: n.Region, State: string(state)}
			if err != nil {
				is.State = err.Error()
			}
			is.Tap, _ = l.Tap(n.Name())                        // the hub has none
			if part(n.Name()) == string(topology.ServiceApp) { // clients come in by no other
				is.Door, _ = l.Door(n.Region)
			}
			if is.State == "running" {
				is.Role = role(ctx, n.Service, n.Region, is.Tap)
			}
			s.Nodes[i] = is
			if found := l.replication(ctx, n.Service, n.Region, is); len(found) > 0 {
				mu.Lock()
				defer mu.Unlock()
				s.Replication = append(s.Replication, found...)
			}
			return nil
		})
	}
	_ = g.Wait()
	slices.SortFunc(s.Nodes, func(a, b NodeStatus) int { return strings.Compare(a.Region+" "+a.Name, b.Region+" "+b.Name) })
	slices.SortFunc(s.Replication, func(a, b Replication) int {
		return strings.Compare(a.To+a.Store+a.From, b.To+b.Store+b.From)
	})
	return s
}

func (l *Lab) linkStatus(ctx context.Context, notes []Note) []LinkStatus {
	states, err := l.hub.States(ctx)
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

func role(ctx context.Context, s topology.Service, region, tap string) string {
	node, ok := store.At(s, tap, region)
	if !ok {
		return ""
	}
	is, err := node.Role(ctx)
	if err != nil {
		return "unknown"
	}
	return string(is)
}

// replication is what a node says of how far it is behind.
func (l *Lab) replication(ctx context.Context, s topology.Service, region string, n NodeStatus) []Replication {
	switch {
	case n.State != "running":
		return nil
	case s == topology.ServicePostgres && n.Role == "replica":
		return []Replication{l.postgresBehind(ctx, region, n.Tap)}
	case s == topology.ServiceReplicator:
		return l.copiesBehind(ctx, region)
	default:
		return nil
	}
}

// postgresBehind asks a replica: bytes it has received and not replayed, and the age of what it replayed last when there are any.
func (l *Lab) postgresBehind(ctx context.Context, region, tap string) Replication {
	r := Replication{Store: "postgres", From: l.topology.Source(region), To: region, State: "unknown"}
	said, err := store.PostgresBehind(ctx, tap)
	if err != nil {
		return r
	}
	for _, p := range l.plan.Paths { // after a failover it may stream from another region than at the start
		if p.Port == said.Port && p.From == region && p.Service == topology.ServicePostgres {
			r.From = p.To
		}
	}
	if r.State = said.State; r.State != "not streaming" { // what it has not received, it knows nothing of
		r.BytesBy, r.MSBy = said.Bytes, said.MS
	}
	return r
}

// Region is a region of the lab by its name; the error has the names there are.
func (l *Lab) Region(region string) (topology.Region, error) {
	r, ok := l.topology.Region(region)
	if !ok {
		names := make([]string, len(l.topology.Regions))
		for i, r := range l.topology.Regions {
			names[i] = r.Name
		}
		return r, fmt.Errorf("lab %s has no region %q; it has %s", l.Name, region, strings.Join(names, ", "))
	}
	return r, nil
}
