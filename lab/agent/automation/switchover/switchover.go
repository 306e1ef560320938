package switchover

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/regionfall/regionfall/lab/agent/automation/steps"
	"github.com/regionfall/regionfall/lab/agent/automation/world"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
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
	// demotedFile has the image of PostgreSQL start the server as a replica.
	demotedFile = topology.DataDir + "/regionfall.demoted"
)

// Switchover is one switchover: to takes over from a region that lives.
type Switchover struct {
	from, to    api.Side
	synchronous bool // commits wait for a replica
	limit       time.Duration
	names       world.Names
	sent        bool // the promotion was ordered: it may come about later than whoever ordered it waits
}

// New makes the switchover to a region, which is one of the two.
func New(cfg api.AutomationConfig, to string) *Switchover {
	s := &Switchover{
		from: cfg.Sides[0], to: cfg.Sides[1], synchronous: cfg.Synchronous, limit: cfg.StepTimeout,
		names: world.Names{URL: cfg.Nameservice},
	}
	if s.from.Region == to {
		s.from, s.to = s.to, s.from
	}
	return s
}

// Before are the steps that can be taken back, up to the promotion.
func (s *Switchover) Before() []steps.Step {
	return []steps.Step{
		{Name: "check", Run: s.check},
		{Name: "fence", Mark: api.MarkFenced, Run: s.fence},
		{Name: "demote", Mark: api.MarkDemoted, Run: s.demote},
		{Name: "promote", Mark: api.MarkPromoted, Run: s.promote},
	}
}

// After are the steps that come next, from which on there is only forward.
func (s *Switchover) After() []steps.Step {
	redirect := steps.Redirect{Names: s.names, Region: s.to.Region}
	return []steps.Step{
		{Name: "repoint", Mark: api.MarkRepointed, Run: s.repoint},
		{Name: "redirect", Mark: api.MarkRedirected, Run: redirect.Run},
	}
}

// check refuses what would keep writers waiting: a region that can't take over, or is behind. Of a switchover that was
// begun it asks nothing.
func (s *Switchover) check(ctx context.Context) (string, error) {
	begun, position := false, ""
	err := runtime.WithPostgres(ctx, s.from.Postgres, func(conn *pgx.Conn) error {
		var recovering bool
		var to string
		const question = `select pg_is_in_recovery(), coalesce(current_setting('` + noted + `', true), ''),
			case when pg_is_in_recovery() then '' else pg_current_wal_lsn()::text end`
		if err := conn.QueryRow(ctx, question).Scan(&recovering, &to, &position); err != nil {
			return fmt.Errorf("ask postgres for its role: %w", err)
		}
		begun = to == s.to.Region
		if recovering && !begun {
			return fmt.Errorf("postgres of %s is no primary", s.from.Region)
		}
		return nil
	})
	if err != nil || begun {
		return "", err
	}
	var state api.DeliveryState
	if err := api.Linked(s.to.Config).Call(ctx, "GET", "", nil, &state); err != nil {
		return "", fmt.Errorf("ask %s for its configuration: %w", s.to.Region, err)
	}
	waiting, cancel := context.WithTimeout(ctx, min(aheadLimit, s.limit/2))
	defer cancel()
	err = runtime.WithPostgres(waiting, s.to.Postgres, func(conn *pgx.Conn) error {
		return runtime.Poll(waiting, switchEvery, func(ctx context.Context) error {
			return replayed(ctx, conn, position)
		})
	})
	if err == nil {
		err = s.awaitRedis(waiting)
	}
	if err != nil {
		return "", fmt.Errorf("%s can't take over: %w", s.to.Region, err)
	}
	return "", nil
}

// fence notes what is begun, at both databases, since one of them may be away when somebody looks, and has the old
// primary take no more writes: from here on writers wait.
func (s *Switchover) fence(ctx context.Context) (string, error) {
	for _, side := range []api.Side{s.to, s.from} {
		if err := note(ctx, side, s.to.Region); err != nil {
			return "", fmt.Errorf("note what is begun in %s: %w", side.Region, err)
		}
	}
	done, err := world.FencePostgres(ctx, s.from.Postgres)
	if err != nil {
		return "", err
	}
	return done.Detail, s.holdWrites(ctx)
}

// demote has the old primary end in order, which sends all of its log to who streams from it, and come back as a
// replica of the one that is to be.
func (s *Switchover) demote(ctx context.Context) (detail string, err error) {
	detail = "was a replica already"
	err = runtime.WithPostgres(ctx, s.from.Postgres, func(conn *pgx.Conn) error {
		var recovering bool
		if err := conn.QueryRow(ctx, `select pg_is_in_recovery()`).Scan(&recovering); err != nil || recovering {
			return err
		}
		detail = "ended in order"
		if err := execute(ctx, conn, `copy (select 1) to '`+demotedFile+`'`); err != nil {
			return err
		}
		// It ends this session too, before or after it answers: whether it happened is to be seen.
		_, _ = conn.Exec(ctx, `copy (select 1) to program 'kill -INT $(head -n 1 `+topology.DataDir+`/postmaster.pid)'`)
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("end postgres: %w", err)
	}
	err = runtime.Poll(ctx, switchEvery, func(ctx context.Context) error {
		return runtime.WithPostgres(ctx, s.from.Postgres, func(conn *pgx.Conn) error {
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
func (s *Switchover) promote(ctx context.Context) (string, error) {
	promoted, err := s.promoted(ctx)
	if err != nil {
		return "", err
	}
	if promoted {
		return s.promoteStores(ctx)
	}
	var position string
	err = runtime.WithPostgres(ctx, s.from.Postgres, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `select coalesce(pg_last_wal_replay_lsn()::text, '')`).Scan(&position)
	})
	if err != nil {
		return "", fmt.Errorf("ask the old primary how far its log goes: %w", err)
	}
	if position == "" {
		return "", errors.New("the old primary does not say how far its log goes")
	}
	if err := s.holdWrites(ctx); err != nil {
		return "", err
	}
	// What it waits for leaves time for the promotion itself.
	waiting, cancel := context.WithTimeout(ctx, s.limit/2)
	defer cancel()
	if err := world.AwaitReplay(waiting, s.to.Postgres, position); err != nil {
		return "", fmt.Errorf("wait for postgres to have what the old primary acknowledged: %w", err)
	}
	if err := s.awaitRedis(waiting); err != nil {
		return "", err
	}
	s.sent = true
	return s.promoteStores(ctx)
}

func (s *Switchover) promoteStores(ctx context.Context) (string, error) {
	postgres, err := world.PromotePostgres(ctx, s.to.Postgres)
	if err != nil {
		return "", err
	}
	redis, err := world.PromoteRedis(ctx, s.to.Redis)
	if err != nil {
		return "", err
	}
	return "postgres: " + postgres + "; redis: " + redis, nil
}

// repoint has the region that takes over write to its own databases, with all of its app nodes. After half the time of
// the step it goes on with those that are ready.
func (s *Switchover) repoint(ctx context.Context) (string, error) {
	next, how, err := world.Republish(ctx, s.to.Config, func(c *topology.Config) {
		c.Postgres, c.Redis, c.AppNodes = s.to.OwnPostgres, s.to.OwnRedis, s.to.AppNodes
	})
	if err != nil {
		return "", err
	}
	waiting, cancel := context.WithTimeout(ctx, s.limit/2)
	defer cancel()
	missing := s.to.Apps
	err = runtime.Poll(waiting, world.ReadyEvery, func(ctx context.Context) error {
		late, err := world.NotReady(ctx, s.to.Apps, next.Revision)
		if ctx.Err() == nil {
			missing = late
		}
		return err
	})
	switch {
	case err != nil && len(missing) == len(s.to.Apps):
		return "", fmt.Errorf("wait for the app to take revision %d: %w", next.Revision, err)
	case err != nil:
		how += fmt.Sprintf(", %d of %d ready", len(s.to.Apps)-len(missing), len(s.to.Apps))
	}
	return fmt.Sprintf("revision %d, %s", next.Revision, how), nil
}

// Rejoin has the old primary follow, its databases and its app, and sees that it does. What was noted is done with.
func (s *Switchover) Rejoin(ctx context.Context) (string, error) {
	primary := world.Primary{Region: s.to.Region, Postgres: s.to.Postgres}
	detail, err := primary.Attach(ctx, s.from.Follower)
	if err == nil {
		err = s.releaseWrites(ctx)
	}
	if err != nil {
		return "", err
	}
	if s.synchronous {
		err := runtime.WithPostgres(ctx, s.to.Postgres, func(conn *pgx.Conn) error {
			return execute(ctx, conn, `alter system set synchronous_standby_names = 'ANY 1 (*)'`,
				`select pg_reload_conf()`)
		})
		if err != nil {
			return "", fmt.Errorf("have commits wait for %s: %w", s.from.Region, err)
		}
	}
	err = runtime.WithPostgres(ctx, s.from.Postgres, func(conn *pgx.Conn) error {
		// Slots that nobody uses any more would hold the log back.
		return execute(ctx, conn, `select count(pg_drop_replication_slot(slot_name)),
			count(pg_create_physical_replication_slot(slot_name))
			from pg_replication_slots where not active and restart_lsn is not null`)
	})
	if err != nil {
		return "", fmt.Errorf("tidy up: %w", err)
	}
	return detail, errors.Join(Forget(ctx, s.from), Forget(ctx, s.to))
}
