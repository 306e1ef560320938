package switchover

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
)

// noted is the setting of PostgreSQL in which a switchover under way is noted, in both regions: whoever comes after a
// process that died finds it there.
const noted = "regionfall.switchover"

// note has a region remember that the other one, or it itself, is to serve.
func note(ctx context.Context, in api.Side, to string) error {
	return runtime.WithPostgres(ctx, in.Postgres, func(conn *pgx.Conn) error {
		return execute(ctx, conn, "alter system set "+noted+" = '"+to+"'", `select pg_reload_conf()`)
	})
}

// Noted is the region that is to serve by a switchover that was begun and has not ended; empty if there is none.
func Noted(ctx context.Context, in api.Side) (to string, err error) {
	err = runtime.WithPostgres(ctx, in.Postgres, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `select coalesce(current_setting('`+noted+`', true), '')`).Scan(&to)
	})
	return to, err
}

// Forget takes back in a region the note of what was begun.
func Forget(ctx context.Context, in api.Side) error {
	err := runtime.WithPostgres(ctx, in.Postgres, func(conn *pgx.Conn) error {
		return execute(ctx, conn, `alter system reset `+noted, `select pg_reload_conf()`)
	})
	if err != nil {
		return fmt.Errorf("take back in %s what was noted: %w", in.Region, err)
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
