package fault

import (
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// HangStep blocks a step until its deadline, at every attempt.
type HangStep struct {
	Step `yaml:",inline"`
}

// Kind is hang_step.
func (*HangStep) Kind() string { return "hang_step" }

// Validate asks for a step.
func (f *HangStep) Validate(t topology.Topology) error { return f.validate(t) }

// For makes the fault ready.
func (f *HangStep) For(l Lab) (Fault, error) { return f.faulty(l, api.StepFault{Do: api.OrderHang}) }
