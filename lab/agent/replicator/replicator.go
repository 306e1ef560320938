package replicator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/agent/configs"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
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
	delivery *configs.Delivery
}

// New makes the agent that keeps the stores of one region up to date with those of the others.
func New(cfg api.ReplicatorConfig, _ *runtime.Marks) (runtime.Service, error) {
	if cfg.Every < 0 {
		return nil, fmt.Errorf("make replicator: every is %s, want 0 or more", cfg.Every)
	}
	if len(cfg.Sources) == 0 {
		return nil, errors.New("make replicator: no sources to copy from")
	}
	repository := configs.NewLineage(cfg.Repository, topology.ServiceReplicator.Host(cfg.Region))
	r := &replicator{
		every: cfg.Every, rules: newRules(), delivery: configs.NewDelivery(cfg.Region, repository, cfg.PublishedFile,
			cfg.ConfigFile),
	}
	if r.every == 0 {
		r.every = passEvery
	}
	for _, source := range cfg.Sources {
		if source.Region == cfg.Local.Region {
			return nil, fmt.Errorf("make replicator: %s is to be copied from itself", source.Region)
		}
		if cfg.Objects {
			copier := newObjectCopier(source, cfg.Local, r.rules)
			r.lanes = append(r.lanes, &lane{
				lag:  api.Lag{Source: source.Region, Store: api.StoreObjects},
				pass: copier.pass, rules: r.rules, underWay: &copier.underWay,
			})
		}
		if cfg.Items {
			copier := newItemCopier(source, cfg.Local, r.rules)
			r.lanes = append(r.lanes, &lane{
				lag:  api.Lag{Source: source.Region, Store: api.StoreItems},
				pass: copier.pass, rules: r.rules,
			})
		}
	}
	if cfg.PublishedFile == "" || cfg.ConfigFile == "" || cfg.Repository == "" {
		return nil, errors.New("make replicator: published_file, config_file or repository is missing")
	}
	return r, nil
}

// Routes adds GET /lag, and what the rules and the delivery serve.
func (r *replicator) Routes(mux *http.ServeMux) {
	r.rules.routes(mux)
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
	for _, l := range r.lanes {
		group.Go(func() error {
			defer runtime.LastWords("copy " + l.lag.Store + " of " + l.lag.Source)
			l.run(ctx, r.every)
			return nil
		})
	}
	return group.Wait()
}

// lane is one store of one source.
type lane struct {
	pass     func(context.Context) (copyPass, error)
	rules    *rules
	underWay *underWay // of the pass; nil where that is not known

	mu       sync.Mutex
	lag      api.Lag
	behind   behind
	pending  time.Time // since when the oldest thing waits that was seen and not copied
	complete time.Time // when the last pass began that copied all
}

func (l *lane) run(ctx context.Context, every time.Duration) {
	for ctx.Err() == nil {
		began, changed := time.Now(), l.rules.change()
		passCtx, cancel := context.WithTimeout(ctx, passLimit)
		pass, err := l.pass(passCtx)
		cancel()
		if ctx.Err() != nil {
			return
		}
		l.note(began, pass, err)
		// A pass over many objects or items is work for both stores: resting as long keeps half of them for the app.
		pause, rest := every, min(time.Since(began), passRetry)
		if !pass.due.IsZero() {
			pause = min(pause, time.Until(pass.due))
		}
		if err != nil {
			rest = passRetry
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-time.After(max(pause, rest)):
		}
	}
}

// note takes down how a pass ended.
func (l *lane) note(began time.Time, pass copyPass, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	blind := errors.As(err, new(sourceError))
	l.behind.note(time.Now(), pass, blind)
	if blind {
		l.pending = oldest(l.pending, pass.pending) // what this pass could not see again still waits
	} else {
		l.pending = pass.pending
	}
	var lag int64
	if !l.pending.IsZero() {
		lag = max(0, time.Since(l.pending).Milliseconds())
	}
	l.lag.LagMS = &lag
	if pass.watermark > 0 {
		l.lag.WatermarkNS = &pass.watermark
	}
	l.lag.Copied += pass.copied
	was := l.lag.Error
	switch {
	case err == nil:
		l.lag.Reachable, l.lag.Error = true, ""
		if pass.whole && pass.pending.IsZero() { // else a rule holds some of it
			l.complete = began
		}
	case blind:
		l.lag.Reachable, l.lag.Error = false, err.Error()
	default:
		l.lag.Error = err.Error()
	}
	if (was == "") != (err == nil) {
		slog.Info("replication changed", "source", l.lag.Source, "store", l.lag.Store, "copied", l.lag.Copied, "error",
			l.lag.Error)
	}
}

func (l *lane) state() api.Lag {
	l.mu.Lock()
	defer l.mu.Unlock()
	lag := l.lag
	lag.BehindMS = l.behind.at(time.Now(), l.underWay.oldest())
	if !l.complete.IsZero() {
		ago := time.Since(l.complete).Milliseconds()
		lag.LastPassMSAgo = &ago
	}
	return lag
}
