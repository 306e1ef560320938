package fault

import (
	"github.com/regionfall/regionfall/lab/topology"
)

// PauseReplication lets nothing more arrive.
type PauseReplication struct {
	Replicated `yaml:",inline"`
}

// Kind is pause_replication.
func (*PauseReplication) Kind() string { return "pause_replication" }

// Validate asks for a store and a region.
func (f *PauseReplication) Validate(t topology.Topology) error { return f.validate(t) }

// For makes the fault ready.
func (f *PauseReplication) For(l Lab) (Fault, error) {
	s, err := f.flow(l, f.Kind(), badly{Do: doPause})
	if err != nil {
		return nil, err
	}
	return &pausedStream{replication{flow: s}}, nil
}
