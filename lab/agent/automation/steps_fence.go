package automation

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/regionfall/regionfall/lab/agent/runtime"

	"github.com/regionfall/regionfall/lab/api"

	"github.com/jackc/pgx/v5"

	"github.com/regionfall/regionfall/lab/topology"
)

const (
	// fenceLimit bounds one attempt at fencing. Mostly the old primary is gone, and clients wait while it is knocked
	// at.
	fenceLimit = 2 * time.Second
	// fenceShare is the part of a step's deadline that fencing may take, where that is less.
	fenceShare = 5
	// fenceAgain is how often an old primary that was gone is knocked at: writes it takes after its return are lost.
	fenceAgain = 250 * time.Millisecond
	// sessionEndLimit is how long the server waits for the sessions that it ends.
	sessionEndLimit = 500 * time.Millisecond
)

// fence makes the old primary refuse writes. It asks the database itself, so it is only as good as the database's
// manners: a session may override default_transaction_read_only, which the app does not do. An old primary that cannot
// be reached cannot be fenced; the failover goes on, and Late fences it when it returns.
type fence struct {
	once func(ctx context.Context) (fenced, error) // one attempt

	limit time.Duration // of one attempt
	done  atomic.Pointer[fenced]
	owed  chan struct{} // holds one when Late has to fence
}

// fenced is an old primary that takes no writes any more.
type fenced struct {
	detail string
	// a pg_lsn: how far its log is on disk, and with it all that it acknowledged; empty if it is a replica by now
	flushed string
}

func newFence(home topology.Endpoint, stepTimeout time.Duration) *fence {
	return &fence{
		once:  func(ctx context.Context) (fenced, error) { return fencePostgres(ctx, home) },
		limit: min(fenceLimit, stepTimeout/fenceShare),
		owed:  make(chan struct{}, 1),
	}
}

// Name is fence.
func (*fence) Name() string { return "fence" }

// Do fences the old primary, or finds it unreachable. One that is there and is not fenced when the time is up is an
// error, whether it says no, is starting or has become silent half way: going on would make two primaries knowingly.
func (f *fence) Do(ctx context.Context) (detail string, err error) {
	if f.done.Load() != nil {
		return "fenced before", nil
	}
	err = runtime.Poll(ctx, fenceAgain, func(ctx context.Context) error {
		done, err := f.attempt(ctx)
		detail = done.detail
		if runtime.IsUnreachable(err) && ctx.Err() == nil {
			f.Owe()
			detail, err = "unreachable: "+runtime.Cause(err), nil
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return detail, nil
}

// Flushed is how far the log of the old primary was on disk when it was fenced, as a pg_lsn, or empty if that is not
// known.
func (f *fence) Flushed() string {
	if done := f.done.Load(); done != nil {
		return done.flushed
	}
	return ""
}

// Forget has the old primary, which serves again, be fenced the next time.
func (f *fence) Forget() { f.done.Store(nil) }

// Owe has Late fence the old primary.
func (f *fence) Owe() {
	select {
	case f.owed <- struct{}{}:
	default:
	}
}

// Late fences the old primary once it is back, whenever that is owed, and leaves a mark. It returns when ctx ends.
func (f *fence) Late(ctx context.Context, marks *runtime.Marks) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.owed:
		}
		warned := map[string]bool{}
		for runtime.Pause(ctx, fenceAgain) == nil {
			done, err := f.attempt(ctx)
			if err == nil {
				marks.Leave(api.MarkFencedLate, done.detail)
				break
			}
			if kind := runtime.WithoutNumbers(runtime.OneLine(err)); !runtime.IsUnreachable(err) && !warned[kind] {
				warned[kind] = true
				slog.Warn("the old primary is back and not fenced yet", "error", err)
			}
		}
	}
}

func (f *fence) attempt(ctx context.Context) (fenced, error) {
	attempt, cancel := context.WithTimeout(ctx, f.limit)
	defer cancel()
	done, err := f.once(attempt)
	if err != nil {
		return fenced{}, runtime.Within(f.limit, err)
	}
	f.done.Store(&done)
	return done, nil
}

// fencePostgres sets the server read only, for good, and ends the sessions that may have begun a write before.
func fencePostgres(ctx context.Context, home topology.Endpoint) (done fenced, err error) {
	err = runtime.WithPostgres(ctx, home, func(conn *pgx.Conn) error {
		var recovering bool
		if err := conn.QueryRow(ctx, `select pg_is_in_recovery()`).Scan(&recovering); err != nil {
			return fmt.Errorf("ask postgres for its role: %w", err)
		}
		if recovering { // it has rejoined: it takes no writes, and read only it would be useless as the next primary
			done.detail = "a replica by now"
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
		// Sessions hear of a reload from the server's main process: once this one has, those that begin now have too.
		// Those that had begun to write before would still finish it, and are ended.
		if err := runtime.Poll(ctx, 10*time.Millisecond, func(ctx context.Context) error {
			return seeReadOnly(ctx,
				conn)
		}); err != nil {
			return err
		}
		ended, err := endSessions(ctx, conn)
		if err != nil {
			return err
		}
		done.detail = fmt.Sprintf("read only, %d sessions ended", ended)
		// What the ended sessions rolled back may not be on disk yet. It will be, and reach whoever still follows, who
		// would then have more than a standby that was promoted with less.
		const flush = `select pg_logical_emit_message(false, 'regionfall', 'fenced', true)`
		if _, err := conn.Exec(ctx, flush); err != nil {
			return fmt.Errorf("have postgres write its log to disk: %w", err)
		}
		if err := conn.QueryRow(ctx, `select pg_current_wal_flush_lsn()::text`).Scan(&done.flushed); err != nil {
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

func seeReadOnly(ctx context.Context, conn *pgx.Conn) error {
	var readOnly bool
	if err := conn.QueryRow(ctx, `select current_setting('transaction_read_only')::bool`).Scan(&readOnly); err != nil {
		return fmt.Errorf("ask postgres whether it is read only: %w", err)
	}
	if !readOnly {
		return fmt.Errorf("postgres was told to be read only and is not yet")
	}
	return nil
}
