package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/regionfall/regionfall/lab/postgres"
	"github.com/regionfall/regionfall/lab/topology"
)

// connectWithin is how long a PostgreSQL may take to let anybody in.
const connectWithin = 5 * time.Second

// Postgres connects to the lab's database at an address. The caller closes the connection.
func Postgres(ctx context.Context, address string) (*pgx.Conn, error) {
	c, err := postgres.Server{
		Address: address, User: topology.DatabaseUser, Password: topology.Secret, Database: topology.Database,
	}.Config()
	if err != nil {
		return nil, err
	}
	c.ConnectTimeout = connectWithin
	return pgx.ConnectConfig(ctx, c)
}

// PostgresValue runs one statement on a connection of its own, and gives the first value of the first row as text.
func PostgresValue(ctx context.Context, address, statement string) (string, error) {
	conn, err := Postgres(ctx, address)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return FirstValue(ctx, conn, statement)
}

// FirstValue is the first value of the first row of a statement's answer, as text; empty if there is none.
func FirstValue(ctx context.Context, conn *pgx.Conn, statement string) (string, error) {
	rows, err := conn.Query(ctx, statement, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	value := ""
	if rows.Next() {
		if v, verr := rows.Values(); verr == nil && len(v) > 0 && v[0] != nil {
			value = fmt.Sprint(v[0])
		}
	}
	rows.Close()
	return value, rows.Err()
}

type postgresNode string

// Answers is nil when it accepts queries.
func (n postgresNode) Answers(ctx context.Context) error {
	_, err := PostgresValue(ctx, string(n), "select 1")
	return err
}

// Role is its own word.
func (n postgresNode) Role(ctx context.Context) (Role, error) {
	recovering, err := PostgresValue(ctx, string(n), "select pg_is_in_recovery()")
	return map[string]Role{"false": Primary, "true": Replica}[recovering], err
}

// Streams is nil when it receives the log of its primary.
func (n postgresNode) Streams(ctx context.Context) error {
	switch state, err := PostgresValue(ctx, string(n), `select status from pg_stat_wal_receiver`); {
	case err != nil:
		return err
	case state == "":
		return errors.New("no WAL receiver yet")
	case state != "streaming":
		return fmt.Errorf("the WAL receiver is %s", state)
	}
	return nil
}

// Behind is how far a replica of PostgreSQL is behind, by its own word. What is not known is nil.
type Behind struct {
	Port  int    `json:"port"`  // by which it reaches whom it streams from; 0: nobody
	State string `json:"state"` // of its WAL receiver, or "paused"
	Bytes *int64 `json:"bytes"` // received and not replayed
	MS    *int64 `json:"ms"`    // the age of what it replayed last, while there are any
}

// PostgresBehind asks a replica.
func PostgresBehind(ctx context.Context, address string) (b Behind, err error) {
	text, err := PostgresValue(ctx, address, `select json_build_object(
		'port', (select sender_port from pg_stat_wal_receiver),
		'state', case when pg_is_wal_replay_paused() then 'paused'
			else coalesce((select status from pg_stat_wal_receiver), 'not streaming') end,
		'bytes', pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::bigint,
		'ms', case when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() then 0
			else (extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::bigint end)::text`)
	if err == nil {
		err = json.Unmarshal([]byte(text), &b)
	}
	if err != nil {
		return Behind{}, fmt.Errorf("ask how far postgres is behind: %w", err)
	}
	return b, nil
}
