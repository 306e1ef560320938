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

	"github.com/regionfall/regionfall/lab/agent/automation/steps"
	"github.com/regionfall/regionfall/lab/agent/automation/switchover"
	"github.com/regionfall/regionfall/lab/agent/automation/world"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// automation takes the standby region into service when the home region is lost: detect, decide, and the steps of
// the plan in their order. It keeps no notes of its own. Started again, it finds out from their traces how far it had
// come, and every step is safe to repeat.
type automation struct {
	check   topology.HealthCheck
	decide  time.Duration
	marks   *runtime.Marks
	home    prober
	witness witness
	traces  traces
	fence   *steps.Fence
	follow  *steps.Follow
	plan    []steps.Step        // of the next failover
	newPlan func() []steps.Step // that remembers nothing
	runner  runner
	again   func(ctx context.Context) (detail string, err error) // steps.Redirect.Again
	ordered chan struct{}                                        // closed when somebody orders the failover
	wishes  chan string                                          // regions to switch over to, one at a time
	change  func(to string) change                               // nil: the topology has no switchover
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
	names := world.Names{URL: cfg.Nameservice}
	failover := steps.NewFailover(cfg, m)
	a := &automation{
		check: cfg.Check, decide: cfg.Decide, marks: m,
		home:    newHomeProbe(cfg),
		witness: nameWitness{names: names, home: cfg.Home},
		traces:  labTraces{cfg: cfg, names: names},
		fence:   failover.Fence,
		follow:  failover.Follow,
		plan:    failover.Steps(),
		newPlan: failover.Steps,
		again:   steps.Redirect{Names: names, Region: cfg.Region}.Again,
		ordered: make(chan struct{}),
		wishes:  make(chan string, 1),
		regions: [2]string{cfg.Home, cfg.Region},
	}
	if len(cfg.Sides) > 0 {
		a.change = func(to string) change { return switchover.New(cfg, to) }
	}
	a.runner = runner{
		marks: m, limit: cfg.StepTimeout, pause: stepRetry, enter: a.enterStep,
		orders: newStepOrders(a.steps()),
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

// steps are the names of all steps in their order.
func (a *automation) steps() []string {
	names := []string{api.StepDetect, api.StepDecide}
	for _, s := range a.plan {
		names = append(names, s.Name)
	}
	return names
}

// Routes adds GET /state, POST /failover, and the orders of faults to the steps.
func (a *automation) Routes(mux *http.ServeMux) {
	a.runner.orders.routes(mux)
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
			a.guard(ctx)
		}
	}
	return nil
}

// ownDatabaseWithin is how long an automation that starts waits for the database of its region.
const ownDatabaseWithin = 10 * time.Second

// askEvery is how often it is asked meanwhile.
const askEvery = 50 * time.Millisecond

// begin finds out what an earlier process has left, and ends what that began.
func (a *automation) begin(ctx context.Context) {
	if to := a.traces.Switching(ctx); to != "" {
		a.switchRoles(ctx, to)
		return
	}
	if a.change != nil {
		// Without the database of this region nobody knows which one serves, and nothing could be done about a loss
		// either.
		waiting, stop := context.WithTimeout(ctx, ownDatabaseWithin)
		_ = runtime.Poll(waiting, askEvery, a.traces.DatabaseHere)
		stop()
	}
	reached, why := a.traces.Progress(ctx)
	switch reached {
	case progressServes:
		a.serving(a.regions[1])
	case progressDone:
		a.fence.Schedule() // nobody remembers whether it was done
		a.follow.Schedule()
		a.serving(a.regions[1])
	case progressDecided:
		a.takeOver(ctx, why)
	default:
		a.serving(a.regions[0])
	}
}

// guard watches the home region, and takes over from it when it is lost or somebody orders that. It returns when this
// region serves, or ctx ends.
func (a *automation) guard(ctx context.Context) {
	watching, stop, wish := a.unlessOrdered(ctx)
	err := a.await(watching)
	stop()
	switch to := wish(); {
	case ctx.Err() != nil:
	case to != "":
		a.followOrder(ctx, to)
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
			a.followOrder(ctx, to)
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
