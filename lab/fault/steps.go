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
	Step string `yaml:"step" about:"Of the failover: fence, promote, redirect and others."`
}

// Target is the step.
func (s Step) Target() string { return "step " + s.Step + " of the automation" }

func (s Step) steps() string { return s.Step }

func (s Step) validate(t topology.Topology) error {
	steps := t.Steps()
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

// spoiledStep is a step that the automation was told to do badly. That it was told is in force at once; what comes of it shows, with a
// mark, when there is a failover.
type spoiledStep struct {
	step       string
	to         api.StepFault
	automation Node
	healed     bool
}

func (s Step) spoiled(l Lab, to api.StepFault) (*spoiledStep, error) {
	automation, err := l.Nodes(func(p Place) bool { return p.Service == topology.ServiceAutomation })
	if err != nil {
		return nil, fmt.Errorf("automation: %w", err)
	}
	return &spoiledStep{step: s.Step, to: to, automation: automation[0]}, nil
}

func (s *spoiledStep) agent() api.Automation { return api.Automation{Caller: agentOf(s.automation)} }

// Inject tells the automation.
func (s *spoiledStep) Inject(ctx context.Context) error {
	return s.agent().FailStep(ctx, s.step, s.to)
}

// Vouched is that the automation has taken the order.
func (*spoiledStep) Vouched() bool { return true }

// Lapsed is never: what the automation was told is used up when it comes to the step, and gone with a region that is lost.
func (*spoiledStep) Lapsed(context.Context) (bool, error) { return false, nil }

// Heal tells it to stop. One that is down has forgotten it.
func (s *spoiledStep) Heal(ctx context.Context) error {
	s.healed = true
	return unlessDown(ctx, s.automation, func(ctx context.Context) error {
		return s.agent().RestoreStep(ctx, s.step, s.to.Do)
	})
}

// InForce asks the automation what it was told.
func (s *spoiledStep) InForce(ctx context.Context) (bool, string, error) {
	told, err := s.agent().StepFaults(ctx)
	if err != nil {
		if state, serr := s.automation.State(ctx); s.healed && serr == nil && state == Down {
			return false, "the automation is down, and has forgotten what it was told", nil
		}
		return false, "", err
	}
	is, ok := told[s.step]
	switch {
	case ok && is.Do == s.to.Do:
		return true, fmt.Sprintf("the automation says that step %s is to %s", s.step, is.Do), nil
	case ok && !s.healed:
		return false, "", fmt.Errorf("step %s is to %s already, and takes one fault at a time", s.step, is.Do)
	}
	return false, fmt.Sprintf("the automation was not told to %s step %s", s.to.Do, s.step), nil
}
