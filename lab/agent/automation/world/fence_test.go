package world

import (
	"context"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/regionfall/regionfall/lab/agent/automation/automationtest"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/topology"
)

func TestUnreachableIsWhoHasNotSaidAWord(t *testing.T) {
	receive := func(conn net.Conn) { _, _ = conn.Read(make([]byte, 1<<10)) }
	for name, c := range map[string]struct {
		serve       func(conn net.Conn, stop context.CancelFunc) // nil where nobody listens
		unreachable bool
		cause       string
	}{
		"refuses": {unreachable: true, cause: "connection refused"},
		"takes and resets, as a link whose far end is dead": {
			serve: func(conn net.Conn, _ context.CancelFunc) {
				receive(conn)
				_ = conn.(*net.TCPConn).SetLinger(0)
			},
			unreachable: true, cause: "connection reset by peer",
		},
		"takes and closes": {
			serve: func(conn net.Conn, _ context.CancelFunc) { receive(conn) }, unreachable: true,
			cause: "connection closed",
		},
		"takes and is silent, as a link that lost its bytes": {
			serve: func(conn net.Conn, stop context.CancelFunc) {
				receive(conn)
				stop()
				receive(conn)
			},
			unreachable: true, cause: "context canceled",
		},
		"is starting": {
			serve: func(conn net.Conn, _ context.CancelFunc) {
				server := pgproto3.NewBackend(conn, conn)
				_, _ = server.ReceiveStartupMessage()
				server.Send(&pgproto3.ErrorResponse{
					Severity: "FATAL", Code: "57P03",
					Message: "the database system is starting up",
				})
				_ = server.Flush()
			},
			cause: "the database system is starting up",
		},
		"falls silent after its first word": {
			serve: func(conn net.Conn, stop context.CancelFunc) {
				server := pgproto3.NewBackend(conn, conn)
				_, _ = server.ReceiveStartupMessage()
				server.Send(&pgproto3.AuthenticationCleartextPassword{})
				_ = server.Flush()
				receive(conn)
				stop()
				receive(conn)
			},
			cause: "context canceled",
		},
		"falls silent at work": {
			serve: func(conn net.Conn, stop context.CancelFunc) {
				(&automationtest.Postgres{Answer: func(string) []any { stop(); receive(conn); return nil }}).Serve(conn)
			},
			cause: "context canceled",
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			home := topology.Endpoint{Address: "127.0.0.1:1"}
			if c.serve != nil {
				home = automationtest.Listen(t, func(conn net.Conn) { c.serve(conn, stop) })
			}
			_, err := FencePostgres(ctx, home)
			if err == nil || runtime.IsUnreachable(err) != c.unreachable || runtime.Cause(err) != c.cause {
				t.Errorf("unreachable %v, cause %q, want %v, %q: %v", runtime.IsUnreachable(err), runtime.Cause(err),
					c.unreachable, c.cause, err)
			}
		})
	}
}
