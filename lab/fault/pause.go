package fault

import (
	"github.com/regionfall/regionfall/lab/topology"
)

// Pause is a gray failure: the processes stop where they are. Connections are accepted, and nobody answers.
type Pause struct {
	Nodes `yaml:",inline"`
}

// Kind is pause.
func (*Pause) Kind() string { return "pause" }

// Takes is the look in which it comes, and one more: both are silent.
func (*Pause) Takes(topology.Topology) Time { return Time{Seen: looks * silentFor} }

// Validate asks for nodes, or a region.
func (f *Pause) Validate(t topology.Topology) error { return f.validate(t, true) }

// For makes the fault ready.
func (f *Pause) For(l Lab) (Fault, error) { return f.hold(l, topology.NodeFrozen) }
