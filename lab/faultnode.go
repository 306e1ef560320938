package lab

import (
	"context"
	"fmt"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/state"
	"github.com/regionfall/regionfall/lab/topology"
)

var _ fault.Life = (*faultNode)(nil)

// faultNode is a node as one fault has it.
type faultNode struct {
	lab   *faultLab
	node  *node.Node
	place fault.Place
}

// Place is where the node is.
func (n *faultNode) Place() fault.Place { return n.place }

func (n *faultNode) thing() string { return thingOf(n.place.Name) }

// thingOf is a node as the ledger knows it.
func thingOf(nodeName string) string { return "node " + nodeName }

// Hold kills or freezes the node.
func (n *faultNode) Hold(ctx context.Context, s topology.NodeState) error {
	return n.lab.entry.Change(ctx, n.thing(), state.Hold(s), func(others state.Hold) error {
		return n.set(ctx, state.Stronger(state.Hold(s), others))
	})
}

// Release lets go. A node that runs although it is held was ordered down or frozen by somebody who did not live, or
// wait, to see it: the order may still be on its way through the engine and would come true after this. So it is given
// again, and waited for, first.
func (n *faultNode) Release(ctx context.Context) (free bool, err error) {
	ordered := n.lab.entry.Holds(n.thing())
	err = n.lab.entry.Change(ctx, n.thing(), "", func(others state.Hold) error {
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
func (n *faultNode) set(ctx context.Context, as state.Hold) error {
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
		return n.lab.kill(ctx, n.node)
	case state.Frozen:
		if is == topology.NodeDown {
			if err := n.lab.start(ctx, n.node); err != nil {
				return err
			}
		}
		return n.node.Freeze(ctx)
	}
	switch is {
	case topology.NodeDown:
		return n.lab.start(ctx, n.node)
	case topology.NodeFrozen:
		return n.node.Thaw(ctx)
	}
	return nil
}

// State asks the engine.
func (n *faultNode) State(ctx context.Context) (topology.NodeState, error) {
	return n.node.State(ctx)
}

// Life is when the engine started the node for the last time.
func (n *faultNode) Life(ctx context.Context) (string, error) { return n.node.StartedAt(ctx) }

// Ask asks over the node's tap.
func (n *faultNode) Ask(ctx context.Context, q probe.Question) (probe.Answer, error) {
	tap, err := n.lab.Addresses().Tap(n.place.Name)
	if err != nil {
		return probe.Answer{}, fmt.Errorf("%w: %w", fault.ErrWitness, err)
	}
	q.Service, q.Address = n.place.Service, tap
	return n.lab.lines.Ask(ctx, q)
}

// Run runs a command in the node.
func (n *faultNode) Run(ctx context.Context, command ...string) (string, error) {
	return n.node.Exec(ctx, command)
}
