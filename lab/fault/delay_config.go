package fault

import (
	"errors"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// DelayConfig has what is published reach the nodes of a region late. The timescale of a scenario divides the delay.
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

// Scaled is the fault at a timescale.
func (f *DelayConfig) Scaled(timescale float64) Spec {
	s := *f
	s.Delay = scaled(f.Delay, timescale)
	return &s
}

// For makes the fault ready.
func (f *DelayConfig) For(l Lab) (Fault, error) {
	d, err := f.delivery(l, f.Kind()+" "+f.Delay.String(), deliveryOrder{Do: "delay", Delay: f.Delay})
	if err != nil {
		return nil, err
	}
	return &lateConfig{delivery: d, asked: f.Delay}, nil
}
