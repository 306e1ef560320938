package workload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/history"
)

// directApp is an app whose clients speak to its stores themselves.
func directApp(t testing.TB) *app.App {
	return shopApp(t, `  write: {sql: "insert into orders values ('{{.ID}}')"}
  read: {redis: [GET, "order:{{.ID}}"]}
`)
}

// listen serves connections, one at a time, until the test ends.
func listen(t *testing.T, serve func(conn net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serve(conn)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-ended
	})
	return l.Addr().String()
}

// directCaller speaks to a store that answers so.
func directCaller(t *testing.T, serve func(conn net.Conn)) *Caller {
	t.Helper()
	return directCallerAt(t, directApp(t), listen(t, serve))
}

// directCallerAt speaks to the stores of an app at an address, where the app is not.
func directCallerAt(t *testing.T, a *app.App, address string) *Caller {
	t.Helper()
	names := startNameservice(t, lead(t, "east", listen(t, func(net.Conn) {}), "900"))
	spec := Spec{Writes: 1, Clients: 1, Timeout: testTimeout}
	if a.Read() != nil {
		spec.Reads = 1
	}
	c, err := NewCaller(Options{
		Spec: spec, Resolver: names.address,
		Record: testRecord, Recorder: newRecorder(), Prefix: "t", Seed: 1,
		Protocol: Of(a, Login{User: "u", Password: "p", Database: "d"}),
		StoreDoor: func(to app.Target, region string) (string, error) {
			if region != "east" {
				return "", fmt.Errorf("%s of %s is asked for", to, region)
			}
			return address, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// postgresThat lets a client in and answers its statement, or does not.
func postgresThat(t *testing.T, answer func(statement string) []pgproto3.BackendMessage) func(conn net.Conn) {
	return func(conn net.Conn) {
		b := pgproto3.NewBackend(conn, conn)
		hello, err := b.ReceiveStartupMessage()
		if err != nil {
			return
		}
		m, is := hello.(*pgproto3.StartupMessage)
		if !is || !maps.Equal(m.Parameters, map[string]string{"user": "u", "database": "d"}) {
			t.Errorf("a client says %+v", hello)
		}
		b.Send(&pgproto3.AuthenticationOk{})
		b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
		if b.Flush() != nil {
			return
		}
		asked, err := b.Receive()
		q, is := asked.(*pgproto3.Query)
		if err != nil || !is {
			return
		}
		for _, a := range answer(q.String) {
			b.Send(a)
		}
		_ = b.Flush()
		_, _ = io.Copy(io.Discard, conn)
	}
}

func TestAStatementIsSentToPostgres(t *testing.T) {
	t.Setenv("PGOPTIONS", "-c synchronous_commit=local") // which would be somebody else's
	t.Setenv("PGSERVICE", "nobodys")
	done := func(tags ...string) (all []pgproto3.BackendMessage) {
		for _, tag := range tags {
			all = append(all, &pgproto3.CommandComplete{CommandTag: []byte(tag)})
		}
		return append(all, &pgproto3.ReadyForQuery{TxStatus: 'I'})
	}
	failing := func(severity string, before ...string) []pgproto3.BackendMessage {
		all := done(before...)
		return append(all[:len(all)-1], &pgproto3.ErrorResponse{
			Severity: severity, SeverityUnlocalized: severity, Code: "25006", Message: "read-only",
		}, &pgproto3.ReadyForQuery{TxStatus: 'I'})
	}
	begun := []pgproto3.BackendMessage{&pgproto3.RowDescription{}}
	for name, c := range map[string]struct {
		answer  []pgproto3.BackendMessage
		outcome history.Outcome
		why     string
	}{
		"it is done":          {done("INSERT 0 1"), history.OK, ""},
		"a function did it":   {done("SELECT 1"), history.OK, ""},
		"nothing was written": {done("INSERT 0 0"), history.Failed, "INSERT 0 0: no row was written"},
		"none in a transaction": {
			done("BEGIN", "SET", "UPDATE 0", "COMMIT"), history.Failed,
			"BEGIN; SET; UPDATE 0; COMMIT: no row was written",
		},
		"one in a transaction":      {done("START TRANSACTION", "UPDATE 1", "COMMIT"), history.OK, ""},
		"none is merged":            {done("MERGE 0"), history.Failed, "MERGE 0: no row was written"},
		"one is merged":             {done("MERGE 1"), history.OK, ""},
		"it is refused":             {failing("ERROR"), history.Failed, "ERROR 25006: read-only"},
		"a part of it is refused":   {failing("ERROR", "COMMIT"), history.Unknown, "ERROR 25006: read-only"},
		"its result had begun":      {append(begun, failing("ERROR")...), history.Failed, "ERROR 25006: read-only"},
		"the server ends":           {failing("FATAL"), history.Unknown, "FATAL 25006: read-only"},
		"the connection ends first": {nil, history.Unknown, "no answer: "},
	} {
		t.Run(name, func(t *testing.T) {
			statement := ""
			caller := directCaller(t, func(conn net.Conn) {
				postgresThat(t, func(s string) []pgproto3.BackendMessage {
					statement = s
					if c.answer == nil {
						_ = conn.Close()
					}
					return c.answer
				})(conn)
			})
			w := caller.Write(t.Context())
			if w.Outcome != c.outcome || !strings.HasPrefix(w.Error, c.why) || (c.why == "") != (w.Error == "") ||
				w.Attempts != 1 || w.Region != "east" {
				t.Errorf("%+v", w)
			}
			if want := "insert into orders values ('v-t-000001')"; statement != want || string(w.Wire[0].Sent) != want {
				t.Errorf("sent: %q, shown: %q", statement, w.Wire[0].Sent)
			}
		})
	}
}

func TestAStatementThatIsGivenUpWasSentOnce(t *testing.T) {
	over := make(chan struct{})
	c := directCaller(t, func(conn net.Conn) {
		postgresThat(t, func(string) []pgproto3.BackendMessage {
			<-over
			return nil
		})(conn)
	})
	c.opts.Spec.Timeout = 100 * time.Millisecond
	w := c.Write(t.Context())
	close(over)
	if w.Outcome != history.Unknown || w.Attempts != 1 || !strings.Contains(w.Error, "timed out") {
		t.Errorf("%+v", w)
	}
}

func TestAStatementOfWhoIsNotLetInWasNotSent(t *testing.T) {
	c := directCaller(t, func(conn net.Conn) {
		b := pgproto3.NewBackend(conn, conn)
		_, _ = b.ReceiveStartupMessage()
		b.Send(&pgproto3.ErrorResponse{
			Severity: "FATAL", SeverityUnlocalized: "FATAL", Code: "57P03", Message: "starting up",
		})
		_ = b.Flush()
	})
	if w := c.Write(t.Context()); w.Outcome != history.Failed || w.Error != "connect: FATAL 57P03: starting up" ||
		len(w.Wire) != 1 || len(w.Wire[0].Sent) > 0 || string(w.Wire[0].Received) != w.Error {
		t.Errorf("%+v", w)
	}
	c = directCaller(t, func(net.Conn) {})
	if w := c.Write(t.Context()); w.Outcome != history.Failed || !strings.HasPrefix(w.Error, "connect: ") ||
		strings.Contains(w.Error, "127.0.0.1") {
		t.Errorf("%+v", w)
	}
}

// What ran in the server before it said no may be there.
func TestWhatMayHaveWrittenBeforeItFailedIsUnclear(t *testing.T) {
	for statement, want := range map[string]Result{
		"insert into orders values (1) on conflict do nothing": Refused,
		"select pay('v-1')":        Refused,
		"call pay('v-1')":          Unclear,
		" -- pays\n/* it */ DO $$": Unclear,
		"select 1; Call pay(1)":    Unclear,
	} {
		m := sqlMessage{statement: statement}
		if a := m.failed(&pgconn.PgError{SeverityUnlocalized: "ERROR"}, nil); a.Result != want {
			t.Errorf("%s: %+v", statement, a)
		}
	}
	for command, want := range map[string]Result{
		"SET k v": Refused, "eval s 0": Unclear, "EVALSHA s 0": Unclear, "FCALL f 0": Unclear,
	} {
		m := redisMessage{words: strings.Fields(command)}
		if a := m.failed(redisError("ERR no")); a.Result != want || a.Why != "ERR no" {
			t.Errorf("%s: %+v", command, a)
		}
	}
}

// late is a context whose deadline has passed, and that has not ended yet.
type late struct {
	context.Context
	ended chan struct{}
}

func (late) Deadline() (time.Time, bool) { return time.Now().Add(-time.Millisecond), true }

func (l late) Done() <-chan struct{} {
	select {
	case <-l.ended:
	default:
		close(l.ended)
	}
	return l.ended
}

func (l late) Err() error {
	select {
	case <-l.ended:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

func TestTheDeadlineOfAContextIsToldAsItsEnd(t *testing.T) {
	err := &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}
	if got := because(late{t.Context(), make(chan struct{})}, err); !errors.Is(got, context.DeadlineExceeded) {
		t.Errorf("it is told as %v", got)
	}
	if got := because(t.Context(), err); got.Error() != "read: i/o timeout" {
		t.Errorf("another one's deadline is told as %v", got)
	}
}

// Nobody signs in at the app to speak to a store: the app may be down, and the store be there.
func TestWhoSpeaksToAStoreDoesNotSignIn(t *testing.T) {
	a := shopApp(t, `  setup: {post: /login, session: {json: token}}
  write: {sql: "insert into orders values ('{{.ID}}')"}
`)
	c := directCallerAt(t, a, listen(t, postgresThat(t, func(string) []pgproto3.BackendMessage {
		return []pgproto3.BackendMessage{
			&pgproto3.CommandComplete{CommandTag: []byte("INSERT 0 1")}, &pgproto3.ReadyForQuery{TxStatus: 'I'},
		}
	})))
	if w := c.Write(t.Context()); w.Outcome != history.OK || !w.SetUp || len(w.Wire) != 1 {
		t.Errorf("%+v", w)
	}
	// What can't be connected to is sent nothing.
	c = directCallerAt(t, a, "127.0.0.1:1")
	if w := c.Write(t.Context()); w.Outcome != history.Failed || !strings.HasPrefix(w.Error, "not sent: ") ||
		!w.SetUp || len(w.Wire) != 0 {
		t.Errorf("%+v", w)
	}
}

func TestWhoSpeaksToAStoreNeedsAWayThere(t *testing.T) {
	opts := Options{
		Spec: Spec{Writes: 1, Clients: 1, Timeout: testTimeout}, Record: testRecord, Recorder: newRecorder(),
		Prefix: "t", Protocol: Of(directApp(t), Login{}),
	}
	if err := opts.validate(); err == nil || !strings.Contains(err.Error(), "the way to the stores is missing") {
		t.Error(err)
	}
	opts.StoreDoor = func(app.Target, string) (string, error) { return "", errors.New("no door") }
	if err := opts.validate(); err != nil {
		t.Error(err)
	}
}
