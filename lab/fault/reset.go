package fault

import (
	"github.com/regionfall/regionfall/lab/link/toxic"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// Reset tears connections down in the middle: they are made, and reset at the first bytes.
type Reset struct {
	Links `yaml:",inline"`
}

// Kind is reset.
func (*Reset) Kind() string { return "reset" }

// Validate asks for links.
func (f *Reset) Validate(t topology.Topology) error { return f.validate(t) }

// For makes the fault ready.
func (f *Reset) For(l Lab) (Fault, error) {
	return f.broken(l, LinkState{Toxics: toxic.Reset(probe.Downstream)}, hasSymptom(probe.Reset))
}
