package fault

import (
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// FreezeConfig keeps what is published from the nodes of a region.
type FreezeConfig struct {
	Configured `yaml:",inline"`
}

// Kind is freeze_config.
func (*FreezeConfig) Kind() string { return "freeze_config" }

// Validate asks for a region.
func (f *FreezeConfig) Validate(t topology.Topology) error { return f.validate(t) }

// For makes the fault ready.
func (f *FreezeConfig) For(l Lab) (Fault, error) {
	d, err := f.delivery(l, f.Kind(), api.DeliveryOrder{Do: api.DeliverNothing})
	if err != nil {
		return nil, err
	}
	return &frozenConfig{delivery: d}, nil
}
