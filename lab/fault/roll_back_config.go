package fault

import (
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// RollBackConfig gives the nodes of a region the document before the one they have.
type RollBackConfig struct {
	Configured `yaml:",inline"`
}

// Kind is roll_back_config.
func (*RollBackConfig) Kind() string { return "roll_back_config" }

// Validate asks for a region.
func (f *RollBackConfig) Validate(t topology.Topology) error { return f.validate(t) }

// For makes the fault ready.
func (f *RollBackConfig) For(l Lab) (Fault, error) {
	d, err := f.delivery(l, f.Kind(), api.DeliveryOrder{Do: api.DeliverFormer})
	if err != nil {
		return nil, err
	}
	return &rolledBack{frozenConfig{delivery: d}}, nil
}
