package fault

import (
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// RepeatStep does a step a second time after it is done.
type RepeatStep struct {
	Step `yaml:",inline"`
}

// Kind is repeat_step.
func (*RepeatStep) Kind() string { return "repeat_step" }

// Validate asks for a step.
func (f *RepeatStep) Validate(t topology.Topology) error { return f.validate(t) }

// For makes the fault ready.
func (f *RepeatStep) For(l Lab) (Fault, error) {
	return f.faulty(l, api.StepFault{Do: api.OrderRepeat})
}
