package automation

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// lookTrips is how many times a look at a database goes there and back: connecting takes all but one.
const lookTrips = 5

// sight is the result of one look at the home region.
type sight struct {
	alive bool
	said  string // by each of those asked
}

// prober looks at the home region. A look must return soon after ctx ends; Close gives up what the looks have kept
// open.
type prober interface {
	Look(ctx context.Context) sight
	Close(ctx context.Context)
}

// homeProbe asks the app and the database of the home region. Where nothing else is set, only when both fail is the
// region lost: when one of them does, it is ill, and moving everything to another region is not the cure.
type homeProbe struct {
	lost     topology.LostWhen
	app      *runtime.Checker
	postgres *pinger
	limit    time.Duration
}

func newHomeProbe(cfg api.AutomationConfig) homeProbe {
	limit := runtime.CheckLimit + lookTrips*cfg.Trip
	return homeProbe{
		lost: cfg.LostWhen,
		app:  runtime.NewChecker(cfg.HomeHealth, "", limit), postgres: newPinger(cfg.HomePostgres),
		limit: limit,
	}
}

// Look asks both at once.
func (h homeProbe) Look(ctx context.Context) sight {
	ctx, cancel := context.WithTimeout(ctx, h.limit)
	defer cancel()
	var app, postgres error
	var both sync.WaitGroup
	both.Go(runtime.With("ask the app at home", func() { app = h.app.Check(ctx) }))
	both.Go(runtime.With("ask the database at home", func() { postgres = h.postgres.ping(ctx) }))
	both.Wait()
	return sight{
		alive: h.lost.Alive(app == nil, postgres == nil),
		said:  fmt.Sprintf("app: %s; postgres: %s", h.verdict(app), h.verdict(postgres)),
	}
}

// Close gives up the connections that are kept.
func (h homeProbe) Close(ctx context.Context) { h.postgres.close(ctx) }

func (h homeProbe) verdict(err error) string {
	if err == nil {
		return "ok"
	}
	return runtime.Cause(runtime.Within(h.limit, err))
}
