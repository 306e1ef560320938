package automation

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/agent/runtime"

	"github.com/regionfall/regionfall/lab/api"

	"github.com/jackc/pgx/v5"

	"github.com/regionfall/regionfall/lab/topology"
)

// The limits of gathering: clients wait meanwhile. A question takes a few trips over the links.
const (
	gatherAsk   = 1500 * time.Millisecond
	gatherFetch = 4 * time.Second
)

// gather has a replica that is about to be promoted fetch what others have of the old primary's log beyond its own.
// Some of that may have been acknowledged; and who has more than what was promoted can't follow it.
type gather struct {
	postgres   topology.Endpoint
	others     []api.Follower
	ask, fetch time.Duration
	done       bool // it is done once, whatever came of it
}

func newGather(cfg api.AutomationConfig) *gather {
	others := slices.DeleteFunc(slices.Clone(cfg.Followers), func(f api.Follower) bool { return f.Cascades })
	return &gather{
		postgres: cfg.Postgres, others: others, ask: min(gatherAsk, cfg.StepTimeout/4),
		fetch: min(gatherFetch, cfg.StepTimeout/2),
	}
}

// Do says what was fetched, or could not be; empty if nobody has more. Others that don't answer are passed over, and so
// is what does not arrive in time: a service with less is better than none. What this region's own database says is for
// the promotion to find out.
func (g *gather) Do(ctx context.Context) (detail string) {
	if len(g.others) == 0 || g.done {
		return ""
	}
	g.done = true
	_ = runtime.WithPostgres(ctx, g.postgres, func(conn *pgx.Conn) error {
		from, most := g.most(ctx)
		own, replica, err := logOf(ctx, conn) // last: it may still be receiving
		if err != nil || !replica || most <= own {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, g.fetch)
		defer cancel()
		has := own
		_, err = streamFrom(ctx, conn, from.Postgres)
		if err == nil {
			err = runtime.Poll(ctx, followEvery, func(ctx context.Context) error {
				now, _, err := logOf(ctx, conn)
				if err != nil {
					return err
				}
				if has = now; has < most {
					return fmt.Errorf("%d bytes are missing", most-has)
				}
				return nil
			})
		}
		detail = fmt.Sprintf("%d of %d bytes of the log that only %s has fetched", has-own, most-own, from.Region)
		if err != nil {
			detail += ": " + runtime.OneLine(err)
		}
		return nil
	})
	return detail
}

// most asks all others at once, and gives the one that has most.
func (g *gather) most(ctx context.Context) (who api.Follower, most int64) {
	ctx, cancel := context.WithTimeout(ctx, g.ask)
	defer cancel()
	has := make([]int64, len(g.others))
	var each sync.WaitGroup
	for i, o := range g.others {
		each.Go(func() {
			defer runtime.LastWords("ask how much of the log others have")
			_ = runtime.WithPostgres(ctx, o.Postgres, func(conn *pgx.Conn) error {
				n, replica, err := logOf(ctx, conn)
				if err == nil && replica {
					has[i] = n
				}
				return err
			})
		})
	}
	each.Wait()
	for i, n := range has {
		if n > most {
			who, most = g.others[i], n
		}
	}
	return who, most
}

// logOf is how many bytes of the log a server has on disk, counted from its beginning, and whether it is a replica.
func logOf(ctx context.Context, conn *pgx.Conn) (has int64, replica bool, err error) {
	const question = `select pg_is_in_recovery(), coalesce(case when pg_is_in_recovery()
		then greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
		else pg_current_wal_flush_lsn() end - '0/0', 0)::bigint`
	if err := conn.QueryRow(ctx, question).Scan(&replica, &has); err != nil {
		return 0, false, fmt.Errorf("ask postgres how much of the log it has: %w", err)
	}
	return has, replica, nil
}
