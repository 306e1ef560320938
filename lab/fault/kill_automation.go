package fault

import (
	"context"
	"fmt"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

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
	s, err := f.faulty(l, api.StepFault{Do: api.OrderKill})
	if err != nil {
		return nil, err
	}
	return &killedAt{faultyStep: s}, nil
}

// killedAt is an automation that is to end its own process.
type killedAt struct {
	*faultyStep
	others bool // somebody else keeps the node from running, set by Heal
}

// Heal starts the automation again, if it has come to the step. It finds out from the world how far it was.
func (k *killedAt) Heal(ctx context.Context) error {
	if err := k.faultyStep.Heal(ctx); err != nil {
		return err
	}
	free, err := k.automation.Release(ctx)
	k.others = !free
	return err
}

// Baseline asks the automation for its orders.
func (k *killedAt) Baseline(ctx context.Context) (bool, string, error) { return k.InForce(ctx) }

// InForce asks the automation, or, if it has come to the step, the engine.
func (k *killedAt) InForce(ctx context.Context) (bool, string, error) {
	state, err := k.automation.State(ctx)
	switch {
	case err != nil:
		return false, "", err
	case state == topology.NodeRunning:
		return k.faultyStep.InForce(ctx)
	case state == topology.NodeDown:
		return true, "the engine says that the automation is down", nil
	}
	return false, "", fmt.Errorf("%s is %s", k.automation.Place().Name, state)
}

// Gone asks the automation, or the engine if it does not run.
func (k *killedAt) Gone(ctx context.Context) (bool, string, error) {
	state, err := k.automation.State(ctx)
	switch {
	case err != nil:
		return false, "", err
	case state == topology.NodeRunning:
		return k.faultyStep.Gone(ctx)
	case k.others:
		return true, "let go, and still held by other faults", nil
	case state == topology.NodeDown:
		return false, "the engine says that the automation is down", nil
	}
	return false, "", fmt.Errorf("%s is %s", k.automation.Place().Name, state)
}
