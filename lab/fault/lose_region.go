package fault

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/topology"
)

// LoseRegion takes a whole region away: its links are cut and its nodes killed at once. A node whose store is
// volatile is frozen instead, since a cloud store outlives its region's outage.
type LoseRegion struct {
	Region string `yaml:"region" about:"The region that is lost."`
}

// Kind is lose_region.
func (*LoseRegion) Kind() string { return "lose_region" }

// Target is the region.
func (f *LoseRegion) Target() string { return f.Region }

// Validate asks for a region of the topology.
func (f *LoseRegion) Validate(t topology.Topology) error { return regionIn(t, "region", f.Region) }

// For makes the fault ready.
func (f *LoseRegion) For(l Lab) (Fault, error) {
	links, err := l.Links(func(p Path) bool { return p.From == f.Region || p.To == f.Region })
	if err != nil {
		return nil, err
	}
	nodes, err := l.Nodes(func(p Place) bool { return p.Region == f.Region })
	if err != nil {
		return nil, err
	}
	r := &lostRegion{links: linkHold{links: links, state: LinkState{Cut: true}}, nodes: nodes}
	toApp := false
	for _, k := range links {
		if p := k.Path(); p.From == topology.Clients {
			r.doors, toApp = append(r.doors, k), toApp || p.Service == topology.ServiceApp
		}
	}
	if !toApp {
		return nil, fmt.Errorf("no link leads clients to %s", f.Region)
	}
	return r, nil
}

type lostRegion struct {
	links  linkHold
	doors  []Link // the ways of the clients: to the region's app, and to the stores that they speak to themselves
	nodes  []Node
	freed  []Node // those that nobody holds any more, set by Heal
	others bool   // somebody else still keeps clients from it, set by Heal

	// serving are the doors behind which somebody answered clients before. Without any the region is dark, as the
	// standby of a pilot light, and only the engine can tell.
	serving []Link
}

// Vouched is that the hub has cut the links and the engine has ended the nodes.
func (*lostRegion) Vouched() bool { return true }

// Inject cuts the links a moment before it kills: Toxiproxy waits, before it cuts, for a connection that it is just
// making, and one to a node that is dying takes seconds. The engine takes longer to kill than the hub to cut, so
// nobody sees the difference.
func (r *lostRegion) Inject(ctx context.Context) error {
	err := r.links.Inject(ctx)
	var down errgroup.Group
	for _, n := range r.nodes {
		down.Go(func() error {
			if n.Place().Volatile {
				return n.Hold(ctx, topology.NodeFrozen)
			}
			return n.Hold(ctx, topology.NodeDown)
		})
	}
	return errors.Join(err, down.Wait())
}

// Baseline asks as a client would: is there an answer at any door, be it that the app is ill? No bad probe makes an
// answer up, so one is enough.
func (r *lostRegion) Baseline(ctx context.Context) (bool, string, error) {
	shut, open, observed, err := askAll(ctx, r.doors, lacksRoundTrip)
	if err != nil {
		return false, "", err
	}
	for _, k := range open {
		if !slices.Contains(r.serving, k) {
			r.serving = append(r.serving, k)
		}
	}
	shut = slices.DeleteFunc(shut, func(k Link) bool { return !slices.Contains(r.serving, k) })
	return r.lost(ctx, shut, open, observed)
}

// InForce asks as a client would. Of a region that serves no clients only the engine can tell.
func (r *lostRegion) InForce(ctx context.Context) (bool, string, error) {
	shut, open, observed, err := askAll(ctx, r.serving, lacksRoundTrip)
	if err != nil {
		return false, "", err
	}
	return r.lost(ctx, shut, open, observed)
}

// lost says whether the region is: when the last of its doors is shut, and not the first. Until then it acknowledges.
func (r *lostRegion) lost(ctx context.Context, shut, open []Link, observed string) (bool, string, error) {
	switch {
	case len(r.serving) == 0:
		return r.down(ctx)
	case len(open) == 0:
		return true, "clients get no answer: " + observed, nil
	case len(shut) == 0:
		return false, "clients get an answer", nil
	}
	return false, "", fmt.Errorf("clients get no answer from %s, and one from %s", describeLinks(shut),
		describeLinks(open))
}

// Gone asks as a client would, and the engine about the nodes that nobody else holds.
func (r *lostRegion) Gone(ctx context.Context) (bool, string, error) {
	if len(r.serving) == 0 {
		return r.runs(ctx)
	}
	shut, _, observed, err := askAll(ctx, r.serving, lacksRoundTrip)
	switch {
	case err != nil:
		return false, "", err
	case len(shut) > 0 && r.others:
		return true, "let go, and still held by other faults", nil
	case len(shut) > 0:
		return false, "clients get no answer: " + observed, nil
	}
	for _, n := range r.freed {
		if state, err := n.State(ctx); err != nil || state != topology.NodeRunning {
			return false, "", errors.Join(err, fmt.Errorf("clients get an answer, and %s is %s", n.Place().Name, state))
		}
	}
	return true, "clients get an answer", nil
}

// runs asks the engine whether the region is up that serves no clients.
func (r *lostRegion) runs(ctx context.Context) (bool, string, error) {
	lost, observed, err := r.down(ctx)
	return err == nil && !lost, observed, err
}

// down asks the engine whether any node runs.
func (r *lostRegion) down(ctx context.Context) (bool, string, error) {
	for _, n := range r.nodes {
		state, err := n.State(ctx)
		if err != nil {
			return false, "", err
		}
		if state == topology.NodeRunning {
			return false, n.Place().Name + " runs", nil
		}
	}
	return true, "the engine says that no node runs", nil
}

// Verify asks the engine whether every node is really down.
func (r *lostRegion) Verify(ctx context.Context) (string, error) {
	for _, n := range r.nodes {
		state, err := n.State(ctx)
		if err != nil {
			return "", err
		}
		if state == topology.NodeRunning {
			return "", fmt.Errorf("%s is still running", n.Place().Name)
		}
	}
	return fmt.Sprintf("the engine says that all %d nodes are down", len(r.nodes)), nil
}

// Lapsed is that it answers clients, or that any node runs.
func (r *lostRegion) Lapsed(ctx context.Context) (bool, error) {
	if up, err := anyRuns(ctx, r.nodes); up || err != nil {
		return up, err
	}
	return anyCarries(ctx, r.doors)
}

// Heal starts the nodes before it opens the links: a region comes back with its own services up.
func (r *lostRegion) Heal(ctx context.Context) error {
	freed, err := releaseAll(ctx, r.nodes)
	r.freed = freed
	err = errors.Join(err, r.links.Heal(ctx))
	r.others = len(r.freed) < len(r.nodes) || slices.ContainsFunc(r.links.links, func(k Link) bool {
		p := k.Path() // of those from one region to another it does without any
		return (p.From == topology.Clients || p.From == topology.Global || p.To == topology.Global) &&
			!slices.Contains(r.links.free, k)
	})
	return err
}
