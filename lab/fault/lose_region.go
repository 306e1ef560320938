package fault

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/topology"
)

// LoseRegion takes a whole region away: its links are cut and its nodes killed at once. A node whose store is volatile is frozen
// instead, since a cloud store outlives its region's outage.
type LoseRegion struct {
	Region string `yaml:"region"`
}

// Kind is lose_region.
func (*LoseRegion) Kind() string { return "lose_region" }

// Target is the region.
func (f *LoseRegion) Target() string { return f.Region }

// Validate asks for a region of the topology.
func (f *LoseRegion) Validate(t topology.Topology) error { return regionIn(t, "region", f.Region) }

// For makes the fault ready.
func (f *LoseRegion) For(l Lab) (Fault, error) {
	links, err := l.Links(func(from, to string, _ topology.Service) bool { return from == f.Region || to == f.Region })
	if err != nil {
		return nil, err
	}
	doors, err := l.Links(func(from, to string, s topology.Service) bool {
		return from == topology.Clients && to == f.Region && s == topology.ServiceApp
	})
	if err != nil {
		return nil, err
	}
	nodes, err := l.Nodes(f.Region)
	if err != nil {
		return nil, err
	}
	return &lostRegion{links: links, door: doors[0], nodes: nodes}, nil
}

type lostRegion struct {
	links []Link
	door  Link // the way of the clients to the region's app
	nodes []Node
}

// Inject cuts the links a moment before it kills: Toxiproxy waits, before it cuts, for a connection that it is just making, and one to a
// node that is dying takes seconds. The engine takes longer to kill than the hub to cut, so nobody sees the difference.
func (r *lostRegion) Inject(ctx context.Context) error {
	var cut, down errgroup.Group
	for _, l := range r.links {
		cut.Go(func() error { return l.Cut(ctx) })
	}
	err := cut.Wait()
	for _, n := range r.nodes {
		down.Go(func() error {
			if n.Volatile() {
				return n.Freeze(ctx)
			}
			return n.Kill(ctx)
		})
	}
	return errors.Join(err, down.Wait())
}

// InForce asks as a client would: does the region's app answer?
func (r *lostRegion) InForce(ctx context.Context) (bool, string, error) {
	took, err := r.door.Trip(ctx)
	if err != nil {
		return true, fmt.Sprintf("clients get no answer: %v", err), nil
	}
	return false, fmt.Sprintf("clients get an answer in %s", took), nil
}

// Verify asks the engine whether every node is really down.
func (r *lostRegion) Verify(ctx context.Context) (string, error) {
	for _, n := range r.nodes {
		running, err := n.Running(ctx)
		if err != nil {
			return "", err
		}
		if running {
			return "", fmt.Errorf("%s is still running", n.Name())
		}
	}
	return fmt.Sprintf("the engine says that all %d nodes are down", len(r.nodes)), nil
}

// Heal starts the nodes before it opens the links: a region comes back with its own services up.
func (r *lostRegion) Heal(ctx context.Context) error {
	var up errgroup.Group
	for _, n := range r.nodes {
		up.Go(func() error {
			if n.Volatile() {
				return n.Thaw(ctx)
			}
			return n.Start(ctx)
		})
	}
	err := up.Wait()
	var open errgroup.Group
	for _, l := range r.links {
		open.Go(func() error { return l.Restore(ctx) })
	}
	return errors.Join(err, open.Wait())
}
