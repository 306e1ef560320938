package automation

import (
	"context"
	"errors"
	"fmt"

	"github.com/regionfall/regionfall/lab/agent/runtime"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/store"

	"github.com/jackc/pgx/v5"
)

// takeBack has the old primary serve again. It fails when the other one is promoted already: then there is only
// forward. One that was told to be, and does not say that it is, is asked again.
func (r *rotation) takeBack(ctx context.Context) error {
	promoted, err := r.promoted(ctx)
	switch {
	case promoted:
		return errPromoted
	case err == nil && r.sent:
		return fmt.Errorf("postgres of %s was told to be the primary, and is none yet", r.to.Region)
	}
	err = runtime.WithPostgres(ctx, r.from.Postgres, func(conn *pgx.Conn) error {
		return execute(ctx, conn, `copy (select 1) to program 'rm -f `+demotedFile+`'`,
			`alter system reset default_transaction_read_only`,
			`select pg_reload_conf()`)
	})
	if err == nil {
		_, err = promotePostgres(ctx, r.from.Postgres)
	}
	if err == nil {
		_, err = promoteRedis(ctx, r.from.Redis)
	}
	if err == nil {
		err = r.release(ctx)
	}
	if err != nil {
		return fmt.Errorf("have %s serve again: %w", r.from.Region, err)
	}
	_ = r.forget(ctx, r.to) // which may be gone; here it has to be forgotten
	return r.forget(ctx, r.from)
}

var errPromoted = errors.New("the other region is promoted already")

// forget takes back the note of what was begun.
func (r *rotation) forget(ctx context.Context, s api.Side) error {
	err := runtime.WithPostgres(ctx, s.Postgres, func(conn *pgx.Conn) error {
		return execute(ctx, conn, `alter system reset `+intent, `select pg_reload_conf()`)
	})
	if err != nil {
		return fmt.Errorf("take back in %s what was noted: %w", s.Region, err)
	}
	return nil
}

// hold has the old primary's Redis hold writes back, for a while that is longer than a step may take.
func (r *rotation) hold(ctx context.Context) error {
	client := store.Redis(r.from.Redis.Address)
	defer client.Close()
	is, err := store.AskRedis(ctx, client)
	if err == nil && is.Role == store.Primary {
		err = client.Do(ctx, "CLIENT", "PAUSE", (redisHolds * r.limit).Milliseconds(), "WRITE").Err()
	}
	if err != nil {
		return fmt.Errorf("have redis hold writes back: %w", err)
	}
	return nil
}

// release has the old primary's Redis answer those who write: a replica refuses.
func (r *rotation) release(ctx context.Context) error {
	client := store.Redis(r.from.Redis.Address)
	defer client.Close()
	if err := client.Do(ctx, "CLIENT", "UNPAUSE").Err(); err != nil {
		return fmt.Errorf("have redis of %s answer writers: %w", r.from.Region, err)
	}
	return nil
}

// promoted says whether the region that takes over is a primary.
func (r *rotation) promoted(ctx context.Context) (is bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, min(askLimit, r.limit/4))
	defer cancel()
	err = runtime.WithPostgres(ctx, r.to.Postgres, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `select not pg_is_in_recovery()`).Scan(&is)
	})
	return is, err
}

// redisInStep waits until the Redis that is to take over has what the other one has, or is promoted already, by an
// earlier attempt.
func (r *rotation) redisInStep(ctx context.Context) error {
	from, to := store.Redis(r.from.Redis.Address), store.Redis(r.to.Redis.Address)
	defer from.Close()
	defer to.Close()
	return runtime.Poll(ctx, switchEvery, func(ctx context.Context) error {
		primary, err := store.AskRedis(ctx, from)
		if err != nil {
			return fmt.Errorf("%s: %w", r.from.Region, err)
		}
		replica, err := store.AskRedis(ctx, to)
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", r.to.Region, err)
		case replica.Role == store.Primary:
			return nil
		case primary.Role != store.Primary || primary.Offset < 0 || replica.Offset < primary.Offset:
			return fmt.Errorf("redis of %s is not in step: it is at %d, and that of %s at %d", r.to.Region,
				replica.Offset, r.from.Region, primary.Offset)
		}
		return nil
	})
}

// replayed is nil when a replica that streams has replayed up to a position.
func replayed(ctx context.Context, conn *pgx.Conn, position string) error {
	var recovering, enough bool
	var streams, has string
	const question = `select pg_is_in_recovery(), coalesce(pg_last_wal_replay_lsn() >= $1::pg_lsn, false),
		coalesce((select status from pg_stat_wal_receiver), 'no receiver'),
		coalesce(pg_last_wal_replay_lsn()::text, 'nothing')`
	if err := conn.QueryRow(ctx, question, position).Scan(&recovering, &enough, &streams, &has); err != nil {
		return fmt.Errorf("ask postgres what it has replayed: %w", err)
	}
	switch {
	case !recovering:
		return errors.New("its postgres is no replica")
	case streams != "streaming":
		return fmt.Errorf("its postgres does not stream: %s", streams)
	case !enough:
		return fmt.Errorf("%w: its postgres has replayed %s of %s", errBehind, has, position)
	}
	return nil
}

// execute runs statements one after the other.
func execute(ctx context.Context, conn *pgx.Conn, statements ...string) error {
	for _, s := range statements {
		if _, err := conn.Exec(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}
