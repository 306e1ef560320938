package probe

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/regionfall/regionfall/lab/topology"
)

// stalling is a PostgreSQL server that lets one client in and never answers its question. From then on it refuses
// whoever else connects, as a node that died does.
type stalling struct {
	address string
	// nil once the client has let go of the connection, and with that has tried to cancel its question
	over chan error
}

func startStalling(t *testing.T) stalling {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := stalling{address: listener.Addr().String(), over: make(chan error, 1)}
	go func() { s.over <- s.serve(listener) }()
	t.Cleanup(func() { _ = listener.Close() })
	return s
}

func (stalling) serve(listener net.Listener) error {
	conn, err := listener.Accept()
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	b := pgproto3.NewBackend(conn, conn)
	if _, err := b.ReceiveStartupMessage(); err != nil {
		return err
	}
	b.Send(&pgproto3.AuthenticationOk{})
	b.Send(&pgproto3.BackendKeyData{ProcessID: 1, SecretKey: []byte{1, 2, 3, 4}})
	b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	if err := errors.Join(b.Flush(), listener.Close()); err != nil {
		return err
	}
	for {
		message, err := b.Receive()
		if _, bye := message.(*pgproto3.Terminate); bye {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func TestALineWhoseQuestionCouldNotBeCancelledIsHungUp(t *testing.T) {
	server := startStalling(t)
	var lines Lines
	q := Question{
		Way: OnOpen, Line: "a", Service: topology.ServicePostgres, Address: server.address,
		Within: 300 * time.Millisecond,
	}
	a, err := lines.Ask(t.Context(), q)
	if err != nil || a.Symptom != Silence {
		t.Fatalf("a question that stalls: %+v, %v", a, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	select {
	case err := <-server.over:
		if err != nil {
			t.Fatalf("the server: %v", err)
		}
	case <-ctx.Done():
		t.Fatal("the client has not let go of its connection within a minute")
	}
	lines.Hangup(q.Line) // what the timer of an idle line calls
	if a, err := lines.Ask(t.Context(), q); err != nil || a.Symptom != Refused {
		t.Errorf("a new line to a server that is gone: %+v, %v", a, err)
	}
}
