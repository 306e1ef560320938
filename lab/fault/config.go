package fault

import (
	"errors"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// Configured is a region whose configuration is tampered with.
type Configured struct {
	Region string `yaml:"region"`
}

// Target is the region.
func (c Configured) Target() string { return "the configuration of " + c.Region }

func (c Configured) validate(t topology.Topology) error { return regionIn(t, "region", c.Region) }

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
	d, err := f.delivery(l, f.Kind(), deliveryOrder{Do: "freeze"})
	if err != nil {
		return nil, err
	}
	return &frozenConfig{delivery: d}, nil
}

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
	d, err := f.delivery(l, f.Kind(), deliveryOrder{Do: "roll_back"})
	if err != nil {
		return nil, err
	}
	return &rolledBack{frozenConfig{delivery: d}}, nil
}

// DelayConfig has what is published reach the nodes of a region late. It is physical time: a timescale does not divide it.
type DelayConfig struct {
	Configured `yaml:",inline"`
	Delay      time.Duration `yaml:"delay"`
}

// Kind is delay_config.
func (*DelayConfig) Kind() string { return "delay_config" }

// The bounds of a delay: below, a busy machine is as late by itself; above, a drill is over before it has been seen.
const (
	leastConfigDelay = 500 * time.Millisecond
	mostConfigDelay  = 5 * time.Minute
)

// Validate asks for a region and a delay.
func (f *DelayConfig) Validate(t topology.Topology) error {
	return errors.Join(f.validate(t), wholeMS("delay", f.Delay, leastConfigDelay, mostConfigDelay))
}

// For makes the fault ready.
func (f *DelayConfig) For(l Lab) (Fault, error) {
	d, err := f.delivery(l, f.Kind()+" "+f.Delay.String(), deliveryOrder{Do: "delay", Delay: f.Delay})
	if err != nil {
		return nil, err
	}
	return &lateConfig{delivery: d, asked: f.Delay}, nil
}
