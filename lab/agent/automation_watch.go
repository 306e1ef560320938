package agent

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// The bounds of one look at the home region: below the first a distant region could not answer, above the second a look would find
// out too late that bytes vanish.
const (
	lookLimitLeast = 300 * time.Millisecond
	lookLimitMost  = time.Second
)

// lookTrips is how many times a look at a database goes there and back: connecting takes all but one.
const lookTrips = 5

// mostLooks is how many looks may be under way at once. Where looks outlast their interval, several are.
const mostLooks = 64

// sight is the result of one look at the home region.
type sight struct {
	alive bool
	said  string // by each of those asked
}

// prober looks at the home region once. It must return soon after ctx ends.
type prober interface {
	Look(ctx context.Context) sight
}

// watch looks at the home region every interval, on schedule: a look that takes long, as it does where bytes vanish, does not put
// off the next one. The sights come in the order in which the looks began. The channel is closed after ctx ends.
func watch(ctx context.Context, p prober, interval time.Duration) <-chan sight {
	sights := make(chan sight)
	looks := make(chan chan sight, mostLooks)
	go func() {
		defer close(looks)
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			look := make(chan sight, 1)
			select {
			case looks <- look:
				go func() { look <- p.Look(ctx) }()
			default: // as many as there may be: leave this one out
			}
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	}()
	go func() {
		defer close(sights)
		for look := range looks {
			s := <-look
			if ctx.Err() != nil {
				continue // cut short: it says nothing about the home region
			}
			select {
			case sights <- s:
			case <-ctx.Done():
			}
		}
	}()
	return sights
}

// homeProbe asks the app and the database of the home region. Only when both fail is the region lost: when one of them does, it is
// ill, and moving everything to another region is not the cure.
type homeProbe struct {
	app      *checker
	postgres topology.Endpoint
	limit    time.Duration
}

func newHomeProbe(cfg AutomationConfig) homeProbe {
	limit := min(max(cfg.Check.Interval, lookLimitLeast), lookLimitMost) + lookTrips*cfg.Trip
	return homeProbe{app: newChecker(cfg.HomeHealth, limit), postgres: cfg.HomePostgres, limit: limit}
}

// Look asks both at once, over new connections: a kept connection can outlive what it stands for.
func (h homeProbe) Look(ctx context.Context) sight {
	ctx, cancel := context.WithTimeout(ctx, h.limit)
	defer cancel()
	var app, postgres error
	var both sync.WaitGroup
	both.Go(func() { app = h.app.check(ctx) })
	both.Go(func() { postgres = pingPostgres(ctx, h.postgres) })
	both.Wait()
	return sight{
		alive: app == nil || postgres == nil,
		said:  fmt.Sprintf("app: %s; postgres: %s", h.verdict(app), h.verdict(postgres)),
	}
}

func (h homeProbe) verdict(err error) string {
	if err == nil {
		return "ok"
	}
	return cause(within(h.limit, err))
}
