package replicator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/agent/configs"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
)

// The replicator's times. A pass may take long only where much has to be copied, and what it did is not lost when it is
// cut short.
const (
	passEvery = 200 * time.Millisecond // at least, between passes, unless the settings say otherwise
	passRetry = 200 * time.Millisecond // after a pass that failed, and at most after a long one
	passLimit = 10 * time.Second
)

// replicator pulls what other regions wrote into its own, as S3 Cross-Region Replication and DynamoDB global tables do.
// It copies asynchronously: what was not copied when a region dies is lost, and that loss is what drills measure.
type replicator struct {
	every    time.Duration
	lanes    []*lane
	rules    *rules
	schedule *schedule
	marks    *runtime.Marks
	versions *versions // nil: none are kept
	delivery *configs.Delivery
}

// New makes the agent that keeps the stores of one region up to date with those of the others.
func New(cfg api.ReplicatorConfig, m *runtime.Marks) (runtime.Service, error) {
	if cfg.Every < 0 {
		return nil, fmt.Errorf("make replicator: every is %s, want 0 or more", cfg.Every)
	}
	if len(cfg.Sources) == 0 {
		return nil, errors.New("make replicator: no sources to copy from")
	}
	repository := configs.NewLineage(cfg.Repository, topology.ServiceReplicator.Host(cfg.Region))
	schedule, err := newSchedule(cfg.ScheduleFile)
	if err != nil {
		return nil, fmt.Errorf("make replicator: %w", err)
	}
	r := &replicator{
		every: cfg.Every, rules: newRules(), schedule: schedule, marks: m,
		delivery: configs.NewDelivery(cfg.Region, repository, cfg.PublishedFile,
			cfg.ConfigFile),
	}
	if r.every == 0 {
		r.every = passEvery
	}
	if cfg.Versions {
		r.versions = &versions{
			client: store.LinkedObjects(cfg.Local.S3), region: cfg.Local.Region, locked: cfg.Locked, marks: m,
		}
	}
	for _, source := range cfg.Sources {
		if source.Region == cfg.Local.Region {
			return nil, fmt.Errorf("make replicator: %s is to be copied from itself", source.Region)
		}
		if cfg.Objects {
			r.addObjects(source, cfg.Local, cfg.ObjectRules)
		}
		if cfg.Items {
			r.addItems(source, cfg.Local, cfg.ItemRules)
		}
	}
	if cfg.PublishedFile == "" || cfg.ConfigFile == "" || cfg.Repository == "" {
		return nil, errors.New("make replicator: published_file, config_file or repository is missing")
	}
	return r, nil
}

// anything is the rule of a store that has none.
var anything = []topology.CopyRule{{When: topology.CopyAlways}}

// addObjects adds a lane for each rule of the objects of a source.
func (r *replicator) addObjects(source, local api.Stores, rules []topology.CopyRule) {
	if len(rules) == 0 {
		rules = anything
	}
	own := map[string]*lane{}
	var earlier []string // prefixes
	for _, rule := range rules {
		copier := newObjectCopier(source, local, r.rules)
		copier.keys, copier.versions = keyRange{rule.Prefix, earlier}, r.versions != nil
		earlier = append(slices.Clip(earlier), rule.Prefix)
		if first := own[rule.After]; rule.After != "" && first != nil {
			copier.isReady = first.hasCopiedSince
		}
		l := r.addLane(source.Region, api.StoreObjects, rule)
		l.pass, l.peek, l.underWay = copier.pass, copier.peek, &copier.underWay
		own[rule.Name] = l
	}
}

// addItems adds the lane of the items of a source. They have one table, and so at most one rule.
func (r *replicator) addItems(source, local api.Stores, rules []topology.CopyRule) {
	if len(rules) == 0 {
		rules = anything
	}
	copier := newItemCopier(source, local, r.rules)
	r.addLane(source.Region, api.StoreItems, rules[0]).pass = copier.pass
}

func (r *replicator) addLane(source, store string, rule topology.CopyRule) *lane {
	l := &lane{
		rules: r.rules, rule: rule, schedule: r.schedule, marks: r.marks,
		lag: api.Lag{Source: source, Store: store, Rule: rule.Name},
	}
	if rule.Name != "" {
		l.lag.When, l.lag.After = rule.When, rule.After
	}
	r.lanes = append(r.lanes, l)
	return l
}

// Routes adds GET /lag, POST /schedule, POST /schedule/run?rule=RULE, and what the rules and the delivery serve.
func (r *replicator) Routes(mux *http.ServeMux) {
	r.rules.routes(mux)
	if r.versions != nil {
		r.versions.routes(mux)
	}
	mux.HandleFunc("POST /schedule", func(w http.ResponseWriter, _ *http.Request) {
		r.schedule.begin(time.Now())
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /schedule/run", r.serveRun)
	r.delivery.Routes(mux)
	mux.HandleFunc("GET /lag", func(w http.ResponseWriter, _ *http.Request) {
		lags := make([]api.Lag, len(r.lanes))
		for i, l := range r.lanes {
			lags[i] = l.state()
		}
		runtime.WriteJSON(w, lags)
	})
}

// Run copies and delivers until ctx ends. No source waits for another, and objects do not wait for items.
func (r *replicator) Run(ctx context.Context) error {
	var group errgroup.Group
	group.Go(func() error {
		defer runtime.LastWords("deliver the configuration")
		r.delivery.Run(ctx)
		return nil
	})
	group.Go(func() error {
		defer runtime.LastWords("fetch the configuration")
		r.delivery.Fetch.Run(ctx)
		return nil
	})
	if r.versions != nil {
		group.Go(func() error {
			defer runtime.LastWords("keep versions")
			r.versions.keep(ctx)
			return nil
		})
	}
	for _, l := range r.lanes {
		group.Go(func() error {
			defer runtime.LastWords("copy " + l.lag.Store + " of " + l.lag.Source)
			l.run(ctx, r.every)
			return nil
		})
	}
	return group.Wait()
}

// serveRun runs a rule, and answers when all is copied that was there.
func (r *replicator) serveRun(w http.ResponseWriter, req *http.Request) {
	rule := req.URL.Query().Get("rule")
	var lanes []string
	for _, l := range r.lanes {
		if l.rule.Name == rule && l.rule.When == topology.CopyJob {
			lanes = append(lanes, l.name())
		}
	}
	if len(lanes) == 0 {
		http.Error(w, fmt.Sprintf("no rule %q is run as a job", rule), http.StatusNotFound)
		return
	}
	copied, err := r.schedule.await(req.Context(), lanes, r.schedule.order(rule))
	if err != nil {
		return // nobody waits for it any more; it goes on
	}
	runtime.WriteJSON(w, api.RuleRun{Rule: rule, Copied: copied})
}
