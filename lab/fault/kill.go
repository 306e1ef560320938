package fault

import (
	"github.com/regionfall/regionfall/lab/topology"
)

// Kill ends nodes with SIGKILL. They stay down until the fault is healed.
type Kill struct {
	Nodes `yaml:",inline"`
}

// Kind is kill.
func (*Kill) Kind() string { return "kill" }

// Validate asks for nodes.
func (f *Kill) Validate(t topology.Topology) error { return f.validate(t, false) }

// For makes the fault ready.
func (f *Kill) For(l Lab) (Fault, error) { return f.hold(l, topology.NodeDown) }
