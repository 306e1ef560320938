// Package fault holds the ways of breaking a lab, one file each. A fault is data (a Spec); made ready for a lab it can be injected,
// asked by an independent probe whether it is in force, and healed. The guard runs that life; nothing else calls a fault.
package fault

import (
	"context"
	"errors"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// Spec is a fault as asked for: a struct of typed parameters with yaml tags.
type Spec interface {
	// Kind is the name in the catalogue, such as lose_region.
	Kind() string
	// Validate says everything that is wrong with the parameters for this topology, in one joined error.
	Validate(t topology.Topology) error
	// Target is what is broken, in a few words: "us-east-1", "us-east-1 to us-west-2".
	Target() string
	// For makes the fault ready for a lab.
	For(l Lab) (Fault, error)
}

// Fault is a Spec made ready for one lab.
type Fault interface {
	Inject(ctx context.Context) error
	// InForce asks the lab, by another way than Inject went, whether the fault holds right now. The sentence says what was seen.
	InForce(ctx context.Context) (bool, string, error)
	Heal(ctx context.Context) error
}

// Lab is what a fault may do to a lab.
type Lab interface {
	Topology() topology.Topology
	// Links are those for which keep says yes; none is an error.
	Links(keep func(from, to string, s topology.Service) bool) ([]Link, error)
	// Nodes are those of a region; none is an error.
	Nodes(region string) ([]Node, error)
}

// ErrWitness says that a round trip could not be asked for: nothing is known about the link.
var ErrWitness = errors.New("no witness")

// Link is a one-way path from a region (or topology.Clients, topology.Global) to a service elsewhere.
type Link interface {
	Name() string
	Cut(ctx context.Context) error     // refuse new connections and drop the open ones
	Restore(ctx context.Context) error // undo Cut
	// Delay adds latency each way, replacing any added before; zero removes it.
	Delay(ctx context.Context, latency, jitter time.Duration) error
	// Trip makes one round trip through the link from where it starts and says how long it took. It does not know what was
	// done to the link: it is the independent witness. ErrWitness means that it was not made, and says nothing about the link.
	Trip(ctx context.Context) (time.Duration, error)
}

// Node is a container of the lab.
type Node interface {
	Name() string
	// Volatile nodes lose their store when killed: they are frozen instead.
	Volatile() bool
	Kill(ctx context.Context) error
	Start(ctx context.Context) error
	Freeze(ctx context.Context) error
	Thaw(ctx context.Context) error
	// Running asks the engine.
	Running(ctx context.Context) (bool, error)
}
