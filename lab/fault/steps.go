package fault

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// Step is a step of the failover automation.
type Step struct {
	Step string `yaml:"step" about:"The step of the failover, such as fence, promote or redirect."`
}

// Target is the step.
func (s Step) Target() string { return "step " + s.Step + " of the automation" }

func (s Step) steps() string { return s.Step }

func (s Step) validate(t topology.Topology) error {
	steps := api.StepNames(t)
	switch {
	case t.Automation.Off:
		return invalid("step", "can't be chosen: the topology has no automation")
	case s.Step == "":
		return invalid("step", "is missing: give one of %s", strings.Join(steps, ", "))
	case !slices.Contains(steps, s.Step):
		return unknown("step", steps, "%q is not one of the topology: those are %s", s.Step, strings.Join(steps, ", "))
	}
	return nil
}

// faultyStep is a step that the automation has orders to do wrong. The order is in force at once; what comes of it
// shows, with a mark, when there is a failover.
type faultyStep struct {
	step       string
	order      api.StepFault
	automation Node
}

func (s Step) faulty(l Lab, order api.StepFault) (*faultyStep, error) {
	automation, err := l.Nodes(func(p Place) bool { return p.Service == topology.ServiceAutomation })
	if err != nil {
		return nil, fmt.Errorf("automation: %w", err)
	}
	return &faultyStep{step: s.Step, order: order, automation: automation[0]}, nil
}

func (s *faultyStep) agent() api.Automation { return api.Automation{Caller: agentOf(s.automation)} }

// Inject gives the automation the order.
func (s *faultyStep) Inject(ctx context.Context) error {
	return s.agent().FailStep(ctx, s.step, s.order)
}

// Vouched is that the automation has taken the order.
func (*faultyStep) Vouched() bool { return true }

// Lapsed is never: the order is used up when the automation comes to the step, and gone with a region that is lost.
func (*faultyStep) Lapsed(context.Context) (bool, error) { return false, nil }

// Heal takes the order back. An automation that is down has forgotten it.
func (s *faultyStep) Heal(ctx context.Context) error {
	return unlessDown(ctx, s.automation, func(ctx context.Context) error {
		return s.agent().RestoreStep(ctx, s.step, s.order.Do)
	})
}

// Baseline asks the automation for its orders.
func (s *faultyStep) Baseline(ctx context.Context) (bool, string, error) { return s.InForce(ctx) }

// InForce asks the automation for its orders.
func (s *faultyStep) InForce(ctx context.Context) (bool, string, error) {
	orders, err := s.agent().StepFaults(ctx)
	if err != nil {
		return false, "", err
	}
	is, ok := orders[s.step]
	switch {
	case ok && is.Do == s.order.Do:
		return true, fmt.Sprintf("the automation has orders to %s step %s", is.Do, s.step), nil
	case ok:
		return false, "",
			fmt.Errorf("the automation has orders to %s step %s already, and a step takes one fault at a time", is.Do,
				s.step)
	}
	return false, s.without(), nil
}

func (s *faultyStep) without() string {
	return fmt.Sprintf("the automation has no orders to %s step %s", s.order.Do, s.step)
}

// Gone asks the automation for its orders.
func (s *faultyStep) Gone(ctx context.Context) (bool, string, error) {
	orders, err := s.agent().StepFaults(ctx)
	if err != nil {
		if state, serr := s.automation.State(ctx); serr == nil && state == topology.NodeDown {
			return true, "the automation is down, and has forgotten its orders", nil
		}
		return false, "", err
	}
	if is, ok := orders[s.step]; ok && is.Do == s.order.Do {
		return false, fmt.Sprintf("the automation still has orders to %s step %s", is.Do, s.step), nil
	}
	return true, s.without(), nil
}
