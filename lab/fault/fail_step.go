package fault

import (
	"errors"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// FailStep fails the next attempts at a step.
type FailStep struct {
	Step  `yaml:",inline"`
	Times int `yaml:"times" about:"The number of attempts that fail."`
}

// Kind is fail_step.
func (*FailStep) Kind() string { return "fail_step" }

// maxFailures is more attempts than any step gets in a drill.
const maxFailures = 10_000

// Validate asks for a step, and how often it fails.
func (f *FailStep) Validate(t topology.Topology) error {
	err := f.validate(t)
	if f.Times < 1 || f.Times > maxFailures {
		err = errors.Join(err, invalid("times", "is %d; it must be between 1 and %d", f.Times, maxFailures))
	}
	return err
}

// For makes the fault ready.
func (f *FailStep) For(l Lab) (Fault, error) {
	return f.faulty(l, api.StepFault{Do: api.OrderFail, Times: f.Times})
}
