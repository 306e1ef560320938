package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/image"
	"github.com/regionfall/regionfall/scenarios"
	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/workload"
)

// CheckOptions say what to check, and how.
type CheckOptions struct {
	Scenario *scenarios.Scenario
	Images   image.Options // what the command says goes before what the file does
	Say      func(string)  // told what happens; nil for none
}

// Checked is what a check saw, as far as it came.
type Checked struct {
	Running []Running      // the nodes of the app; nil for the sample app, which the lab runs in another way
	Write   *workload.Call // the last one; nil: it did not come to that
	Found   []Found        // where the write is
	Read    *workload.Call // of the write; nil: it did not come to that, or the app has no read
	Load    *CheckedLoad   // nil: it did not come to that
}

// Found is a store of a region, and whether it has a write.
type Found struct {
	Store  string // by its name in histories
	Region string
	After  time.Duration // the answer, it was seen there; or was given up
	Err    error         // nil: it is there
}

// CheckedLoad is what became of the load of the steady state.
type CheckedLoad struct {
	After         time.Duration // its first operation, the steady state had held
	Writes, Reads int           // that were ok
}

// settleWithin is how long a check waits for one thing to come true.
const settleWithin = 5 * time.Second

// Check brings the lab of a scenario up and breaks nothing: it makes one write, looks for that in every store, reads
// it, and has the load run until the steady state has held. The lab is removed. What the app does not do as its file
// says is an error with the place in the file.
func Check(ctx context.Context, o CheckOptions) (seen Checked, err error) {
	plan, err := o.Scenario.Compile()
	if err != nil {
		return seen, err
	}
	if err := addCode(&plan, drill.Code{}); err != nil {
		return seen, err
	}
	images, err := (Options{Images: o.Images}).ensure(ctx, &plan)
	if err != nil {
		return seen, err
	}
	runs, err := labApp(ctx, plan.App, images.Source, o.Images.Progress)
	if err != nil {
		return seen, err
	}
	l, err := lab.Up(ctx, lab.Options{Topology: plan.Topology, Images: images, App: runs})
	if err != nil {
		return seen, placed(plan.App, runs.Whole(), err)
	}
	c := checker{
		CheckOptions: o, plan: plan, app: plan.App, lab: drillLab{l, plan.App, nil}, log: lastLines(l),
		state: l.AppState, within: settleWithin, seen: &seen,
	}
	c.say("lab %s is up: %d regions ready in %.1f s", l.Name, len(plan.Topology.Regions), l.ReadyIn.Seconds())
	defer func() {
		left, derr := l.Down(context.WithoutCancel(ctx))
		if derr == nil {
			c.say("lab %s is removed: %d left over", l.Name, left)
		}
		err = errors.Join(err, derr)
	}()
	alive, stop := l.Alive(ctx)
	defer stop()
	began := time.Now()
	err = c.check(alive)
	return seen, programDeathOr(ctx, err, began, l.CheckPrograms)
}

// checker checks one app in a lab that is up.
type checker struct {
	CheckOptions
	plan  drill.Plan
	app   *app.App
	lab   drill.Lab
	log   func(ctx context.Context, node string, w io.Writer) error // the last lines that a node printed
	state stateOf
	// for one thing to come true
	within time.Duration
	seen   *Checked
}

func (c checker) say(format string, args ...any) {
	if c.Say != nil {
		c.Say(fmt.Sprintf(format, args...))
	}
}

func (c checker) check(ctx context.Context) error {
	knows := supervised(c.app)
	if knows {
		if err := c.lastingly(ctx); err != nil {
			return err
		}
	}
	err := c.serves(ctx)
	if err != nil && ctx.Err() == nil {
		err = c.withLog(ctx, err)
	}
	if knows && ctx.Err() == nil {
		err = errors.Join(err, c.lastingly(ctx))
	}
	return err
}

// serves makes one write and one read, and has the load hold.
func (c checker) serves(ctx context.Context) error {
	calls, err := c.calls()
	if err != nil {
		return err
	}
	if err := c.once(ctx, calls); err != nil {
		return err
	}
	return c.hold(ctx)
}

// calls makes calls as the clients of the plan would.
func (c checker) calls() (*workload.Caller, error) {
	rec, err := history.NewRecorder("") // a clock: calls are not recorded
	if err != nil {
		return nil, err
	}
	return workload.NewCaller(c.plan.LoadOptions(c.lab, rec))
}

// once makes one write, looks for it in every store, and reads it if the app has a read.
func (c checker) once(ctx context.Context, calls *workload.Caller) error {
	if err := c.write(ctx, calls); err != nil {
		return err
	}
	if err := c.find(ctx, drill.Sought{Prefix: calls.IDPrefix()}); err != nil {
		return err
	}
	if c.app.Read() == nil {
		return nil
	}
	return c.read(ctx, calls)
}

// write makes a write that is acknowledged. The app is ready, but clients may not have been sent to it yet.
func (c checker) write(ctx context.Context, calls *workload.Caller) error {
	err := reconcileEvery.Until(ctx, c.within, "a write", func(context.Context) error {
		w := calls.Write(ctx) // it has a limit of its own: one that is cut short says less than the one before
		c.seen.Write = &w
		return acknowledged(w)
	})
	switch {
	case err == nil || ctx.Err() != nil:
		return err
	case !c.seen.Write.SetUp:
		return c.app.Problem("operations.setup", "no client gets through it: %s", c.seen.Write.Error)
	}
	return c.app.Problem("operations.write", "it is not acknowledged: %s", c.seen.Write.Error)
}

func (c checker) read(ctx context.Context, calls *workload.Caller) error {
	err := reconcileEvery.Until(ctx, c.within, "a read", func(context.Context) error {
		r := calls.Read(ctx, c.seen.Write.ID)
		c.seen.Read = &r
		return acknowledged(r)
	})
	if err == nil || ctx.Err() != nil {
		return err
	}
	return c.app.Problem("operations.read", "it does not find %s, which was acknowledged and is in the stores: %s",
		c.seen.Write.ID, c.seen.Read.Error)
}

// acknowledged is why a call is not ok; nil where it is.
func acknowledged(call workload.Call) error {
	if call.Outcome == history.OK {
		return nil
	}
	return errors.New(call.Error)
}

// hold offers the load of the scenario until it has held, and looks for what was acknowledged.
func (c checker) hold(ctx context.Context) error {
	rec, err := history.NewRecorder("")
	if err != nil {
		return err
	}
	if err := drill.Hold(ctx, c.plan, c.lab, rec, nil); err != nil {
		if errors.Is(err, drill.ErrProvesNothing) {
			return c.Scenario.Problem("workload", "%v", err)
		}
		return err
	}
	h := rec.Snapshot()
	began, _ := h.PhaseAt(history.PhaseWorkload)
	steady, _ := h.PhaseAt(history.PhaseSteady)
	load := CheckedLoad{After: steady - began}
	var acked []string
	for _, op := range h.Ops {
		switch {
		case op.Outcome != history.OK:
		case op.Kind == history.Read:
			load.Reads++
		default:
			load.Writes++
			acked = append(acked, op.ID)
		}
	}
	c.seen.Load = &load
	var errs []error
	for _, r := range h.Reads {
		if r.Error != "" {
			errs = append(errs, c.app.Problem(keyOf(r.Store), "it can't be read in %s: %s", r.Region, r.Error))
		} else if lost := without(acked, r.IDs); len(lost) > 0 {
			errs = append(errs, c.app.Problem(keyOf(r.Store), "in %s it has %d of the %d writes that were "+
				"acknowledged, before anything is broken: %s is missing", r.Region, len(acked)-len(lost), len(acked),
				lost[0]))
		}
	}
	return errors.Join(errs...)
}
