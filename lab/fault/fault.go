// Package fault holds the ways of breaking a lab, one file each. A fault is data (a Spec); made ready for a lab it
// can be injected and healed, and an independent probe says whether it is in force and whether it is gone. The guard
// runs that life; nothing else calls a fault.
package fault

import (
	"context"
	"errors"
	"time"

	"github.com/regionfall/regionfall/lab/link/toxic"
	"github.com/regionfall/regionfall/lab/probe"
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

// Scheduled is a Spec with a time that a scenario schedules, such as how far a replica is behind. It has that time in
// the real world until Scaled divides it, to whole milliseconds; Validate is about the lab's.
type Scheduled interface {
	Spec
	Scaled(timescale float64) Spec
}

func scaled(d time.Duration, timescale float64) time.Duration {
	return time.Duration(float64(d) / timescale).Round(time.Millisecond)
}

// Fault is a Spec made ready for one lab. Heal and Gone work also on one that was made ready by another process than
// the one that injected it: what they have to undo and to see follows from the Spec and from what the lab knows to be
// held.
//
// Baseline, InForce and Gone are the probe. Each looks at the lab once, by another way than Inject went, and says in
// a sentence what it saw. Its error says that nobody can tell. No single look is believed: the guard looks until
// several agree.
type Fault interface {
	// Baseline looks at the lab before Inject, and records what the other two compare with. already is that it looks as
	// though the fault were in force: it could not be told apart.
	Baseline(ctx context.Context) (already bool, observed string, err error)
	Inject(ctx context.Context) error
	// InForce says whether the fault holds right now.
	InForce(ctx context.Context) (in bool, observed string, err error)
	Heal(ctx context.Context) error
	// Gone says, after Heal, whether the fault has let go: whatever is still broken then, something else broke.
	Gone(ctx context.Context) (gone bool, observed string, err error)
}

// Lab is what a fault may do to a lab. Whatever is held is held for this one fault: others may hold it too, and it is
// free when all have let go.
type Lab interface {
	Topology() topology.Topology
	// Links are those for which keep says yes, never taps; none is an error.
	Links(keep func(Path) bool) ([]Link, error)
	// Nodes are those for which keep says yes; none is an error.
	Nodes(keep func(Place) bool) ([]Node, error)
}

// Path is where a link leads: one way, from a region (or topology.Clients, topology.Global) to a service elsewhere.
type Path struct {
	Name     string
	From, To string
	Service  topology.Service
	Control  bool // only the automation looks over it, at the region that it watches
}

// Link is a path that can be broken.
type Link interface {
	Path() Path
	// Hold breaks the link, in place of how it was held for this fault before.
	Hold(ctx context.Context, state LinkState) error
	// Release lets go. It says whether the link is free now: another fault may hold it too.
	Release(ctx context.Context) (free bool, err error)
	// Ask asks from where the link starts. Who asks does not know what was done to the link: it is the independent
	// witness. The error is ErrWitness when the question could not be asked, and says nothing about the link.
	Ask(ctx context.Context, q probe.Question) (probe.Answer, error)
	// Behind says whether the service answers to which the link leads, asked past all links.
	Behind(ctx context.Context) error
}

// LinkState is how a link is held. The zero value breaks nothing.
type LinkState struct {
	Cut    bool // refuse new connections and drop the open ones
	Deaf   bool // let attempts to connect go unanswered
	Toxics []toxic.Toxic
}

// ErrWitness says that a question could not be asked: nothing is known about what it was about.
var ErrWitness = errors.New("no witness")

// Place is where a node is, and what it is there for.
type Place struct {
	Name     string
	Region   string
	Service  topology.Service
	Process  bool // of the app: it takes no requests, and need not answer anything
	Volatile bool // what it stores is gone when it is killed
}

// Node is a container of the lab.
type Node interface {
	Place() Place
	// Hold kills or freezes the node, in place of how it was held for this fault before.
	Hold(ctx context.Context, s topology.NodeState) error
	// Release lets go: a node that nobody holds runs again. It says whether the node is free.
	Release(ctx context.Context) (free bool, err error)
	// State asks the engine.
	State(ctx context.Context) (topology.NodeState, error)
	// Ask asks past all faults of links.
	Ask(ctx context.Context, q probe.Question) (probe.Answer, error)
}

// Abilities of nodes, found by type assertion through ask.go.
type (
	// Database runs one statement and gives the first value of the first row as text.
	Database interface {
		Query(ctx context.Context, sql string) (string, error)
	}
	// Agent calls the node's HTTP with a document and reads the answer into out; nil is none of either.
	Agent interface {
		Call(ctx context.Context, method, path string, in, out any) error
	}
	// Stores are what a node holds things in.
	Stores interface {
		// Store of topology.ServiceS3 or ServiceDynamoDB: one node may serve both.
		Store(s topology.Service) (Store, error)
	}
	// Life names the life that a node is in: another one begins whenever it is started.
	Life interface {
		Life(ctx context.Context) (string, error)
	}
	// Shell runs a command in the node, as the node's own user.
	Shell interface {
		Run(ctx context.Context, command ...string) (output string, err error)
	}
	// Disk is the small disk of its own that a node has its data on, at topology.DataDir.
	Disk interface {
		// Tend runs a shell script as the node's own user where the disk is, whatever the node is doing.
		Tend(ctx context.Context, script string) error
		// Enter runs a shell script among the mounts of the running node, with the right to change them for it and for
		// nobody else.
		Enter(ctx context.Context, script string) error
	}
)

// Store holds things by key, as S3 and DynamoDB do, in the lab's bucket or table.
type Store interface {
	// Put writes a thing of so many bytes, as the app would: with the region, and the time of the call.
	Put(ctx context.Context, key string, size int) error
	Has(ctx context.Context, key string) (bool, error)
	Delete(ctx context.Context, key string) error
	// Size is how many bytes the things have whose keys begin so. It may leave out what was written before since.
	Size(ctx context.Context, prefix string, since time.Time) (int64, error)
}
