package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/link"
	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/plan"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/state"
	"github.com/regionfall/regionfall/lab/topology"
)

// held is the lab as one fault has it: what it holds is noted in its page of the ledger.
type held struct {
	*Lab
	page *state.Page
}

var (
	_ fault.Lab    = (*held)(nil)
	_ fault.Keeper = (*held)(nil)
)

// hold opens a page for a new fault.
func (l *Lab) hold(spec fault.Spec) (*held, error) {
	parameters, err := json.Marshal(spec)
	if err != nil {
		return nil, fmt.Errorf("note %s: %w", spec.Kind(), err)
	}
	led, err := state.LedgerOf(l.Name)
	if err != nil {
		return nil, err
	}
	return &held{Lab: l, page: led.Page(Note{
		ID: state.NewName(), Kind: spec.Kind(), Target: spec.Target(), Parameters: parameters,
	})}, nil
}

// Injecting notes the fault before anything is broken.
func (h *held) Injecting() error { return h.page.Begin() }

// Healed takes the note away.
func (h *held) Healed() error { return h.page.End() }

// Links are the paths between regions, from clients and from the name service, never taps.
func (h *held) Links(keep func(fault.Path) bool) ([]fault.Link, error) {
	var links []fault.Link
	for _, k := range h.links {
		if p := pathOf(k.Path); k.From != topology.Tap && keep(p) {
			links = append(links, &heldLink{held: h, link: k, path: p})
		}
	}
	if len(links) == 0 {
		return nil, errors.New("no link of the lab is selected")
	}
	return links, nil
}

func pathOf(s topology.Path) fault.Path {
	return fault.Path{Name: s.Name, From: s.From, To: s.To, Service: s.Service, Control: s.Control}
}

// Nodes are all nodes but the hub, which is no part of what is tested.
func (h *held) Nodes(keep func(fault.Place) bool) ([]fault.Node, error) {
	var nodes []fault.Node
	for _, n := range h.nodes {
		p := fault.Place{Name: n.Name(), Region: n.Region, Service: n.Service, Volatile: n.Volatile()}
		if n.Service == topology.ServiceHub || !keep(p) {
			continue
		}
		k := heldNode{held: h, node: n, place: p}
		switch plan.Of(n.Service).Speaks {
		case plan.SQL:
			nodes = append(nodes, &heldPostgres{heldStore{k}})
		case plan.Redis:
			nodes = append(nodes, &heldStore{k})
		case plan.AWS:
			nodes = append(nodes, &heldAWS{k})
		default:
			nodes = append(nodes, &heldHTTP{k})
		}
	}
	if len(nodes) == 0 {
		return nil, errors.New("no node of the lab is selected")
	}
	return nodes, nil
}

type heldLink struct {
	held *held
	link *link.Link
	path fault.Path
}

// Path is where the link leads.
func (k *heldLink) Path() fault.Path { return k.path }

// Ask asks from where the link starts.
func (k *heldLink) Ask(ctx context.Context, q probe.Question) (probe.Answer, error) {
	return k.link.Ask(ctx, q)
}

// Behind asks over the tap of the first node of the service.
func (k *heldLink) Behind(ctx context.Context) error {
	tap, err := k.held.Addresses().Tap(topology.Place{Service: k.path.Service, Region: k.path.To, Number: 1}.Name())
	if err != nil {
		return nil //nolint:nilerr // a lab without taps has nobody who could be down
	}
	a, err := k.held.lines.Ask(ctx, probe.Question{Way: probe.RoundTrip, Service: k.path.Service, Address: tap})
	if err != nil {
		return err
	}
	return a.Err()
}

func (k *heldLink) thing() string { return "link " + k.path.Name }

// Hold breaks the link.
func (k *heldLink) Hold(ctx context.Context, how fault.LinkState) error {
	as := state.Toxic
	switch {
	case how.Cut:
		as = state.Cut
	case how.Deaf:
		as = state.Deaf
	}
	return k.held.page.Change(ctx, k.thing(), as, func(others state.Hold) error {
		if err := k.link.Set(ctx, k.held.page.Note().ID, how.Toxics); err != nil {
			return err
		}
		return k.set(ctx, state.Stronger(as, others))
	})
}

// Release lets go.
func (k *heldLink) Release(ctx context.Context) (free bool, err error) {
	err = k.held.page.Change(ctx, k.thing(), "", func(others state.Hold) error {
		free = others == ""
		if err := k.link.Set(ctx, k.held.page.Note().ID, nil); err != nil {
			return err
		}
		return k.set(ctx, others)
	})
	return free, err
}

// set makes the link what the strongest hold on it asks for.
func (k *heldLink) set(ctx context.Context, as state.Hold) error {
	if as == state.Cut {
		return k.link.Cut(ctx)
	}
	if err := k.link.Restore(ctx); err != nil {
		return err
	}
	if as == state.Deaf {
		return k.link.Deafen(ctx)
	}
	return k.link.Undeafen(ctx)
}

var _ fault.Life = (*heldNode)(nil)

type heldNode struct {
	held  *held
	node  *node.Node
	place fault.Place
}

// Place is where the node is.
func (n *heldNode) Place() fault.Place { return n.place }

func (n *heldNode) thing() string { return thingOf(n.place.Name) }

// thingOf is a node as the ledger knows it.
func thingOf(nodeName string) string { return "node " + nodeName }

// Hold kills or freezes the node.
func (n *heldNode) Hold(ctx context.Context, s topology.NodeState) error {
	return n.held.page.Change(ctx, n.thing(), state.Hold(s), func(others state.Hold) error {
		return n.set(ctx, state.Stronger(state.Hold(s), others))
	})
}

// Release lets go. A node that runs although it is held was ordered down or frozen by somebody who did not live, or
// wait, to see it: the order may still be on its way through the engine and would come true after this. So it is given
// again, and waited for, first.
func (n *heldNode) Release(ctx context.Context) (free bool, err error) {
	ordered := n.held.page.Holds(n.thing())
	err = n.held.page.Change(ctx, n.thing(), "", func(others state.Hold) error {
		free = others == ""
		is, err := n.node.State(ctx)
		if err == nil && is == topology.NodeRunning && ordered != "" {
			err = n.set(ctx, ordered)
		}
		if err != nil {
			return err
		}
		return n.set(ctx, others)
	})
	return free, err
}

// set makes the node what the strongest hold on it asks for, from whatever it is.
func (n *heldNode) set(ctx context.Context, as state.Hold) error {
	is, err := n.node.State(ctx)
	if err != nil {
		return err
	}
	switch as {
	case state.Down:
		if is == topology.NodeFrozen { // a frozen process takes its SIGKILL only when it thaws
			if err := n.node.Thaw(ctx); err != nil {
				return err
			}
		}
		return n.held.kill(ctx, n.node)
	case state.Frozen:
		if is == topology.NodeDown {
			if err := n.held.start(ctx, n.node); err != nil {
				return err
			}
		}
		return n.node.Freeze(ctx)
	}
	switch is {
	case topology.NodeDown:
		return n.held.start(ctx, n.node)
	case topology.NodeFrozen:
		return n.node.Thaw(ctx)
	}
	return nil
}

// State asks the engine.
func (n *heldNode) State(ctx context.Context) (topology.NodeState, error) {
	return n.node.State(ctx)
}

// Life is when the engine started the node for the last time.
func (n *heldNode) Life(ctx context.Context) (string, error) { return n.node.StartedAt(ctx) }

// Ask asks over the node's tap.
func (n *heldNode) Ask(ctx context.Context, q probe.Question) (probe.Answer, error) {
	tap, err := n.held.Addresses().Tap(n.place.Name)
	if err != nil {
		return probe.Answer{}, fmt.Errorf("%w: %w", fault.ErrWitness, err)
	}
	q.Service, q.Address = n.place.Service, tap
	return n.held.lines.Ask(ctx, q)
}

// Run runs a command in the node.
func (n *heldNode) Run(ctx context.Context, command ...string) (string, error) {
	return n.node.Exec(ctx, command)
}
