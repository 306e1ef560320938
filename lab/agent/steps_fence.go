package agent

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/regionfall/regionfall/lab/topology"
)

const (
	// fenceLimit bounds one attempt at fencing. Mostly the old primary is gone, and clients wait while it is knocked at.
	fenceLimit = 2 * time.Second
	// fenceShare is the part of a step's deadline that fencing may take, where that is less.
	fenceShare = 5
	// fenceAgain is how often an old primary that was gone is knocked at: writes it takes after its return are lost.
	fenceAgain = 250 * time.Millisecond
	// sessionEndLimit is how long the server waits for the sessions that it ends.
	sessionEndLimit = 500 * time.Millisecond
)

// fence makes the old primary refuse writes. It asks the database itself, so it is only as good as the database's manners: a session
// may override default_transaction_read_only, which the app does not do. An old primary that cannot be reached cannot be fenced;
// the failover goes on, and Late fences it when it returns.
type fence struct {
	once func(ctx context.Context) (detail string, err error) // one attempt

	limit  time.Duration // of one attempt
	fenced atomic.Bool
	owed   chan struct{} // holds one when Late has to fence
}

func newFence(home topology.Endpoint, stepTimeout time.Duration) *fence {
	return &fence{
		once:  func(ctx context.Context) (string, error) { return fencePostgres(ctx, home) },
		limit: min(fenceLimit, stepTimeout/fenceShare),
		owed:  make(chan struct{}, 1),
	}
}

// Name is fence.
func (*fence) Name() string { return "fence" }

// Do fences the old primary, or finds it unreachable. One that answers and will not be fenced is an error: going on would make two
// primaries knowingly.
func (f *fence) Do(ctx context.Context) (string, error) {
	if f.fenced.Load() {
		return "fenced before", nil
	}
	detail, err := f.attempt(ctx)
	switch {
	case err == nil:
		return detail, nil
	case refused(err) || ctx.Err() != nil:
		return "", err
	default:
		f.Owe()
		return "unreachable: " + oneLine(err), nil
	}
}

// Owe has Late fence the old primary.
func (f *fence) Owe() {
	select {
	case f.owed <- struct{}{}:
	default:
	}
}

// Late fences the old primary once it is back, if that is owed, and leaves a mark. It returns then or when ctx ends.
func (f *fence) Late(ctx context.Context, marks *Marks) {
	select {
	case <-ctx.Done():
		return
	case <-f.owed:
	}
	warned := map[string]bool{}
	for pause(ctx, fenceAgain) == nil {
		detail, err := f.attempt(ctx)
		if err == nil {
			marks.Leave(MarkFencedLate, detail)
			return
		}
		if kind := withoutNumbers(oneLine(err)); refused(err) && !warned[kind] {
			warned[kind] = true
			slog.Warn("the old primary is back and will not be fenced", "error", err)
		}
	}
}

func (f *fence) attempt(ctx context.Context) (string, error) {
	attempt, cancel := context.WithTimeout(ctx, f.limit)
	defer cancel()
	detail, err := f.once(attempt)
	if err == nil {
		f.fenced.Store(true)
	}
	return detail, err
}

// fencePostgres sets the server read only, for good, and ends the sessions that may have begun a write before.
func fencePostgres(ctx context.Context, home topology.Endpoint) (detail string, err error) {
	err = withPostgres(ctx, home, func(conn *pgx.Conn) error {
		var recovering bool
		if err := conn.QueryRow(ctx, `select pg_is_in_recovery()`).Scan(&recovering); err != nil {
			return fmt.Errorf("ask postgres for its role: %w", err)
		}
		if recovering { // it has rejoined: it takes no writes, and read only it would be useless as the next primary
			detail = "a replica by now"
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
		// Sessions hear of a reload from the server's main process: once this one has, those that begin now have too. Those that had
		// begun to write before would still finish it, and are ended.
		if err := poll(ctx, 10*time.Millisecond, func(ctx context.Context) error { return seeReadOnly(ctx, conn) }); err != nil {
			return err
		}
		var ended int
		err := conn.QueryRow(ctx, `select count(*) filter (where pg_terminate_backend(pid, $1)) from pg_stat_activity
			where backend_type = 'client backend' and pid <> pg_backend_pid()`, sessionEndLimit.Milliseconds()).Scan(&ended)
		if err != nil {
			return fmt.Errorf("end sessions: %w", err)
		}
		detail = fmt.Sprintf("read only, %d sessions ended", ended)
		return nil
	})
	return detail, err
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
