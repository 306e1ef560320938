package backup

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/topology"
)

// baseBackupCommand asks for the data directory as one tar that can be started by itself: with the WAL that makes it
// consistent. A fast checkpoint, as a backup that waits for the next one would take minutes to begin.
const baseBackupCommand = `BASE_BACKUP (LABEL 'regionfall', CHECKPOINT 'fast', WAL true, TARGET 'client', ` +
	`TABLESPACE_MAP false, MANIFEST 'no')`

// walRange is the stretch of WAL that a base backup needs and contains.
type walRange struct {
	start, stop string // positions, such as 0/2000028
	timeline    string
}

// takeBaseBackup writes the data directory of a running PostgreSQL server (15 or later) as a tar to a writer, by the
// streaming replication protocol, as pg_basebackup does.
func takeBaseBackup(ctx context.Context, e topology.Endpoint, tar io.Writer) (_ walRange, err error) {
	config, err := pgconn.ParseConfig(runtime.PostgresURL(e))
	if err != nil {
		return walRange{}, fmt.Errorf("connect to postgres for replication: %w", err)
	}
	config.RuntimeParams["replication"] = "true"
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return walRange{}, fmt.Errorf("connect to postgres for replication: %w", err)
	}
	defer func() {
		goodbye, cancel := context.WithTimeout(context.WithoutCancel(ctx), runtime.HangUpLimit)
		defer cancel()
		_ = conn.Close(goodbye) // the backup is taken or has failed; the connection is given up either way
	}()
	conn.Frontend().SendQuery(&pgproto3.Query{String: baseBackupCommand})
	if err := conn.Frontend().Flush(); err != nil {
		return walRange{}, fmt.Errorf("ask for a base backup: %w", err)
	}
	backup := baseBackupStream{tar: tar}
	for !backup.ended {
		message, err := conn.ReceiveMessage(ctx)
		if err != nil {
			return walRange{}, fmt.Errorf("receive base backup: %w", err)
		}
		if err := backup.take(message); err != nil {
			return walRange{}, fmt.Errorf("receive base backup: %w", err)
		}
	}
	return backup.result()
}

// baseBackupStream reads the server's answer to BASE_BACKUP message by message: the position of the start, the list of
// tablespaces, the archives as one copy stream, the position of the end.
type baseBackupStream struct {
	tar     io.Writer
	archive archive
	results [][][]string // the rows of each result set
	copies  int
	ended   bool
}

// take takes one message of the server.
func (b *baseBackupStream) take(message pgproto3.BackendMessage) error {
	switch m := message.(type) {
	case *pgproto3.ErrorResponse:
		return pgconn.ErrorResponseToPgError(m)
	case *pgproto3.RowDescription:
		b.results = append(b.results, nil)
	case *pgproto3.DataRow:
		if len(b.results) == 0 {
			return errors.New("a row arrived before its result set")
		}
		last := len(b.results) - 1
		b.results[last] = append(b.results[last], textRow(m))
	case *pgproto3.CopyOutResponse:
		b.copies++
		if b.copies > 1 {
			return errors.New("more than one stream of archives arrived: the server is older than PostgreSQL 15")
		}
		b.archive.tar = b.tar
		return b.onlyMainTablespace()
	case *pgproto3.CopyData:
		if b.copies == 0 {
			return errors.New("data arrived before its stream")
		}
		return b.archive.take(m.Data)
	case *pgproto3.ReadyForQuery:
		b.ended = true
	case *pgproto3.CommandComplete, *pgproto3.CopyDone, *pgproto3.NoticeResponse, *pgproto3.ParameterStatus:
	default:
		return fmt.Errorf("unexpected message %T", message)
	}
	return nil
}

// onlyMainTablespace refuses a server whose data is not all in its data directory: the backup would lack the rest.
func (b *baseBackupStream) onlyMainTablespace() error {
	if len(b.results) != 2 {
		return fmt.Errorf("%d result sets arrived before the archives, want 2", len(b.results))
	}
	for _, row := range b.results[1] {
		if len(row) > 1 && row[1] != "" {
			return fmt.Errorf("the server has a tablespace outside its data directory, in %s", row[1])
		}
	}
	return nil
}

// result is what the whole answer said.
func (b *baseBackupStream) result() (walRange, error) {
	if err := b.archive.end(); err != nil {
		return walRange{}, fmt.Errorf("receive base backup: %w", err)
	}
	if len(b.results) != 3 {
		return walRange{}, fmt.Errorf("receive base backup: %d result sets arrived, want 3", len(b.results))
	}
	var at [2][]string
	for i, set := range [][][]string{b.results[0], b.results[2]} {
		if len(set) != 1 || len(set[0]) < 2 || set[0][0] == "" {
			return walRange{},
				fmt.Errorf("receive base backup: a position arrived as %q, want one row with position and timeline",
					set)
		}
		at[i] = set[0]
	}
	return walRange{start: at[0][0], stop: at[1][0], timeline: at[1][1]}, nil
}

// textRow copies a row out of the connection's buffer. Null is empty.
func textRow(row *pgproto3.DataRow) []string {
	texts := make([]string, len(row.Values))
	for i, value := range row.Values {
		texts[i] = string(value)
	}
	return texts
}
