package lab

import (
	"context"

	"github.com/regionfall/regionfall/lab/engine"
	"github.com/regionfall/regionfall/lab/node"
)

// Engine is the container engine that labs are on.
type Engine struct{ nodes *node.Engine }

// EngineFacts are what a container engine says of itself and its machine.
type EngineFacts = node.Facts

// What may be wrong with the engine, in the words of package engine.
var (
	ErrNoEngine   = engine.ErrNone // there is none
	ErrEngineGone = engine.ErrGone // it has stopped answering
)

// Connect connects to the engine that package engine finds, and finds out where its published ports are reached. The
// error is an *engine.Problem, such as ErrNoEngine, or the context's.
func Connect(ctx context.Context) (*Engine, error) {
	e, err := node.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &Engine{e}, nil
}

// Close closes the connections to the engine.
func (e *Engine) Close() error { return e.nodes.Close() }

// Place says where the engine is, and why it is that one.
func (e *Engine) Place() engine.Place { return e.nodes.Place() }

// About is what the engine says of its version.
func (e *Engine) About() engine.About { return e.nodes.About() }

// Facts asks the engine about its machine.
func (e *Engine) Facts(ctx context.Context) (EngineFacts, error) { return e.nodes.Facts(ctx) }

// Networks is for how many more networks the engine has address pools.
func (e *Engine) Networks(ctx context.Context) (engine.Networks, error) { return e.nodes.Networks(ctx) }

// Usage is how many bytes the engine's images take, and how many of them no container uses. The engine may need
// seconds to count them.
func (e *Engine) Usage(ctx context.Context) (all, unused int64, err error) { return e.nodes.Usage(ctx) }

// Ports says where the ports are reached that the engine publishes.
func (e *Engine) Ports() Ports {
	return Ports{Host: e.nodes.Host(), Local: e.nodes.Local(), Exposed: e.nodes.Exposed()}
}

// Ports are where the ports of nodes are published.
type Ports struct {
	Host    string // where this process reaches them
	Local   bool   // on loopback only, since the engine runs where this process does
	Exposed bool   // on all addresses of the engine's machine
}

// Resource is a container, network or volume that a lab made.
type Resource struct {
	Kind string // container, network or volume
	Name string
	Lab  string
	Host string // the machine of the lab's owner, as the word that is in the file "host" of its state folder
}

// Resources lists what all labs have on the engine, whoever owns them.
func (e *Engine) Resources(ctx context.Context) ([]Resource, error) {
	found, err := e.nodes.Find(ctx, "")
	if err != nil {
		return nil, err
	}
	all := make([]Resource, len(found))
	for i, f := range found {
		all[i] = Resource{Kind: f.Kind, Name: f.Name, Lab: f.Labels[node.LabelLab], Host: f.Labels[node.LabelHost]}
	}
	return all, nil
}
