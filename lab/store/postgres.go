package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/regionfall/regionfall/lab/topology"
)

// PostgresURL is how the lab's database is reached at an address.
func PostgresURL(address string) string {
	return fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=disable&connect_timeout=5", topology.DatabaseUser, topology.Secret, address, topology.Database)
}

// Postgres connects. The caller closes the connection.
func Postgres(ctx context.Context, address string) (*pgx.Conn, error) {
	return pgx.Connect(ctx, PostgresURL(address))
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

// Streaming is nil when a replica receives the log of its primary.
func Streaming(ctx context.Context, address string) error {
	conn, err := Postgres(ctx, address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var state string
	err = conn.QueryRow(ctx, `select status from pg_stat_wal_receiver`).Scan(&state)
	if errors.Is(err, pgx.ErrNoRows) {
		return errors.New("no WAL receiver yet")
	}
	if err == nil && state != "streaming" {
		err = fmt.Errorf("the WAL receiver is %s", state)
	}
	return err
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
