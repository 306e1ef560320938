package fault

import (
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// Refuse closes a port: new connections are refused and open ones dropped, as when a process has crashed.
type Refuse struct {
	Links `yaml:",inline"`
}

// Kind is refuse.
func (*Refuse) Kind() string { return "refuse" }

// Validate asks for links.
func (f *Refuse) Validate(t topology.Topology) error { return f.validate(t) }

// For makes the fault ready.
func (f *Refuse) For(l Lab) (Fault, error) {
	return f.broken(l, LinkState{Cut: true}, hasSymptom(probe.Refused))
}
