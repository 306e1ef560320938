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
	"github.com/regionfall/regionfall/scenarios/workload"
)

// ErrProvesNothing says that the drill ended early: no steady state, or a fault that was not seen. Its history is
// judged all the same, and is inconclusive.
var ErrProvesNothing = errors.New("the drill proves nothing")

// Limits of what can't be hurried by a timescale.
const (
	lookEvery    = 100 * time.Millisecond
	jobWithin    = 2 * time.Minute
	undoWithin   = 3 * time.Minute // for each fault; all but the slowest give up before
	readWithin   = 30 * time.Second
	readAgainFor = 5 * time.Second // where reading a store fails
	reconcileFor = 20 * time.Second
)

// drill is one execution of a plan.
type drill struct {
	plan  Plan
	lab   Lab
	rec   *history.Recorder
	watch func(Event)
	load  *workload.Load

	live         *measure.Watch
	guards       []*guarded // in the order of injection
	stopLags     func()     // stops recording how far replication is behind; not nil
	stopControls func()     // stops asking the responders; not nil
	stopMachine  func()     // stops watching the harness and its machine; not nil once the load is to start
	steady       time.Duration
	lastFault    time.Duration            // when the last fault was confirmed, or given up
	ordered      time.Duration            // when the app was last told to begin a job
	away         bool                     // the service was away after a fault, and was not reported back since
	stepBegan    time.Duration            // when the last step began: conditions ask what came since
	doneAt       map[string]time.Duration // of steps, by their names
	stopped      bool                     // the load was stopped
	pipelineRead bool                     // what its objects hold is recorded

	mu    sync.Mutex // of phase and of watch's calls
	phase string
}

type guarded struct {
	*fault.Guard
	record history.Fault
	step   string        // the name of the step that injected it; empty: it has none
	until  time.Duration // when it is to end by itself; 0: it is not
	gaveUp bool          // healing failed; it is not tried a second time
}

// Run is the whole drill. What it saw is in the recorder, also after an error. watch is told as it goes. When the lab
// breaks by itself the drill ends at once, and that is the error: whatever else was seen to fail may have failed for
// it.
func Run(ctx context.Context, p Plan, l Lab, rec *history.Recorder, watch func(Event)) error {
	return start(ctx, p, l, rec, watch, (*drill).run)
}

func start(
	ctx context.Context, p Plan, l Lab, rec *history.Recorder, watch func(Event),
	run func(d *drill, ctx context.Context) error,
) error {
	alive, stop := l.Alive(ctx)
	defer stop()
	d := &drill{
		plan: p, lab: l, rec: rec, watch: watch, stopLags: func() {}, stopControls: func() {},
		live: measure.NewWatch(p.Judge), doneAt: map[string]time.Duration{},
	}
	err := run(d, alive)
	if alive.Err() != nil && ctx.Err() == nil {
		return context.Cause(alive)
	}
	return err
}

func (d *drill) run(ctx context.Context) (err error) {
	stopMarks := d.followMarks(ctx)
	defer stopMarks()
	d.recordIdleLags(ctx)

	d.stopMachine = followMachine(d.rec, d.say)
	defer d.stopMachine()
	if err := d.startLoad(ctx); err != nil {
		return err
	}
	defer func() {
		undo := errors.Join(d.stopLoad(ctx), d.healAll(ctx))
		if errors.Is(err, ErrProvesNothing) && undo != nil {
			err = undo // that the lab could not be healed weighs more than that there is nothing to judge
			return
		}
		err = errors.Join(err, undo)
	}()
	stopTicker := d.reportLoad(ctx)
	defer stopTicker()
	stopConfigs := d.followConfigs(ctx)
	defer stopConfigs()
	stopPipeline := d.followPipeline(ctx)
	defer stopPipeline()

	if err := d.awaitSteady(ctx); err != nil {
		return err
	}
	d.stopLags = d.followLags(ctx)
	defer d.stopLags()
	if err := d.runSteps(ctx); err != nil {
		return err
	}
	if err := d.observe(ctx); err != nil {
		return err
	}
	stopPipeline() // its listings are no part of what is read
	if err := d.stopLoad(ctx); err != nil {
		return err
	}
	d.read(ctx, history.BeforeReturn)
	d.readPipeline(ctx, history.BeforeReturn)
	if err := d.healAll(ctx); err != nil {
		return err
	}
	d.reconcile(ctx)
	d.read(ctx, history.AfterReconciliation)
	d.readPipeline(ctx, history.AfterReconciliation)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	d.enterPhase(history.PhaseEnd)
	return nil
}

func (d *drill) startLoad(ctx context.Context) (err error) {
	// Before the first operation can be offered: what is acknowledged belongs to the phase.
	d.enterPhase(history.PhaseWorkload)
	d.load, err = workload.Start(context.WithoutCancel(ctx), d.plan.LoadOptions(d.lab, d.rec))
	if err == nil {
		d.stopControls = d.followControls(ctx)
	}
	return err
}

// stopLoad may be called again.
func (d *drill) stopLoad(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.plan.Workload.Timeout+5*time.Second)
	defer cancel()
	err := d.load.Stop(ctx)
	d.stopControls() // the last operations have controls beside them
	if err != nil {
		return fmt.Errorf("stop the workload: %w", err)
	}
	if !d.stopped {
		d.stopped = true
		d.stopMachine()
		d.enterPhase(history.PhaseStop)
	}
	return nil
}

// recovered asks about the last fault: from the one before it the service may have been back already. Steady is when
// nothing has gone wrong since. That the service is back is reported each time after it was away.
func (d *drill) recovered(h history.History) (back, steady bool) {
	for _, f := range slices.Backward(h.Faults) {
		if !f.Confirmed || f.Effective == nil {
			continue
		}
		back, away := d.live.Look(h, f.Effective.Hi)
		if d.away && back && !away { // a window of it was seen
			d.say("the service is back")
		}
		d.away = away || d.away && !back
		return back, back && !away
	}
	return false, false
}

// observe waits for the recovery, and the job to be done, and a little longer, or until it is too late for them to
// matter. What goes wrong at the
// very end is watched on: how long it lasts would not be known.
func (d *drill) observe(ctx context.Context) error {
	limit := max(d.lastFault, d.ordered) + d.plan.Observe
	until := limit
	back := false
	return d.poll(ctx, func() (bool, error) {
		h := d.rec.Snapshot()
		recovered, steady := d.recovered(h)
		if d.plan.Judge.RecoveryTime == nil && d.followsJob() {
			recovered, steady = true, true // it is the job that is waited for
		}
		if !back && recovered && d.jobDone(h) {
			back = true
			until = min(limit, d.rec.Now()+d.plan.Tail)
		}
		return d.rec.Now() >= limit || d.rec.Now() >= until && steady, nil
	})
}
