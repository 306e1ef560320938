package drill

import (
	"context"
	"fmt"
	"time"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

func (d *drill) runSteps(ctx context.Context) error {
	for i, s := range d.plan.Steps {
		due, waited := d.steady+s.At, false
		if s.After != "" {
			due, waited = d.doneAt[s.After]+s.At, true
		} else if what := s.waitsFor(); what != "" {
			met, err := d.await(ctx, s)
			if err != nil {
				return err
			}
			if !met {
				d.say("gave up waiting for %q: the steps after it are left out", what)
				d.recordSkipped(d.plan.Steps[i:], what)
				return nil
			}
			due, waited = d.rec.Now()+s.At, true
		} else if s.At == 0 { // no time is asked for: it comes after the one before it
			due = max(due, d.rec.Now())
		}
		d.stepBegan = d.rec.Now()
		if err := d.awaitDue(ctx, due); err != nil {
			return err
		}
		if err := d.runStep(ctx, s, s.begun(waited, due)); err != nil {
			return err
		}
		if s.Name != "" {
			if len(s.Inject) == 0 {
				d.doneAt[s.Name] = d.rec.Now()
			}
			for i := range s.Inject { // the last of them
				f := d.guards[len(d.guards)-1-i]
				d.doneAt[s.Name] = max(d.doneAt[s.Name], f.record.Effective.Hi)
			}
		}
	}
	return d.endAll(ctx)
}

// awaitDue waits until a step is due. Faults that are to end before that end in time.
func (d *drill) awaitDue(ctx context.Context, due time.Duration) error {
	for f := d.nextToEnd(); f != nil && f.until <= due; f = d.nextToEnd() {
		if err := d.endInTime(ctx, f); err != nil {
			return err
		}
	}
	return d.sleepUntil(ctx, due)
}

func (d *drill) sleepUntil(ctx context.Context, due time.Duration) error {
	err := d.poll(ctx, func() (bool, error) {
		seen := d.rec.Snapshot()
		d.live.Follow(seen) // a little now, and not all of it when the service is measured
		d.recovered(seen)   // it is said when it is, also while a step waits
		return d.rec.Now() >= due-lookEvery, nil
	})
	if err != nil {
		return err
	}
	select { // what is left is less than the time between two looks
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(due - d.rec.Now()):
		return nil
	}
}

// dueStep is a step that is due.
type dueStep struct {
	history.Step
	noted bool // that it is late
}

// begun is the step as it is recorded. What it injects is recorded one by one.
func (s Step) begun(waited bool, due time.Duration) history.Step {
	out := history.Step{Waited: waited, Due: due}
	switch {
	case len(s.Inject) > 0:
		out.Action = history.ActionInject
	case s.Heal != "":
		out.Action, out.Of = "heal", s.Heal
	case s.Switchover != "":
		out.Action, out.Of = history.Switchover, s.Switchover
	case s.Failover != "":
		out.Action, out.Of, out.By = history.ActionFailover, s.Failover, s.By
	case s.Note != "":
		out.Action, out.Of, out.By = "note", s.Note, s.By
	case s.Replicate != "":
		out.Action, out.Of = "replicate", s.Replicate
	case s.Restore != nil:
		out.Action, out.Of = "restore", s.Restore.Rule
	default:
		out.Action, out.Of = "job", s.Job
	}
	return out
}

// begin records that a step begins now.
func (d *drill) begin(s *dueStep) (now time.Duration) {
	now = d.rec.Now()
	d.recordStep(s, now)
	return now
}

// recordStep records when a step began.
func (d *drill) recordStep(s *dueStep, began time.Duration) {
	s.Began = began
	d.tellLate(s, began)
	d.rec.Step(s.Step)
}

// tellLate says, once, that a step is late. Steps are done one after the other: each waits until the fault before it is
// confirmed, and has a baseline to take. Two at once could not be told apart: a region that is lost takes away the very
// links over which the fault before it is just being looked for, and a baseline that is taken while something else
// comes into force is none.
func (d *drill) tellLate(s *dueStep, now time.Duration) {
	if late := now - s.Due; late > measure.LateStep && !s.noted {
		s.noted = true
		d.sayFault("%s was due at %s of the drill, and is %s late", s.Words(), measure.Exactly(s.Due),
			measure.Exactly(late))
	}
}

// recordSkipped records the faults that were not injected: a drill that was to break more than it broke does not pass.
func (d *drill) recordSkipped(steps []Step, c string) {
	for _, s := range steps {
		if s.Switchover != "" { // the regions were to change roles, and did not
			now := d.rec.Now()
			d.rec.Fault(history.Fault{
				Name: history.Switchover, Target: s.Switchover, Command: now,
				Effective: &history.Interval{Lo: now, Hi: now}, Confirmed: true,
				By: fmt.Sprintf("not ordered: %q never came", c),
			})
		}
		for _, spec := range s.Inject {
			d.rec.Fault(history.Fault{
				Name: spec.Kind(), Target: spec.Target(), Command: d.rec.Now(),
				By: fmt.Sprintf("not injected: %q never came", c),
			})
		}
	}
}

func (d *drill) runStep(ctx context.Context, s Step, as history.Step) error {
	if len(s.Inject) > 0 || s.Switchover != "" {
		d.stopLags() // from here on the lab is broken: its lags say nothing about copying undisturbed
	}
	if len(s.Inject) > 0 {
		d.recordBacklogs(ctx)
		return d.inject(ctx, s, as)
	}
	due := &dueStep{Step: as}
	d.tellLate(due, d.rec.Now())
	switch {
	case s.Heal != "":
		return d.healWhat(ctx, s.Heal, due)
	case s.Switchover != "":
		return d.switchOver(ctx, s.Switchover, d.begin(due))
	}
	d.begin(due)
	switch {
	case s.Replicate != "":
		return d.replicate(ctx, s.Replicate)
	case s.Restore != nil:
		return d.restore(ctx, *s.Restore)
	case s.Failover != "":
		return d.failOver(ctx, s)
	case s.Note != "":
		d.note(MarkNote, s.person()+": "+s.Note)
		return nil
	default:
		return d.order(ctx, s.Job)
	}
}

// healWhat heals what the step of that name injected, the last first, or the oldest fault of that kind in force.
func (d *drill) healWhat(ctx context.Context, what string, due *dueStep) error {
	var all []*guarded
	for _, g := range d.guards {
		switch {
		case g.State() == fault.Healed:
		case g.step == what:
			all = append([]*guarded{g}, all...)
		case g.Spec.Kind() == what && len(all) == 0:
			all = append(all, g)
		}
	}
	if len(all) == 0 {
		return fmt.Errorf("heal %s: it was not injected", what)
	}
	for _, g := range all {
		d.readBeforeReturn(ctx, g)
		if due.Began == 0 {
			d.begin(due)
		}
		if err := d.heal(ctx, g); err != nil {
			return err
		}
	}
	return nil
}

// await waits for what a step waits for; false when it did not come in time.
func (d *drill) await(ctx context.Context, s Step) (met bool, err error) {
	if s.Stage != "" {
		return d.awaitStage(ctx, s.Stage)
	}
	return d.awaitCondition(ctx, s.When)
}

// awaitCondition waits for a mark or for the recovery; false when it did not come in time, which is the system's
// affair.
func (d *drill) awaitCondition(ctx context.Context, c Condition) (met bool, err error) {
	limit := d.rec.Now() + max(d.plan.Observe, 30*time.Second)
	err = d.poll(ctx, func() (bool, error) {
		met = d.conditionMet(c)
		return met || d.rec.Now() > limit, d.endThoseDue(ctx)
	})
	return met, err
}

func (d *drill) conditionMet(c Condition) bool {
	h := d.rec.Snapshot()
	back, _ := d.recovered(h)
	if c == Recovered {
		return back
	}
	for _, m := range h.Marks {
		if m.Name == string(c) && m.At.Hi >= d.stepBegan {
			return true
		}
	}
	return false
}
