package automation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/regionfall/regionfall/lab/agent/runtime"

	"github.com/regionfall/regionfall/lab/api"

	"github.com/jackc/pgx/v5"

	"github.com/regionfall/regionfall/lab/topology"
)

const (
	// aheadLimit is how long the region that is to take over may take to have all that the primary has, before anything
	// is begun.
	aheadLimit = 2 * time.Second
	// switchEvery is how often a database is looked at that is changing its role.
	switchEvery = 20 * time.Millisecond
	// askLimit is how long the region that takes over may take to say whether it is a primary: its silence must not
	// take the time of what else is to be done.
	askLimit = 2 * time.Second
	// redisHolds is for how many times the limit of a step Redis holds writes back by itself, should nobody be there
	// any more to tell it that it is over.
	redisHolds = 4
	// intent is the setting of PostgreSQL in which a switchover under way is noted, in both regions: whoever comes
	// after a process that died finds it there.
	intent = "regionfall.switchover"
	// demotedFile has the image of PostgreSQL start the server as a replica.
	demotedFile = topology.DataDir + "/regionfall.demoted"
)

// rotation is one switchover: to takes over from a region that lives. Its steps can be done again from the first one
// on, by whomever.
type rotation struct {
	from, to    api.Side
	synchronous bool // commits wait for a replica
	limit       time.Duration
	names       nameClient
	follow      *follow // of to
	sent        bool    // the promotion was ordered: it may come about later than whoever ordered it waits
}

// act is a step by its name and what it does.
type act struct {
	name string
	do   func(ctx context.Context) (detail string, err error)
}

// Name is that of the step.
func (a act) Name() string { return a.name }

// Do does it.
func (a act) Do(ctx context.Context) (string, error) { return a.do(ctx) }

// before are the steps that can be taken back, after the ones from which on there is only forward.
func (r *rotation) before() []stage {
	return []stage{
		{step: act{"check", r.check}},
		{step: act{"fence", r.fence}, mark: api.MarkFenced},
		{step: act{"demote", r.demote}, mark: api.MarkDemoted},
		{step: act{"promote", r.promote}, mark: api.MarkPromoted},
	}
}

func (r *rotation) after() []stage {
	return []stage{
		{step: act{"repoint", r.repoint}, mark: api.MarkRepointed},
		{step: redirect{names: r.names, region: r.to.Region}, mark: api.MarkRedirected},
	}
}

// check refuses what would keep writers waiting: a region that can't take over, or is behind. Of a switchover that was
// begun it asks nothing.
func (r *rotation) check(ctx context.Context) (string, error) {
	begun, position := false, ""
	err := runtime.WithPostgres(ctx, r.from.Postgres, func(conn *pgx.Conn) error {
		var recovering bool
		var noted string
		const question = `select pg_is_in_recovery(), coalesce(current_setting('` + intent + `', true), ''),
			case when pg_is_in_recovery() then '' else pg_current_wal_lsn()::text end`
		if err := conn.QueryRow(ctx, question).Scan(&recovering, &noted, &position); err != nil {
			return fmt.Errorf("ask postgres for its role: %w", err)
		}
		begun = noted == r.to.Region
		if recovering && !begun {
			return fmt.Errorf("postgres of %s is no primary", r.from.Region)
		}
		return nil
	})
	if err != nil || begun {
		return "", err
	}
	var state api.DeliveryState
	if err := api.Linked(r.to.Config).Call(ctx, "GET", "", nil, &state); err != nil {
		return "", fmt.Errorf("ask %s for its configuration: %w", r.to.Region, err)
	}
	waiting, cancel := context.WithTimeout(ctx, min(aheadLimit, r.limit/2))
	defer cancel()
	err = runtime.WithPostgres(waiting, r.to.Postgres, func(conn *pgx.Conn) error {
		return runtime.Poll(waiting, switchEvery, func(ctx context.Context) error {
			return replayed(ctx, conn,
				position)
		})
	})
	if err == nil {
		err = r.redisInStep(waiting)
	}
	if err != nil {
		return "", fmt.Errorf("%s can't take over: %w", r.to.Region, err)
	}
	return "", nil
}

// fence notes what is begun, at both databases, since one of them may be away when somebody looks, and has the old
// primary take no more writes: from here on writers wait.
func (r *rotation) fence(ctx context.Context) (string, error) {
	for _, side := range []api.Side{r.to, r.from} {
		err := runtime.WithPostgres(ctx, side.Postgres, func(conn *pgx.Conn) error {
			return execute(ctx, conn, "alter system set "+intent+" = '"+r.to.Region+"'", `select pg_reload_conf()`)
		})
		if err != nil {
			return "", fmt.Errorf("note what is begun in %s: %w", side.Region, err)
		}
	}
	done, err := fencePostgres(ctx, r.from.Postgres)
	if err != nil {
		return "", err
	}
	return done.detail, r.hold(ctx)
}

// demote has the old primary end in order, which sends all of its log to who streams from it, and come back as a
// replica of the one that is to be.
func (r *rotation) demote(ctx context.Context) (detail string, err error) {
	detail = "was a replica already"
	err = runtime.WithPostgres(ctx, r.from.Postgres, func(conn *pgx.Conn) error {
		var recovering bool
		if err := conn.QueryRow(ctx, `select pg_is_in_recovery()`).Scan(&recovering); err != nil || recovering {
			return err
		}
		detail = "ended in order"
		if err := execute(ctx, conn, `copy (select 1) to '`+demotedFile+`'`); err != nil {
			return err
		}
		// It ends this session too, before or after it answers: whether it came about is to be seen.
		_, _ = conn.Exec(ctx, `copy (select 1) to program 'kill -INT $(head -n 1 `+topology.DataDir+`/postmaster.pid)'`)
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("end postgres: %w", err)
	}
	err = runtime.Poll(ctx, switchEvery, func(ctx context.Context) error {
		return runtime.WithPostgres(ctx, r.from.Postgres, func(conn *pgx.Conn) error {
			var recovering bool
			if err := conn.QueryRow(ctx, `select pg_is_in_recovery()`).Scan(&recovering); err != nil {
				return fmt.Errorf("ask postgres for its role: %w", err)
			}
			if !recovering {
				return errors.New("it is a primary still")
			}
			return nil
		})
	})
	if err != nil {
		return "", fmt.Errorf("wait for postgres to come back as a replica: %w", err)
	}
	return detail, nil
}

// promote waits until the other region has the whole log, and promotes it. When it is promoted the old primary is not
// needed any more, and not asked.
func (r *rotation) promote(ctx context.Context) (string, error) {
	promoted, err := r.promoted(ctx)
	if err != nil {
		return "", err
	}
	p := &promote{postgres: r.to.Postgres, redis: r.to.Redis, gather: &gather{}, flushed: func() string { return "" }}
	if promoted {
		return p.Do(ctx)
	}
	var position string
	err = runtime.WithPostgres(ctx, r.from.Postgres, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `select coalesce(pg_last_wal_replay_lsn()::text, '')`).Scan(&position)
	})
	if err != nil {
		return "", fmt.Errorf("ask the old primary how far its log goes: %w", err)
	}
	if position == "" {
		return "", errors.New("the old primary does not say how far its log goes")
	}
	if err := r.hold(ctx); err != nil {
		return "", err
	}
	// What it waits for leaves time for the promotion itself.
	waiting, cancel := context.WithTimeout(ctx, r.limit/2)
	defer cancel()
	p.flushed = func() string { return position }
	if err := p.catchUp(waiting); err != nil {
		return "", err
	}
	if err := r.redisInStep(waiting); err != nil {
		return "", err
	}
	r.sent = true
	return p.Do(ctx)
}

// repoint has the region that takes over write to its own databases, with all of its app nodes. After half the time of
// the step it goes on with those that are ready.
func (r *rotation) repoint(ctx context.Context) (string, error) {
	next, how, err := republish(ctx, r.to.Config, func(c *topology.Config) {
		c.Postgres, c.Redis, c.AppNodes = r.to.OwnPostgres, r.to.OwnRedis, r.to.AppNodes
	})
	if err != nil {
		return "", err
	}
	waiting, cancel := context.WithTimeout(ctx, r.limit/2)
	defer cancel()
	ready := publishing{}
	missing := r.to.Apps
	err = runtime.Poll(waiting, readyEvery, func(ctx context.Context) error {
		late, err := ready.inForce(ctx, r.to.Apps, next.Revision)
		if ctx.Err() == nil {
			missing = late
		}
		return err
	})
	switch {
	case err != nil && len(missing) == len(r.to.Apps):
		return "", fmt.Errorf("wait for the app to take revision %d: %w", next.Revision, err)
	case err != nil:
		how += fmt.Sprintf(", %d of %d ready", len(r.to.Apps)-len(missing), len(r.to.Apps))
	}
	return fmt.Sprintf("revision %d, %s", next.Revision, how), nil
}

// rejoin has the old primary follow, its databases and its app, and sees that it does. What was noted is done with.
func (r *rotation) rejoin(ctx context.Context) (string, error) {
	detail, err := r.follow.all(ctx, r.from.Follower)
	if err == nil {
		err = r.release(ctx)
	}
	if err != nil {
		return "", err
	}
	if r.synchronous {
		err := runtime.WithPostgres(ctx, r.to.Postgres, func(conn *pgx.Conn) error {
			return execute(ctx, conn, `alter system set synchronous_standby_names = 'ANY 1 (*)'`,
				`select pg_reload_conf()`)
		})
		if err != nil {
			return "", fmt.Errorf("have commits wait for %s: %w", r.from.Region, err)
		}
	}
	err = runtime.WithPostgres(ctx, r.from.Postgres, func(conn *pgx.Conn) error {
		// Slots that nobody uses any more would hold the log back.
		return execute(ctx, conn, `select count(pg_drop_replication_slot(slot_name)),
			count(pg_create_physical_replication_slot(slot_name))
			from pg_replication_slots where not active and restart_lsn is not null`)
	})
	if err != nil {
		return "", fmt.Errorf("tidy up: %w", err)
	}
	return detail, errors.Join(r.forget(ctx, r.from), r.forget(ctx, r.to))
}
