package fault

import (
	"github.com/regionfall/regionfall/lab/link/toxic"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// Stall is a process that hangs: connections are made, and then nothing comes.
type Stall struct {
	Links `yaml:",inline"`
}

// Kind is stall.
func (*Stall) Kind() string { return "stall" }

// Takes is the look in which it comes, and one more: both are silent.
func (*Stall) Takes(topology.Topology) Time { return Time{Seen: looks * silentFor} }

// Validate asks for links.
func (f *Stall) Validate(t topology.Topology) error { return f.validate(t) }

// For makes the fault ready.
func (f *Stall) For(l Lab) (Fault, error) {
	return f.broken(l, LinkState{Toxics: toxic.Swallow(probe.Both)}, hasSymptom(probe.Silence))
}
