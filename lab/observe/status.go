package observe

import (
	"context"
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
	Faults      []state.Note  `json:"faults"`
	Nodes       []NodeStatus  `json:"nodes,omitempty"`
	Replication []Replication `json:"replication,omitempty"`
	Links       []LinkStatus  `json:"links,omitempty"`
}

// NodeStatus is one node: its state, by the engine's word; its role, where it has one; where it is reached.
type NodeStatus struct {
	Name    string             `json:"name"`
	Region  string             `json:"region"`
	State   topology.NodeState `json:"state"`             // empty where it is not known
	Problem string             `json:"problem,omitempty"` // why it is not
	Role    string             `json:"role,omitempty"`    // primary, replica, or why it can't be told
	Tap     string             `json:"tap,omitempty"`     // past all faults
	// of an app node: where clients come in, past those faults that are on the way
	Door string `json:"door,omitempty"`
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

// Status asks every node, and the name service.
func (v View) Status(ctx context.Context) Status {
	ctx, cancel := context.WithTimeout(ctx, statusWithin)
	defer cancel()
	places := v.lab.Places()
	s := Status{Topology: v.lab.Topology().Name, Nodes: make([]NodeStatus, len(places)), Faults: []state.Note{}}
	var g errgroup.Group
	var mu sync.Mutex
	g.Go(func() error {
		if r, err := v.Routing(ctx); err == nil {
			s.Routing = &r
		}
		return nil
	})
	for i, n := range places {
		g.Go(func() error {
			state, err := v.lab.State(ctx, n.Name())
			is := NodeStatus{Name: n.Name(), Region: n.Region, State: state}
			if err != nil {
				is.Problem = err.Error()
			}
			is.Tap, _ = v.lab.Tap(n.Name())                       // the hub has none
			if n.Service == topology.ServiceApp && n.Part == "" { // clients come in by no other
				is.Door, _ = v.lab.Door(n.Region)
			}
			if is.State == topology.NodeRunning {
				is.Role = role(ctx, n.Service, n.Region, is.Tap)
			}
			s.Nodes[i] = is
			if found := v.replication(ctx, n.Service, n.Region, is); len(found) > 0 {
				mu.Lock()
				defer mu.Unlock()
				s.Replication = append(s.Replication, found...)
			}
			return nil
		})
	}
	_ = g.Wait()
	slices.SortFunc(s.Nodes, func(a, b NodeStatus) int {
		return strings.Compare(a.Region+" "+a.Name,
			b.Region+" "+b.Name)
	})
	slices.SortFunc(s.Replication, func(a, b Replication) int {
		return strings.Compare(a.To+a.Store+a.From, b.To+b.Store+b.From)
	})
	return s
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
func (v View) replication(ctx context.Context, s topology.Service, region string, n NodeStatus) []Replication {
	switch {
	case n.State != topology.NodeRunning:
		return nil
	case s == topology.ServicePostgres && n.Role == "replica":
		return []Replication{v.postgresBehind(ctx, region, n.Tap)}
	case s == topology.ServiceReplicator:
		return v.copiesBehind(ctx, region)
	default:
		return nil
	}
}

// postgresBehind asks a replica: bytes it has received and not replayed, and the age of what it replayed last when
// there are any.
func (v View) postgresBehind(ctx context.Context, region, tap string) Replication {
	r := Replication{Store: "postgres", From: v.lab.Topology().Source(region), To: region, State: "unknown"}
	said, err := store.PostgresBehind(ctx, tap)
	if err != nil {
		return r
	}
	for _, p := range v.lab.Paths() { // after a failover it may stream from another region than at the start
		if p.Port == said.Port && p.From == region && p.Service == topology.ServicePostgres {
			r.From = p.To
		}
	}
	if r.State = said.State; r.State != "not streaming" { // what it has not received, it knows nothing of
		r.BytesBy, r.MSBy = said.Bytes, said.MS
	}
	return r
}
