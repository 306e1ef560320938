package world

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/topology"
)

// sessionEndLimit is how long the server waits for the sessions that it ends.
const sessionEndLimit = 500 * time.Millisecond

// Fenced is an old primary that takes no writes any more.
type Fenced struct {
	Detail string
	// Flushed is how far its log is on disk, as a pg_lsn, and with it all that it acknowledged; empty if it is a
	// replica by now.
	Flushed string
}

// FencePostgres sets the server read only, for good, and ends the sessions that may have begun a write before.
func FencePostgres(ctx context.Context, home topology.Endpoint) (done Fenced, err error) {
	err = runtime.WithPostgres(ctx, home, func(conn *pgx.Conn) error {
		var recovering bool
		if err := conn.QueryRow(ctx, `select pg_is_in_recovery()`).Scan(&recovering); err != nil {
			return fmt.Errorf("ask postgres for its role: %w", err)
		}
		if recovering { // it has rejoined: it takes no writes, and read only it would be useless as the next primary
			done.Detail = "a replica by now"
			return nil
		}
		for _, statement := range []string{
			`alter system set default_transaction_read_only = on`,
			`select pg_reload_conf()`,
		} {
			if _, err := conn.Exec(ctx, statement); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		// Sessions learn of a reload from the server's main process: once this one has, those that begin now have too.
		// Those that had begun to write before would still finish it, and are ended.
		if err := runtime.Poll(ctx, 10*time.Millisecond, func(ctx context.Context) error {
			return checkReadOnly(ctx, conn)
		}); err != nil {
			return err
		}
		ended, err := endSessions(ctx, conn)
		if err != nil {
			return err
		}
		done.Detail = fmt.Sprintf("read only, %d sessions ended", ended)
		// What the ended sessions rolled back may not be on disk yet. It will be, and reach whoever still follows, who
		// would then have more than a standby that was promoted with less.
		const flush = `select pg_logical_emit_message(false, 'regionfall', 'fenced', true)`
		if _, err := conn.Exec(ctx, flush); err != nil {
			return fmt.Errorf("have postgres write its log to disk: %w", err)
		}
		if err := conn.QueryRow(ctx, `select pg_current_wal_flush_lsn()::text`).Scan(&done.Flushed); err != nil {
			return fmt.Errorf("ask postgres how far its log is on disk: %w", err)
		}
		return nil
	})
	return done, err
}

// endSessions ends all other sessions of clients at once, sees that they are gone, and says how many there were.
func endSessions(ctx context.Context, conn *pgx.Conn) (ended int, err error) {
	var pids string
	const end = `select count(*) filter (where pg_terminate_backend(pid)), coalesce(string_agg(pid::text, ','), '')
		from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`
	if err := conn.QueryRow(ctx, end).Scan(&ended, &pids); err != nil {
		return 0, fmt.Errorf("end sessions: %w", err)
	}
	waiting, cancel := context.WithTimeout(ctx, sessionEndLimit)
	defer cancel()
	// not with its context, whose end would end this session too
	err = runtime.Poll(waiting, 10*time.Millisecond, func(context.Context) error {
		var left int
		const there = `select count(*) from pg_stat_activity where pid = any(string_to_array($1, ',')::int[])`
		if err := conn.QueryRow(ctx, there, pids).Scan(&left); err != nil {
			return fmt.Errorf("ask for the sessions that were ended: %w", err)
		}
		if left > 0 {
			return fmt.Errorf("%d of %d sessions that were ended are still there after %s", left, ended,
				sessionEndLimit)
		}
		return nil
	})
	return ended, err
}

func checkReadOnly(ctx context.Context, conn *pgx.Conn) error {
	var readOnly bool
	if err := conn.QueryRow(ctx, `select current_setting('transaction_read_only')::bool`).Scan(&readOnly); err != nil {
		return fmt.Errorf("ask postgres whether it is read only: %w", err)
	}
	if !readOnly {
		return fmt.Errorf("postgres was told to be read only and is not yet")
	}
	return nil
}
