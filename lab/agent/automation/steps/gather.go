package steps

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/regionfall/regionfall/lab/agent/automation/world"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// The limits of gathering: clients wait meanwhile. A question takes a few trips over the links.
const (
	gatherAsk   = 1500 * time.Millisecond
	gatherFetch = 4 * time.Second
	gatherEvery = 50 * time.Millisecond
)

// gather has a replica that is about to be promoted fetch what others have of the old primary's log beyond its own.
// Some of that may have been acknowledged; and who has more than what was promoted can't follow it.
type gather struct {
	postgres   topology.Endpoint
	others     []api.Follower
	ask, fetch time.Duration
	done       bool // it is done once, however it ended
}

func newGather(cfg api.AutomationConfig) *gather {
	others := slices.DeleteFunc(slices.Clone(cfg.Followers), func(f api.Follower) bool { return f.Cascades })
	return &gather{
		postgres: cfg.Postgres, others: others, ask: min(gatherAsk, cfg.StepTimeout/4),
		fetch: min(gatherFetch, cfg.StepTimeout/2),
	}
}

// run says what was fetched, or could not be; empty if nobody has more. Others that don't answer are passed over, and
// so is what does not arrive in time: a service with less is better than none. What this region's own database says is
// for the promotion to find out.
func (g *gather) run(ctx context.Context) (detail string) {
	if len(g.others) == 0 || g.done {
		return ""
	}
	g.done = true
	_ = runtime.WithPostgres(ctx, g.postgres, func(conn *pgx.Conn) error {
		from, length := g.longest(ctx)
		own, replica, err := world.LogLength(ctx, conn) // last: it may still be receiving
		if err != nil || !replica || length <= own {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, g.fetch)
		defer cancel()
		has := own
		_, err = world.StreamFrom(ctx, conn, from.Postgres)
		if err == nil {
			err = runtime.Poll(ctx, gatherEvery, func(ctx context.Context) error {
				now, _, err := world.LogLength(ctx, conn)
				if err != nil {
					return err
				}
				if has = now; has < length {
					return fmt.Errorf("%d bytes are missing", length-has)
				}
				return nil
			})
		}
		detail = fmt.Sprintf("%d of %d bytes of the log that only %s has fetched", has-own, length-own, from.Region)
		if err != nil {
			detail += ": " + runtime.OneLine(err)
		}
		return nil
	})
	return detail
}

// longest asks all others at once, and returns the one that has the longest log, with its length in bytes.
func (g *gather) longest(ctx context.Context) (who api.Follower, length int64) {
	ctx, cancel := context.WithTimeout(ctx, g.ask)
	defer cancel()
	has := make([]int64, len(g.others))
	var each sync.WaitGroup
	for i, o := range g.others {
		each.Go(func() {
			defer runtime.LastWords("ask how much of the log others have")
			_ = runtime.WithPostgres(ctx, o.Postgres, func(conn *pgx.Conn) error {
				n, replica, err := world.LogLength(ctx, conn)
				if err == nil && replica {
					has[i] = n
				}
				return err
			})
		})
	}
	each.Wait()
	for i, n := range has {
		if n > length {
			who, length = g.others[i], n
		}
	}
	return who, length
}
