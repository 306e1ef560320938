// Package observe looks at a running lab past all faults: what its nodes say of themselves, and whether that is what
// the topology asks for.
package observe

import (
	"context"
	"fmt"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// Lab is what is looked at.
type Lab interface {
	Topology() topology.Topology
	// Places are those of its nodes.
	Places() []topology.Place
	// Paths are those that its hub carries.
	Paths() []topology.Path
	// Tap is where a node is reached past all faults, as host:port.
	Tap(node string) (string, error)
	// Door is where clients reach the app of a region.
	Door(region string) (string, error)
	// State is what the engine says of a node.
	State(ctx context.Context, node string) (topology.NodeState, error)
}

// View looks at a lab.
type View struct{ lab Lab }

// Of looks at a lab.
func Of(l Lab) View { return View{l} }

// at is whoever answers at a tap.
func at(tap string) api.HTTP { return api.HTTP{Base: "http://" + tap} }

// asked says of an error who was asked.
func asked(whom string, err error) error {
	if err != nil {
		err = fmt.Errorf("ask %s: %w", whom, err)
	}
	return err
}
