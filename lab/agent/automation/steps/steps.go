package steps

import (
	"context"
	"time"

	"github.com/regionfall/regionfall/lab/agent/automation/world"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
)

// Step is one thing that a failover or a switchover does.
type Step struct {
	// Name is one word for it, as marks and GET /state have it.
	Name string
	// Mark is left when it is done; empty if there is none, or MarksItself.
	Mark string
	// MarksItself says that Run leaves the mark, or has somebody leave it later.
	MarksItself bool
	// Run brings about what the step is for and sees that it is so, within the deadline of ctx. Run again, it changes
	// nothing. The detail says what was found and done.
	Run func(ctx context.Context) (detail string, err error)
	// Waits is how long it waits on purpose, beside what it does.
	Waits time.Duration
}

// makers make each step of a failover by its name. A step without Run is one that the settings have no use for.
var makers = map[string]func(t tools) Step{
	api.StepFence:     makeFence,
	api.StepRestore:   makeRestore,
	api.StepPromote:   makePromote,
	api.StepRepoint:   makeRepoint,
	api.StepScaleOut:  makeScaleOut,
	api.StepPreflight: makePreflight,
	api.StepRedirect:  makeRedirect,
	api.StepFollow:    makeFollow,
}

// tools are what the steps of one failover are made of.
type tools struct {
	*Failover

	// late are the app nodes that were not ready in time when others were: no step waits for them again.
	late map[string]bool
}

// Failover makes the steps of the failovers of one automation. Fence and Follow go on behind a failover, and outlast
// it.
type Failover struct {
	Fence  *Fence
	Follow *Follow

	cfg   api.AutomationConfig
	names world.Names
	marks *runtime.Marks
}

// NewFailover is the failover to the automation's region.
func NewFailover(cfg api.AutomationConfig, marks *runtime.Marks) *Failover {
	fence := func(ctx context.Context) (world.Fenced, error) { return world.FencePostgres(ctx, cfg.HomePostgres) }
	return &Failover{
		Fence:  NewFence(fence, cfg.StepTimeout),
		Follow: NewFollow(cfg, world.Primary{Region: cfg.Region, Postgres: cfg.Postgres}.Attach, marks),
		cfg:    cfg, names: world.Names{URL: cfg.Nameservice}, marks: marks,
	}
}

// Steps are those after the decision, in their order. They remember nothing of a failover before.
func (f *Failover) Steps() []Step {
	t := tools{Failover: f, late: map[string]bool{}}
	var all []Step
	for _, s := range api.FailoverSteps() {
		makeStep, ok := makers[s.Name]
		if !ok {
			continue // it comes before the decision
		}
		step := makeStep(t)
		if step.Run == nil {
			continue
		}
		step.Name = s.Name
		if !step.MarksItself {
			step.Mark = s.Mark
		}
		all = append(all, step)
	}
	return all
}
