package automation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/agent/backup"
	"github.com/regionfall/regionfall/lab/agent/runtime"

	"github.com/regionfall/regionfall/lab/api"

	"github.com/regionfall/regionfall/lab/topology"
)

// automation takes the standby region into service when the home region is lost: detect, decide, and the steps of
// stages in their order. It keeps no notes of its own. Started again, it finds out from the world how far it had come,
// and every step is safe to repeat.
type automation struct {
	check   topology.HealthCheck
	decide  time.Duration
	marks   *runtime.Marks
	home    prober
	witness witness
	world   world
	fence   *fence
	follow  *follow
	stages  []stage
	afresh  func() []stage // stages, that remember nothing
	runner  runner
	again   func(ctx context.Context) (detail string, err error) // redirect.Again
	ordered chan struct{}                                        // closed when somebody orders the failover
	wishes  chan string                                          // regions to switch over to, one at a time
	rotate  func(to string) switching                            // nil: the topology has no switchover
	regions [2]string                                            // home, and this one

	mu       sync.Mutex
	state    api.AutomationState
	since    time.Time
	sight    *api.HomeView
	seen     bool // home was, alive
	serves   string
	switched *api.SwitchoverState
}

// New makes the failover automation of a standby region.
func New(cfg api.AutomationConfig, m *runtime.Marks) (runtime.Service, error) {
	if err := validateAutomation(cfg); err != nil {
		return nil, fmt.Errorf("make automation: %w", err)
	}
	names := nameClient{base: cfg.Nameservice}
	fence := newFence(cfg.HomePostgres, cfg.StepTimeout)
	following := newFollow(cfg, m)
	a := &automation{
		check: cfg.Check, decide: cfg.Decide, marks: m,
		home:    newHomeProbe(cfg),
		witness: nameWitness{names: names, home: cfg.Home},
		world:   labWorld{cfg: cfg, names: names},
		fence:   fence,
		follow:  following,
		afresh:  func() []stage { return newStages(cfg, fence, names, following, m) },
		again:   redirect{names: names, region: cfg.Region}.Again,
		ordered: make(chan struct{}),
		wishes:  make(chan string, 1),
		regions: [2]string{cfg.Home, cfg.Region},
	}
	a.stages = a.afresh()
	if len(cfg.Sides) > 0 {
		a.rotate = func(to string) switching { return newRotation(cfg, to, names) }
	}
	a.runner = runner{
		marks: m, limit: cfg.StepTimeout, pause: stepRetry, enter: a.enterStep,
		told: newStepFaults(a.steps()),
	}
	a.enter(api.PhaseWatching, "", "starting")
	return a, nil
}

func validateAutomation(c api.AutomationConfig) error {
	var errs []error
	if c.Region == "" || c.Home == "" || c.Region == c.Home {
		errs = append(errs, fmt.Errorf("region %q must watch another region, not %q", c.Region, c.Home))
	}
	if c.Check.Interval <= 0 || c.Check.Threshold < 1 {
		errs = append(errs, fmt.Errorf("check is every %s, %d times: want more than 0 and 1 or more", c.Check.Interval,
			c.Check.Threshold))
	}
	if c.Decide < 0 || c.StepTimeout <= 0 {
		errs = append(errs, fmt.Errorf("decide is %s, step_timeout is %s: want 0 or more, and more than 0", c.Decide,
			c.StepTimeout))
	}
	needed := []struct{ name, value string }{
		{"home_health", c.HomeHealth},
		{"home_postgres", c.HomePostgres.Address},
		{"nameservice", c.Nameservice},
		{"postgres", c.Postgres.Address},
		{"redis", c.Redis.Address},
		{"s3", c.S3.Address},
		{"dynamodb", c.DynamoDB.Address},
		{"repository", c.Repository},
		{"published", c.Published},
		{"apps_ready", strings.Join(c.AppsReady, " ")},
	}
	if n := len(c.Sides); n != 0 && n != 2 {
		errs = append(errs, fmt.Errorf("sides are of %d regions: want 2, or none", n))
	}
	switch c.Strategy {
	case topology.PilotLight, topology.WarmStandby, topology.HotStandby, topology.ActiveActive:
	case topology.BackupRestore:
		needed = append(needed, struct{ name, value string }{"restore_file", c.RestoreFile})
	default:
		errs = append(errs, fmt.Errorf("strategy %q is unknown", c.Strategy))
	}
	for _, n := range needed {
		if n.value == "" {
			errs = append(errs, fmt.Errorf("%s is missing", n.name))
		}
	}
	return errors.Join(errs...)
}

// newStages are the steps of a failover in their order. Fencing comes before anything that makes the standby take
// writes, redirecting clients after everything they will need, and what only other regions need after that.
func newStages(cfg api.AutomationConfig, fence *fence, names nameClient, following *follow, m *runtime.Marks) []stage {
	stages := []stage{{step: fence, mark: api.MarkFenced}}
	if cfg.Strategy == topology.BackupRestore {
		stages = append(stages, stage{step: backup.NewRestore(cfg), mark: api.MarkRestored})
	}
	late := map[string]bool{}
	stages = append(stages,
		stage{
			step: &promote{postgres: cfg.Postgres, redis: cfg.Redis, gather: newGather(cfg), flushed: fence.Flushed},
			mark: api.MarkPromoted,
		},
		stage{step: newRepoint(cfg, late), mark: api.MarkRepointed},
		stage{step: newScaleOut(cfg, late), mark: api.MarkScaledOut},
	)
	if len(cfg.Preflight) > 0 {
		stages = append(stages, stage{
			step: preflight{home: cfg.Home, nodes: cfg.Preflight, silent: map[string]bool{}},
			mark: api.MarkPreflight,
		})
	}
	var redirected step = redirect{names: names, region: cfg.Region}
	if cfg.Shift.InSteps() {
		redirected = newShift(cfg, names, m)
	}
	stages = append(stages, stage{step: redirected, mark: api.MarkRedirected})
	if len(following.followers) > 0 {
		stages = append(stages, stage{step: following})
	}
	return stages
}

// steps are the names of all steps in their order.
func (a *automation) steps() []string {
	names := []string{stepDetect, stepDecide}
	for _, s := range a.stages {
		names = append(names, s.step.Name())
	}
	return names
}

// Routes adds GET /state, POST /failover, and what faults tell the steps.
func (a *automation) Routes(mux *http.ServeMux) {
	a.runner.told.routes(mux)
	a.orderRoutes(mux)
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) { runtime.WriteJSON(w, a.current()) })
}

// Run watches the home region, takes over from it when it is lost, and sees to it that it is fenced when it returns and
// that the name service does not forget. It has the two change roles when somebody orders that. It returns when ctx
// ends.
func (a *automation) Run(ctx context.Context) error {
	var late sync.WaitGroup
	defer late.Wait()
	late.Go(runtime.With("fence the old primary late", func() { a.fence.Late(ctx, a.marks) }))
	late.Go(runtime.With("bring other regions along late", func() { a.follow.Late(ctx) }))

	a.begin(ctx)
	for ctx.Err() == nil {
		if a.current().Serves == a.regions[1] {
			a.serve(ctx)
		} else {
			a.stand(ctx)
		}
	}
	return nil
}

// ownDatabaseWithin is how long an automation that starts waits for the database of its region.
const ownDatabaseWithin = 10 * time.Second

// begin finds out what an earlier process has left, and ends what that began.
func (a *automation) begin(ctx context.Context) {
	if to := a.world.Switching(ctx); to != "" {
		a.change(ctx, to)
		return
	}
	if a.rotate != nil {
		// Without the database of this region nobody knows which one serves, and nothing could be done about a loss
		// either.
		waiting, stop := context.WithTimeout(ctx, ownDatabaseWithin)
		_ = runtime.Poll(waiting, followEvery, a.world.DatabaseHere)
		stop()
	}
	reached, why := a.world.Progress(ctx)
	switch reached {
	case progressServes:
		a.serving(a.regions[1])
	case progressDone:
		a.fence.Owe() // nobody remembers whether it was done
		a.follow.Owe()
		a.serving(a.regions[1])
	case progressDecided:
		a.takeOver(ctx, why)
	default:
		a.serving(a.regions[0])
	}
}

// stand watches the home region, and takes over from it when it is lost or somebody orders that. It returns when this
// region serves, or ctx ends.
func (a *automation) stand(ctx context.Context) {
	watching, stop, wish := a.unlessOrdered(ctx)
	err := a.await(watching)
	stop()
	switch to := wish(); {
	case ctx.Err() != nil:
	case to != "":
		a.obey(ctx, to)
	case err != nil:
		a.takeOver(ctx, "ordered")
	default:
		a.takeOver(ctx, "")
	}
}

// serve has the name service answer this region again when it has forgotten to, until a switchover is ordered or ctx
// ends. One that cannot be asked is asked again an interval later.
func (a *automation) serve(ctx context.Context) {
	a.enter(api.PhaseDone, "", "")
	tick := time.NewTicker(a.check.Interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case to := <-a.wishes:
			a.obey(ctx, to)
			return
		case <-tick.C:
		}
		detail, err := a.again(ctx)
		switch {
		case err != nil:
			slog.Debug("name service not asked", "error", err)
		case detail != "":
			a.marks.Leave(api.MarkRedirectedAgain, detail)
		}
	}
}
