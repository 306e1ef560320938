package switchover

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/regionfall/regionfall/lab/agent/automation/world"
	"github.com/regionfall/regionfall/lab/agent/runtime"
)

// TakeBack has the old primary serve again. It fails with ErrPromoted when the other one is promoted already: then
// there is only forward. One that was told to be, and does not say that it is, is asked again.
func (s *Switchover) TakeBack(ctx context.Context) error {
	promoted, err := s.promoted(ctx)
	switch {
	case promoted:
		return ErrPromoted
	case err == nil && s.sent:
		return fmt.Errorf("postgres of %s was told to be the primary, and is none yet", s.to.Region)
	}
	err = runtime.WithPostgres(ctx, s.from.Postgres, func(conn *pgx.Conn) error {
		return execute(ctx, conn, `copy (select 1) to program 'rm -f `+demotedFile+`'`,
			`alter system reset default_transaction_read_only`,
			`select pg_reload_conf()`)
	})
	if err == nil {
		_, err = world.PromotePostgres(ctx, s.from.Postgres)
	}
	if err == nil {
		_, err = world.PromoteRedis(ctx, s.from.Redis)
	}
	if err == nil {
		err = s.releaseWrites(ctx)
	}
	if err != nil {
		return fmt.Errorf("have %s serve again: %w", s.from.Region, err)
	}
	_ = Forget(ctx, s.to) // which may be gone; here it has to be forgotten
	return Forget(ctx, s.from)
}

// ErrPromoted says that nothing can be taken back any more.
var ErrPromoted = errors.New("the other region is promoted already")

// promoted says whether the region that takes over is a primary.
func (s *Switchover) promoted(ctx context.Context) (is bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, min(askLimit, s.limit/4))
	defer cancel()
	err = runtime.WithPostgres(ctx, s.to.Postgres, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `select not pg_is_in_recovery()`).Scan(&is)
	})
	return is, err
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
		return fmt.Errorf("%w: its postgres has replayed %s of %s", world.ErrBehind, has, position)
	}
	return nil
}
