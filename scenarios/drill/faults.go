package drill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// inject breaks the lab, and records when each of what a step injects took effect. Several come at one moment: the
// baselines of all are taken before.
func (d *drill) inject(ctx context.Context, step Step, as history.Step) error {
	var all []*guarded
	for _, spec := range step.Inject {
		g, err := d.lab.Guard(spec, d.rec.Now)
		if err != nil {
			return err
		}
		all = append(all, &guarded{Guard: g, record: recordOf(spec, d.rec.Now()), step: step.Name})
	}
	d.guards = append(d.guards, all...)
	if len(all) > 1 {
		for _, f := range all {
			if err := f.Prepare(ctx); err != nil {
				return err
			}
		}
	}
	var together sync.WaitGroup
	errs := make([]error, len(all))
	for i, f := range all {
		due := &dueStep{Step: as}
		due.Of, due.Target = f.Spec.Kind(), f.Spec.Target()
		d.tellLate(due, d.rec.Now())
		d.sayFault("inject %s: %s", f.Spec.Kind(), f.Spec.Target())
		f.Ordered = func(at time.Duration) { d.recordStep(due, at) } // its baseline was taken before
		together.Go(func() { errs[i] = d.injectOne(ctx, f, step.For) })
	}
	together.Wait()
	d.lastFault = d.rec.Now()
	return errors.Join(errs...)
}

// injectOne injects a fault, and records it.
func (d *drill) injectOne(ctx context.Context, f *guarded, lasts time.Duration) error {
	s, err := f.Inject(ctx)
	switch {
	case errors.Is(err, fault.ErrUnconfirmed) && ctx.Err() == nil:
		f.record.By = err.Error()
		d.rec.Fault(f.record)
		return fmt.Errorf("%w: %w", ErrProvesNothing, err)
	case err != nil:
		f.record.By = err.Error()
		d.rec.Fault(f.record) // half of it may be in force
		return err
	}
	f.record.Command, f.record.Confirmed, f.record.By = s.Command, true, s.By
	f.record.Effective = &history.Interval{Lo: s.Window.Lo, Hi: s.Window.Hi}
	d.rec.Fault(f.record)
	if lasts > 0 {
		f.until = s.Window.Hi + lasts
	}
	d.sayFault("%s is in force%s: %s", f.Spec.Kind(), sinceWhen(d.rec.Now()-s.Window.Hi), brief(s.By))
	return nil
}

// recordOf is a fault that is to be ordered, as it is recorded.
func recordOf(spec fault.Spec, now time.Duration) history.Fault {
	record := history.Fault{Name: spec.Kind(), Target: spec.Target(), Command: now}
	switch spec := spec.(type) {
	case *fault.LoseRegion:
		record.Regions = []string{spec.Region}
	case *fault.DropRecords:
		record.Drops = &history.Drops{
			Stage: string(spec.Stage), Partition: string(spec.Partition), Share: float64(spec.Share),
		}
	}
	return record
}

// sinceWhen says since when something is so that is confirmed now, where that makes a difference: what came of it may
// have been told before.
func sinceWhen(ago time.Duration) string {
	if ago < lookEvery {
		return ""
	}
	return fmt.Sprintf(" since %s ago, confirmed now", measure.Exactly(ago))
}

func (d *drill) heal(ctx context.Context, f *guarded) error {
	if f.gaveUp || f.State() == fault.Healed || f.State() == fault.Idle {
		return nil
	}
	d.sayFault("heal %s: %s", f.Spec.Kind(), f.Spec.Target())
	m, err := f.Heal(ctx)
	if m.Lapsed != nil {
		f.record.Lapsed = &history.Interval{Lo: m.Lapsed.Lo, Hi: m.Lapsed.Hi}
		d.rec.Fault(f.record) // also if it can't be healed
		d.sayFault("%s was not in force any more: it was last seen %s before", f.Spec.Kind(),
			(m.Lapsed.Hi - m.Lapsed.Lo).Round(time.Millisecond))
	}
	if err != nil {
		f.gaveUp = true
		return err
	}
	f.record.Healed = &history.Interval{Lo: m.Lo, Hi: m.Hi}
	d.rec.Fault(f.record)
	d.sayFault("%s is healed", f.Spec.Kind())
	return nil
}

// healAll heals every fault, the last first. It may be called again, and works on a context that has ended: whoever
// interrupts a drill wants the lab whole.
func (d *drill) healAll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Duration(max(1, len(d.guards)))*undoWithin)
	defer cancel()
	var errs []error
	for _, f := range slices.Backward(d.guards) {
		errs = append(errs, d.heal(ctx, f))
	}
	return errors.Join(errs...)
}

// followMarks collects the agents' marks until it is stopped.
func (d *drill) followMarks(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	exchanges := make(chan Exchange)
	m := &markRecorder{clocks: map[string]*history.ClockSync{}, from: d.rec.Now(), rec: d.rec, say: d.say}
	go func() {
		defer close(exchanges)
		err := d.lab.FollowMarks(ctx, d.rec.Now, func(x Exchange) { exchanges <- x })
		if err != nil && ctx.Err() == nil {
			d.say("the agents' marks are lost: %v", err)
		}
	}()
	go func() {
		defer close(done)
		for x := range exchanges {
			m.record(x)
		}
	}()
	return func() { cancel(); <-done }
}

// reportLoad reports the load to the watcher several times a second.
func (d *drill) reportLoad(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				d.emit(Event{Load: d.load.Stats()})
			}
		}
	}()
	return func() { cancel(); <-done }
}

// poll looks until done says yes, an error, or ctx ends.
func (d *drill) poll(ctx context.Context, done func() (bool, error)) error {
	return d.pollEvery(ctx, lookEvery, done)
}

func (d *drill) pollEvery(ctx context.Context, every time.Duration, done func() (bool, error)) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		if err := d.rec.Err(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

func (d *drill) enterPhase(phase string) {
	d.mu.Lock()
	d.phase = phase
	d.mu.Unlock()
	d.rec.Phase(phase)
	d.say("%s", phase)
}

// note leaves a mark of the harness' own.
func (d *drill) note(name, detail string) {
	now := d.rec.Now()
	d.rec.Mark(history.Mark{At: history.Interval{Lo: now, Hi: now}, Source: "harness", Name: name, Detail: detail})
	d.say("%s: %s", name, detail)
}

func (d *drill) say(format string, args ...any) { d.emit(Event{Text: fmt.Sprintf(format, args...)}) }

func (d *drill) sayFault(format string, args ...any) {
	d.emit(Event{Text: fmt.Sprintf(format, args...), Fault: true})
}

func (d *drill) emit(e Event) {
	if d.watch == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	e.At, e.Phase = d.rec.Now(), d.phase
	d.watch(e)
}
