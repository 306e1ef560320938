package runtime

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/regionfall/regionfall/lab/topology"
)

// maintenance is the database that every cluster has: what is asked here concerns the cluster, not the data of the app.
const maintenance = "postgres"

// HangUpLimit bounds the goodbye to a database that may have stopped answering.
const HangUpLimit = 200 * time.Millisecond

// PostgresURL is how an agent reaches the database at an endpoint.
func PostgresURL(e topology.Endpoint) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(topology.DatabaseUser, topology.Secret), Host: e.Address,
		Path:     maintenance,
		RawQuery: url.Values{"sslmode": {"disable"}, "application_name": {"regionfall-agent"}}.Encode(),
	}
	return u.String()
}

// Unreachable is a failure to connect to a server that has not said a word: refused, without a way, or taken by a link
// whose far end is dead, which then resets the connection or stays silent until the time is up. One that has said
// anything is there.
type Unreachable struct{ Err error }

func (u Unreachable) Error() string { return u.Err.Error() }

// Unwrap is what the connection failed for.
func (u Unreachable) Unwrap() error { return u.Err }

// IsUnreachable says whether nobody was there.
func IsUnreachable(err error) bool { return errors.As(err, new(Unreachable)) }

// ear notes whether the far end has said anything.
type ear struct {
	net.Conn
	answered *atomic.Bool
}

func (e ear) Read(p []byte) (int, error) {
	n, err := e.Conn.Read(p)
	if n > 0 {
		e.answered.Store(true)
	}
	return n, err
}

// ConnectPostgres connects with one round trip per statement: the simple protocol prepares nothing. The error is
// unreachable if nobody was there.
func ConnectPostgres(ctx context.Context, e topology.Endpoint) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(PostgresURL(e))
	if err != nil {
		return nil, fmt.Errorf("connect to postgres: %w", err)
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	var answered atomic.Bool
	config.AfterNetConnect = func(_ context.Context, _ *pgconn.Config, conn net.Conn) (net.Conn, error) {
		return ear{Conn: conn, answered: &answered}, nil
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		err = fmt.Errorf("connect to postgres: %w", err)
		if !answered.Load() {
			err = Unreachable{Err: err}
		}
		return nil, err
	}
	return conn, nil
}

// HangUp ends a connection: the work on it is done or has failed, and it is given up either way.
func HangUp(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), HangUpLimit)
	defer cancel()
	_ = conn.Close(ctx)
}

// WithPostgres connects, does the work and hangs up.
func WithPostgres(ctx context.Context, e topology.Endpoint, work func(conn *pgx.Conn) error) error {
	conn, err := ConnectPostgres(ctx, e)
	if err != nil {
		return err
	}
	defer HangUp(ctx, conn)
	return work(conn)
}

// ProveWritable has a primary write a record and see it on disk, and returns its timeline. A server that says that it
// is a primary may still be read only, or wait for a synchronous standby that is gone.
func ProveWritable(ctx context.Context, conn *pgx.Conn) (timeline int, err error) {
	var recovering, readOnly bool
	const state = `select pg_is_in_recovery(), current_setting('transaction_read_only')::bool`
	if err := conn.QueryRow(ctx, state).Scan(&recovering, &readOnly); err != nil {
		return 0, fmt.Errorf("ask postgres for its state: %w", err)
	}
	switch {
	case recovering:
		return 0, errors.New("postgres is in recovery")
	case readOnly:
		return 0, errors.New("postgres is read only: it was fenced, or is set so")
	}
	if _, err := conn.Exec(ctx, `select pg_logical_emit_message(true, 'regionfall', 'in service')`); err != nil {
		return 0, fmt.Errorf("write to postgres: %w", err)
	}
	return Writes(ctx, conn)
}

// Writes is the timeline that a primary writes. Not pg_control_checkpoint(): until the first checkpoint after a
// promotion it names the one before.
func Writes(ctx context.Context, conn *pgx.Conn) (timeline int, err error) {
	const writing = `select ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int`
	if err := conn.QueryRow(ctx, writing).Scan(&timeline); err != nil {
		return 0, fmt.Errorf("ask postgres for its timeline: %w", err)
	}
	return timeline, nil
}
