package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
	"time"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/build"
	"github.com/regionfall/regionfall/lab/image"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// Options say how to run a scenario.
type Options struct {
	Scenario *scenarios.Scenario
	Out      string            // the folder that gets the drill's folder
	Images   image.Options     // what the command says goes before what the file does
	Keep     bool              // leave the lab up
	Say      func(string)      // told what happens before and after the drill; nil for none
	Watch    func(drill.Event) // told what happens in the drill; nil for none
	Repeat   string            // the arguments that repeat this run, for the evidence
	Ahead    *Ahead            // the lab, if one was started ahead; nil for one of its own
	// Code is the write and the final read of an app whose file says that they are Go code.
	Code drill.Code
	// called when nothing is measured any more, and another lab would disturb nobody; nil for none
	Measured func()
}

// Outcome is a drill that was run: its folder, and what is in it.
type Outcome struct {
	Dir    string
	Result evidence.Result
	Lab    string // the name of the lab that was kept; empty when it was removed
}

// Run runs one scenario. The error says that the harness could not do its work, or was interrupted (ctx's cause); the
// evidence is written in both cases as far as it goes, and Dir names it.
func Run(ctx context.Context, o Options) (out Outcome, err error) {
	plan, err := o.Scenario.Compile()
	if err != nil {
		return out, err
	}
	if err := addCode(&plan, o.Code); err != nil {
		return out, err
	}
	// Without images or an engine nothing is started, and no folder is left that says so.
	images, err := o.ensure(ctx, &plan)
	if err != nil {
		return out, err
	}
	runs, err := labApp(ctx, plan.App, images.Source, o.Images.Progress)
	if err != nil {
		return out, err
	}
	if out.Dir, err = evidence.Folder(o.Out, plan.Name, time.Now()); err != nil {
		return out, err
	}
	rec, err := record(out.Dir, plan)
	if err != nil {
		return out, err
	}
	r := &run{Options: o, plan: plan, app: runs, images: images, rec: rec, dir: out.Dir}
	err = r.run(ctx)
	err = errors.Join(err, rec.Close())
	if errors.Is(err, lab.ErrEngineGone) {
		err = lab.ErrEngineGone // everything else that failed, failed for this
	}
	interrupted := ctx.Err() != nil && !r.complete
	d := r.drill(interrupted, err)
	out.Result, out.Lab = evidence.New(d), r.kept
	werr := evidence.Write(out.Dir, out.Result, d.History, files(plan))
	if werr == nil {
		werr = evidence.WriteIndex(o.Out)
	}
	if err = errors.Join(err, werr); errors.Is(err, syscall.ENOSPC) {
		// One sentence for what would be one per file.
		err = fmt.Errorf("write evidence to %s: the disk is full: free some space there and run again; %w", o.Out,
			syscall.ENOSPC)
	}
	return out, err
}

// record starts the recording of a drill. Its first line says what is run: whoever judges it again has to know, and
// result.json is no raw history.
func record(dir string, plan drill.Plan) (*history.Recorder, error) {
	rec, err := history.NewRecorder(dir)
	if err != nil {
		return nil, err
	}
	s := ScenarioOf(plan)
	rec.Heading(history.Heading{ScenarioSHA256: s.FileSHA256, AppSHA256: s.AppSHA256, Timescale: s.Timescale})
	return rec, nil
}

// ScenarioOf is the scenario of a plan as the evidence has it.
func ScenarioOf(plan drill.Plan) evidence.Scenario {
	s := evidence.ScenarioOf(plan.Name, []byte(plan.Source), plan.Timescale)
	if app := plan.App.Source(); app != nil {
		s.AppSHA256 = evidence.Digest(app)
	}
	s.ObjectivesSource = plan.ObjectivesSource
	if plan.DocumentedTime != nil || plan.DocumentedPoint != nil {
		s.Documented = &evidence.Documented{
			RecoveryTime:  (*measure.Near)(plan.DocumentedTime),
			RecoveryPoint: (*measure.Near)(plan.DocumentedPoint),
		}
	}
	if plan.App.IsCode() {
		s.Program = build.Program()
	}
	return s
}

// Serving is what stands in for the cloud's own services, as the evidence has it.
func Serving(servers map[topology.Service]image.Server) map[string]string {
	serving := map[string]string{}
	for service, server := range servers {
		serving[string(service)] = server.String()
	}
	return serving
}

// files are what was run, for the evidence.
func files(plan drill.Plan) map[string][]byte {
	all := map[string][]byte{evidence.FileScenario: []byte(plan.Source)}
	if app := plan.App.Source(); app != nil {
		all[evidence.FileApp] = app
	}
	for _, sql := range plan.App.SQL() {
		all[sql.File] = []byte(sql.Text)
	}
	return all
}

// run is one run going on.
type run struct {
	Options
	plan      drill.Plan
	app       lab.App
	images    image.Set
	rec       *history.Recorder
	dir       string
	facts     evidence.Lab
	complete  bool // the drill did all of its work; its lab may be still to be removed
	leftovers int
	kept      string
}

func (r *run) say(format string, args ...any) {
	if r.Say != nil {
		r.Say(fmt.Sprintf(format, args...))
	}
}

func (r *run) run(ctx context.Context) (err error) {
	r.say("images: %s (%s)", r.images.Source, r.images.Reason)
	r.say("%s (%s)", r.images.Serving(), r.images.AWSReason)
	l, err := r.up(ctx)
	if err != nil {
		return err
	}
	defer func() {
		keep := r.Keep && err == nil && ctx.Err() == nil
		if cerr := r.end(ctx, l, keep); cerr != nil {
			err = errors.Join(err, cerr)
		}
	}()
	r.say("lab %s is up: %d regions ready in %.1f s", l.Name, len(r.plan.Topology.Regions), l.ReadyIn.Seconds())
	r.facts = evidence.Lab{
		Engine: l.Engine(), AWS: string(r.images.AWS), Ready: new(measure.Near(l.ReadyIn)),
		Serving: Serving(r.images.Servers),
	}
	for name, i := range r.images.Images {
		r.facts.Images = append(r.facts.Images, evidence.Image{For: name, Name: i.Name, Digest: i.ID})
	}
	began := time.Now()
	d := drillLab{l, r.plan.App, r.Code.Read}
	err = programDeathOr(ctx, drill.Run(ctx, r.plan, d, r.rec, r.watch(ctx, l.AppState)), began, l.CheckPrograms)
	if errors.Is(err, drill.ErrProvesNothing) {
		r.say("%v", err)
		err = nil // judged all the same: inconclusive
	}
	r.complete = err == nil && ctx.Err() == nil
	return err
}

// askWithin is how long the nodes of the app are given to say whether they run.
const askWithin = time.Second

// processes are those of the app, as they are now, also when the drill is interrupted.
func (r *run) processes(ctx context.Context, state stateOf) []evidence.Process {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askWithin)
	defer cancel()
	return processes(ctx, r.plan.Topology, r.plan.App, state)
}

// ensure sees to the images that a plan and whoever runs it ask for.
func (o Options) ensure(ctx context.Context, plan *drill.Plan) (image.Set, error) {
	wanted := o.Images
	wanted.AWS = wanted.AWS.Or(plan.Topology.AWS)
	plan.Topology.AWS = wanted.AWS
	return image.Ensure(ctx, wanted)
}

func (r *run) up(ctx context.Context) (l *lab.Lab, err error) {
	if r.Ahead != nil {
		l, err = r.Ahead.take()
	} else {
		l, err = lab.Up(ctx, lab.Options{Topology: r.plan.Topology, Images: r.images, App: r.app, Kept: r.Keep})
	}
	return l, cmp.Or(notPrepared(r.plan.App, err), err)
}

// watch hands on what happens in the drill. When its measurements are over, and nothing is healed yet, it looks at the
// processes of the app, and says so.
func (r *run) watch(ctx context.Context, state stateOf) func(drill.Event) {
	measured := sync.OnceFunc(func() {
		r.facts.Processes = r.processes(ctx, state)
		if r.Measured != nil {
			r.Measured()
		}
	})
	return func(e drill.Event) {
		if e.Phase == history.PhaseStop {
			measured()
		}
		if r.Watch != nil {
			r.Watch(e)
		}
	}
}

// end takes the nodes' logs and, unless it is kept, removes the lab, also when the drill was interrupted.
func (r *run) end(ctx context.Context, l *lab.Lab, keep bool) error {
	ctx = context.WithoutCancel(ctx)
	logs, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	err := l.WriteLogs(logs, func(node string) (io.WriteCloser, error) { return newLog(r.dir, node), nil })
	if keep {
		r.kept = l.Name
		return errors.Join(err, l.Keep())
	}
	left, derr := l.Down(ctx)
	if derr != nil {
		r.leftovers = max(left, 1) // how much, nobody knows
		r.say("lab %s could not be removed", l.Name)
		return errors.Join(err, derr)
	}
	r.leftovers = left
	r.say("lab %s is removed: %d left over", l.Name, left)
	if n := l.EngineKeeps; n > 0 {
		r.say("the engine keeps %d of its networks, on which nothing is: a restart of the engine ends that", n)
	}
	return err
}

// drill is what the evidence is made of.
func (r *run) drill(interrupted bool, err error) evidence.Drill {
	h := r.rec.Snapshot()
	status := evidence.Completed
	if interrupted {
		status, err = evidence.Interrupted, nil // what else went wrong is told by Run
	} else if err != nil {
		status = evidence.Errored
	}
	scenario := ScenarioOf(r.plan)
	scenario.Repeat = r.Repeat
	return evidence.Drill{
		Scenario: scenario, Status: status, Err: err, History: h, Report: measure.Judge(h, r.plan.Judge),
		Expect: evidence.Expect{Fail: r.plan.Expect.Fail, Findings: r.plan.Expect.Findings},
		// By the drill's own clock: the wall clock may have been set meanwhile.
		Ran: evidence.Ran{Ended: h.Heading.Began.Add(r.rec.Now()), Harness: Harness(), Host: host()}, Lab: r.facts,
		Leftovers: r.leftovers,
	}
}
