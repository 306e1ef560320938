package automation

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/lab/agent/agenttest"
	"github.com/regionfall/regionfall/lab/agent/automation/steps"
	"github.com/regionfall/regionfall/lab/agent/automation/world"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// homeFunc says whether the home region lives, by the time since the start, and how long it takes to say so.
type homeFunc func(since time.Duration) (alive bool, took time.Duration)

type fakeHome struct {
	began time.Time
	is    homeFunc
}

func (f fakeHome) Look(ctx context.Context) sight {
	alive, took := f.is(time.Since(f.began))
	if runtime.Pause(ctx, took) != nil {
		return sight{said: "cut short"}
	}
	if alive {
		return sight{alive: true, said: "alive"}
	}
	return sight{said: "gone"}
}

func (fakeHome) Close(context.Context) {}

type witnessFunc func() error

func (f witnessFunc) SeesLoss(context.Context) error { return f() }

type fakeTraces struct {
	progress  progress
	there     bool
	switching string
}

func (f fakeTraces) Progress(context.Context) (progress, string) { return f.progress, "" }
func (f fakeTraces) Switching(context.Context) string            { return f.switching }
func (f fakeTraces) Forget(context.Context)                      {}
func (f fakeTraces) DatabaseHere(context.Context) error          { return nil }
func (f fakeTraces) HomeWasThere(context.Context) bool           { return f.there }

func diesAt(d time.Duration) homeFunc {
	return func(s time.Duration) (bool, time.Duration) { return s < d, 0 }
}

func agrees() error { return nil }

func fenceWith(f func(context.Context) (string, error)) *steps.Fence {
	once := func(ctx context.Context) (world.Fenced, error) {
		detail, err := f(ctx)
		return world.Fenced{Detail: detail}, err
	}
	return steps.NewFence(once, 10*time.Second)
}

func fakeStep(name string, do func(context.Context) error) *fake { return &fake{name: name, do: do} }

// fake is a step that counts how often it was done.
type fake struct {
	name  string
	do    func(context.Context) error
	times atomic.Int64
}

// step is the fake as a step that leaves a mark.
func (f *fake) step(mark string) steps.Step { return steps.Step{Name: f.name, Mark: mark, Run: f.Run} }

func (f *fake) Run(ctx context.Context) (string, error) {
	f.times.Add(1)
	if f.do == nil {
		return "fine", nil
	}
	return "fine", f.do(ctx)
}

// rig is an automation whose surroundings are given. It must be made inside a synctest bubble.
func rig(home homeFunc, fakes ...*fake) *automation {
	m := runtime.NewMarks("automation.west")
	a := &automation{
		check: topology.HealthCheck{Interval: 100 * time.Millisecond, Threshold: 3}, decide: 500 * time.Millisecond,
		marks: m,
		home:  fakeHome{began: time.Now(), is: home}, witness: witnessFunc(agrees), traces: fakeTraces{},
		fence:   fenceWith(func(context.Context) (string, error) { return "read only", nil }),
		follow:  steps.NewFollow(api.AutomationConfig{}, nil, m),
		again:   func(context.Context) (string, error) { return "", nil },
		ordered: make(chan struct{}), wishes: make(chan string, 1), regions: [2]string{"east", "west"},
	}
	a.plan = []steps.Step{{Name: api.StepFence, Mark: api.MarkFenced, Run: a.fence.Run}}
	for _, f := range fakes {
		a.plan = append(a.plan, f.step(f.name+"d"))
	}
	a.newPlan = func() []steps.Step { return a.plan }
	a.runner = runner{
		marks: m, limit: 10 * time.Second, pause: stepRetry, enter: a.enterStep,
		orders: newStepOrders(a.steps()),
	}
	return a
}

// runFor runs the automation for a while and returns the marks it left and the state it was in.
func runFor(t *testing.T, a *automation, d time.Duration) ([]agenttest.Mark, api.Phase) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	time.Sleep(d)
	synctest.Wait()
	marks, state := agenttest.Marks(a.marks), a.current().State
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run ended with %v", err)
	}
	return marks, state
}

const ms = time.Millisecond
