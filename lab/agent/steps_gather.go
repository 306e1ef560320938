package agent

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/regionfall/regionfall/lab/topology"
)

// gatherShare is the part of a step's deadline that gathering may take, and gatherLimit the most: clients wait meanwhile.
const (
	gatherShare = 2
	gatherLimit = 5 * time.Second
)

// gather has a replica that is about to be promoted fetch what others have of the old primary's log beyond its own. Some of that may have been
// acknowledged; and who has more than what was promoted can't follow it.
type gather struct {
	postgres topology.Endpoint
	others   []Follower
	limit    time.Duration
}

func newGather(cfg AutomationConfig) gather {
	return gather{postgres: cfg.Postgres, others: cfg.Followers, limit: min(gatherLimit, cfg.StepTimeout/gatherShare)}
}

// Do says what was fetched, or could not be; empty if nobody has more. Others that don't answer are passed over, and so is what does not arrive in
// time: a service with less is better than none.
func (g gather) Do(ctx context.Context) (detail string) {
	if len(g.others) == 0 {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, g.limit)
	defer cancel()
	err := withPostgres(ctx, g.postgres, func(conn *pgx.Conn) error {
		own, replica, err := logOf(ctx, conn)
		if err != nil || !replica {
			return err
		}
		from, most := g.most(ctx)
		if most <= own {
			return nil
		}
		detail = fmt.Sprintf("%s of the log fetched from %s", most-own, from.Region)
		if _, err := streamFrom(ctx, conn, from.Postgres); err != nil {
			return err
		}
		return poll(ctx, followEvery, func(ctx context.Context) error {
			has, _, err := logOf(ctx, conn)
			if err == nil && has < most {
				err = fmt.Errorf("%w: it has %s", errBehind, most-has)
			}
			return err
		})
	})
	if err != nil && detail != "" {
		return detail + ", not all: " + oneLine(err)
	}
	return detail // what this region's own database says is for the promotion to find out
}

// most asks all others at once, and gives the one that has most.
func (g gather) most(ctx context.Context) (who Follower, most logBytes) {
	has := make([]logBytes, len(g.others))
	var each sync.WaitGroup
	for i, o := range g.others {
		each.Go(func() {
			_ = withPostgres(ctx, o.Postgres, func(conn *pgx.Conn) error {
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

// logBytes is a position in the log, counted from its beginning, or a part of it.
type logBytes int64

func (b logBytes) String() string { return fmt.Sprintf("%d bytes", int64(b)) }

// logOf is how much of the log a server has on disk, and whether it is a replica.
func logOf(ctx context.Context, conn *pgx.Conn) (has logBytes, replica bool, err error) {
	const question = `select pg_is_in_recovery(), coalesce(case when pg_is_in_recovery()
		then greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) else pg_current_wal_flush_lsn() end - '0/0', 0)::bigint`
	if err := conn.QueryRow(ctx, question).Scan(&replica, &has); err != nil {
		return 0, false, fmt.Errorf("ask postgres how much of the log it has: %w", err)
	}
	return has, replica, nil
}
