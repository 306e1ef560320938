package fault

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/regionfall/regionfall/lab/topology"
)

// Step is a step of the failover automation.
type Step struct {
	Step string `yaml:"step"`
}

// Target is the step.
func (s Step) Target() string { return "step " + s.Step + " of the automation" }

func (s Step) validate(t topology.Topology) error {
	steps := topology.Steps(t.Strategy)
	switch {
	case t.Automation.Off:
		return errors.New("step can't be chosen: the topology has no automation")
	case s.Step == "":
		return fmt.Errorf("step is missing: give one of %s", strings.Join(steps, ", "))
	case !slices.Contains(steps, s.Step):
		return fmt.Errorf("step %q is not one of strategy %s: those are %s", s.Step, t.Strategy, strings.Join(steps, ", "))
	}
	return nil
}

// HangStep blocks a step until its deadline, at every attempt.
type HangStep struct {
	Step `yaml:",inline"`
}

// Kind is hang_step.
func (*HangStep) Kind() string { return "hang_step" }

// Validate asks for a step.
func (f *HangStep) Validate(t topology.Topology) error { return f.validate(t) }

// For makes the fault ready.
func (f *HangStep) For(l Lab) (Fault, error) { return f.spoiled(l, stepFault{Do: "hang"}) }

// FailStep fails the next attempts at a step.
type FailStep struct {
	Step  `yaml:",inline"`
	Times int `yaml:"times"`
}

// Kind is fail_step.
func (*FailStep) Kind() string { return "fail_step" }

// mostFailures is more attempts than any step gets in a drill.
const mostFailures = 10_000

// Validate asks for a step, and how often it fails.
func (f *FailStep) Validate(t topology.Topology) error {
	err := f.validate(t)
	if f.Times < 1 || f.Times > mostFailures {
		err = errors.Join(err, fmt.Errorf("times is %d; it must be between 1 and %d", f.Times, mostFailures))
	}
	return err
}

// For makes the fault ready.
func (f *FailStep) For(l Lab) (Fault, error) {
	return f.spoiled(l, stepFault{Do: "fail", Times: f.Times})
}

// RepeatStep does a step a second time after it is done.
type RepeatStep struct {
	Step `yaml:",inline"`
}

// Kind is repeat_step.
func (*RepeatStep) Kind() string { return "repeat_step" }

// Validate asks for a step.
func (f *RepeatStep) Validate(t topology.Topology) error { return f.validate(t) }

// For makes the fault ready.
func (f *RepeatStep) For(l Lab) (Fault, error) { return f.spoiled(l, stepFault{Do: "repeat"}) }

// KillAutomation ends the automation's process where a step would begin. It stays down until the fault is healed.
type KillAutomation struct {
	Step `yaml:",inline"`
}

// Kind is kill_automation.
func (*KillAutomation) Kind() string { return "kill_automation" }

// Validate asks for a step.
func (f *KillAutomation) Validate(t topology.Topology) error { return f.validate(t) }

// For makes the fault ready.
func (f *KillAutomation) For(l Lab) (Fault, error) {
	s, err := f.spoiled(l, stepFault{Do: "kill"})
	if err != nil {
		return nil, err
	}
	return &killedAt{spoiledStep: s}, nil
}

// stepFault is what the automation can be told of a step.
type stepFault struct {
	Do    string `json:"do"`
	Times int    `json:"times,omitempty"`
}

// spoiledStep is a step that the automation was told to do badly. That it was told is in force at once; what comes of it shows, with a
// mark, when there is a failover.
type spoiledStep struct {
	step       string
	to         stepFault
	automation Node
	healed     bool
}

func (s Step) spoiled(l Lab, to stepFault) (*spoiledStep, error) {
	automation, err := l.Nodes(func(p Place) bool { return p.Service == topology.ServiceAutomation })
	if err != nil {
		return nil, fmt.Errorf("automation: %w", err)
	}
	return &spoiledStep{step: s.Step, to: to, automation: automation[0]}, nil
}

// Inject tells the automation.
func (s *spoiledStep) Inject(ctx context.Context) error {
	return callAgent(ctx, s.automation, http.MethodPut, "/faults/"+url.PathEscape(s.step), s.to, nil)
}

// Heal tells it to stop. One that is down has forgotten it.
func (s *spoiledStep) Heal(ctx context.Context) error {
	s.healed = true
	return unlessDown(ctx, s.automation, func(ctx context.Context) error {
		return callAgent(ctx, s.automation, http.MethodDelete, "/faults/"+url.PathEscape(s.step)+"?do="+s.to.Do, nil, nil)
	})
}

// InForce asks the automation what it was told.
func (s *spoiledStep) InForce(ctx context.Context) (bool, string, error) {
	var told map[string]stepFault
	if err := callAgent(ctx, s.automation, http.MethodGet, "/faults", nil, &told); err != nil {
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

// killedAt is an automation that is to end its own process.
type killedAt struct {
	*spoiledStep
	held bool // somebody else keeps the node from running, set by Heal
}

// Heal starts the automation again, if it has come to the step. It finds out from the world how far it was.
func (k *killedAt) Heal(ctx context.Context) error {
	if err := k.spoiledStep.Heal(ctx); err != nil {
		return err
	}
	free, err := k.automation.Release(ctx)
	k.held = !free
	return err
}

// InForce asks the automation, or, if it has come to the step, the engine.
func (k *killedAt) InForce(ctx context.Context) (bool, string, error) {
	state, err := k.automation.State(ctx)
	switch {
	case err != nil:
		return false, "", err
	case state == Running:
		return k.spoiledStep.InForce(ctx)
	case k.healed && k.held:
		return false, "let go, and still held by other faults", nil
	case state == Down:
		return true, "the engine says that the automation is down", nil
	}
	return false, "", fmt.Errorf("%s is %s", k.automation.Place().Name, state)
}
