package lab

import (
	"context"
	"io"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// Terminal is a person at the other end of a command.
type Terminal = node.Terminal

// Confinement is what the engine lets a container do.
type Confinement = node.Confinement

// NotReady is a node that did not come up, and so is why a lab did not.
type NotReady = node.NotReady

// ErrStopped says that a node has stopped before it was ready.
var ErrStopped = node.ErrStopped

// Reported is an error that says all that a node's log would, such as how an app has ended again and again.
type Reported = node.Reported

// AppNotReady is what the supervisor of somebody's own app says that the app lacks, in one sentence.
type AppNotReady = api.AppNotReady

// Node is a container of a lab.
type Node struct {
	lab  *Lab
	node *node.Node
}

// Node is one by its name, such as postgres.us-east-1. The error has the names there are.
func (l *Lab) Node(name string) (Node, error) {
	n, err := l.node(name)
	return Node{l, n}, err
}

// LogOptions say which part of a node's log is wanted. The zero value is all that there is.
type LogOptions struct {
	Tail   int  // only the last so many lines; 0 is all
	Follow bool // also what the node prints until the context ends
}

// Log writes what the node printed.
func (n Node) Log(ctx context.Context, w io.Writer, o LogOptions) error {
	if o.Follow {
		return n.node.Follow(ctx, w, o.Tail)
	}
	return n.node.Logs(ctx, w, o.Tail)
}

// Attach runs a command in the node with a person at its other end. The code is what it ended with.
func (n Node) Attach(ctx context.Context, command []string, t Terminal) (code int, err error) {
	return n.node.Attach(ctx, command, t)
}

// IP is the node's address in the network of its region (of the name service and the hub: in the global one).
func (n Node) IP(ctx context.Context) (string, error) {
	return n.node.IP(ctx, n.lab.named(n.node.Region))
}

// Crash kills the node behind the back of every fault, as if it had died by itself. Revive starts it again.
func (n Node) Crash(ctx context.Context) error { return n.lab.kill(ctx, n.node) }

// Revive starts a node that has crashed. One that runs is left alone.
func (n Node) Revive(ctx context.Context) error { return n.lab.start(ctx, n.node) }

// Ask has the node, which must be an agent of the lab such as replicator.us-east-1, ask a question as its network sees
// the address. The error is fault.ErrWitness when the agent could not be asked.
func (n Node) Ask(ctx context.Context, q probe.Question) (probe.Answer, error) {
	return n.lab.askFrom(ctx, n.node.Name(), q)
}

// Trip has the node, an agent as in Ask, make a round trip to a service at an address as its network sees it.
func (n Node) Trip(ctx context.Context, s topology.Service, address string) error {
	a, err := n.Ask(ctx, probe.Question{Way: probe.RoundTrip, Service: s, Address: address})
	if err != nil {
		return err
	}
	return a.Err()
}
