package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/state"
)

// Guard makes a fault ready for this lab. now is the clock its sightings are given on. The fault is this process's to
// heal; should it die, the next command does.
func (l *Lab) Guard(spec fault.Spec, now func() time.Duration) (*fault.Guard, error) {
	lab, err := l.newFaultLab(spec)
	if err != nil {
		return nil, err
	}
	return fault.NewGuard(spec, lab, now)
}

// Faults are those of a lab that stay when the process that injected them has ended.
type Faults struct{ l *Lab }

// Faults are those that are injected into the lab, by whomever on this machine.
func (l *Lab) Faults() Faults { return Faults{l} }

// Inject injects a fault that stays when this process has ended, until Heal. After an error it is healed.
func (f Faults) Inject(ctx context.Context, spec fault.Spec) (fault.Sighting, Note, error) {
	if err := spec.Validate(f.l.topology); err != nil {
		return fault.Sighting{}, Note{}, err
	}
	lab, err := f.l.newFaultLab(spec)
	if err != nil {
		return fault.Sighting{}, Note{}, err
	}
	start := time.Now()
	g, err := fault.NewGuard(spec, lab, func() time.Duration { return time.Since(start) })
	if err != nil {
		return fault.Sighting{}, Note{}, err
	}
	if g.Driven() {
		return fault.Sighting{}, Note{}, fmt.Errorf("inject %s: it lasts only while somebody drives it: use a Guard",
			spec.Kind())
	}
	s, err := g.Inject(ctx)
	if err == nil {
		err = lab.entry.Keep()
	}
	if err != nil {
		_, herr := g.Heal(context.WithoutCancel(ctx))
		return s, Note{}, errors.Join(err, herr)
	}
	return s, lab.entry.Note(), nil
}

// List has the faults that are injected now, the oldest first.
func (f Faults) List() ([]Note, error) {
	led, err := state.LedgerOf(f.l.Name)
	if err != nil {
		return nil, err
	}
	return led.Notes()
}

// Heal heals a fault that another process injected. One that a process still answers for is left alone, with an error.
func (f Faults) Heal(ctx context.Context, n Note) error {
	spec, ok := fault.New(n.Kind)
	if !ok {
		return fmt.Errorf("heal %s: this version knows no such fault", n.Kind)
	}
	if err := json.Unmarshal(n.Parameters, spec); err != nil {
		return fmt.Errorf("heal %s on %s: read its parameters: %w", n.Kind, n.Target, err)
	}
	led, err := state.LedgerOf(f.l.Name)
	if err != nil {
		return err
	}
	lab := &faultLab{Lab: f.l, entry: led.Entry(n)}
	if err := lab.entry.Take(); err != nil {
		return fmt.Errorf("heal %s on %s: %w", n.Kind, n.Target, err)
	}
	start := time.Now()
	g, err := fault.Resume(spec, lab, func() time.Duration { return time.Since(start) })
	if err != nil {
		return errors.Join(err, lab.entry.Release())
	}
	if _, err = g.Heal(ctx); err != nil {
		return errors.Join(err, lab.entry.Release())
	}
	return nil
}

// healOrphans heals the faults of a lab that nobody answers for: neither standing by somebody's will, nor of a process
// that lives. The last that was injected is healed first.
func healOrphans(ctx context.Context, e *node.Engine, name string) (healed []string, err error) {
	led, err := state.LedgerOf(name)
	if err != nil {
		return nil, err
	}
	notes, err := led.Notes()
	if err != nil {
		return nil, err
	}
	notes = slices.DeleteFunc(notes, func(n Note) bool { return n.Standing || led.Answered(n.ID) })
	if len(notes) == 0 {
		return nil, nil
	}
	l, err := attach(ctx, e, name)
	if err != nil {
		return nil, err
	}
	defer l.Leave()
	var errs []error
	for _, n := range slices.Backward(notes) {
		if err := l.Faults().Heal(ctx, n); err != nil && !errors.Is(err, state.ErrAnswered) {
			errs = append(errs, err)
			continue
		}
		healed = append(healed, n.Kind+" on "+n.Target)
	}
	return healed, errors.Join(errs...)
}
