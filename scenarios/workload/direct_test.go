package workload

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

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
	address := listen(t, serve)
	names := startNameservice(t, lead(t, "east", address, "900"))
	c, err := NewCaller(Options{
		Spec: Spec{Writes: 1, Reads: 1, Clients: 1, Timeout: testTimeout}, Resolver: names.address,
		Record: testRecord, Recorder: newRecorder(), Prefix: "t", Seed: 1,
		Protocol: Of(directApp(t), Login{User: "u", Password: "p", Database: "d"}),
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
		if !is || m.Parameters["user"] != "u" || m.Parameters["database"] != "d" {
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
	for name, c := range map[string]struct {
		answer  []pgproto3.BackendMessage
		outcome history.Outcome
		why     string
	}{
		"it is done":                {done("INSERT 0 1"), history.OK, ""},
		"a function did it":         {done("SELECT 1"), history.OK, ""},
		"nothing was written":       {done("INSERT 0 0"), history.Failed, "INSERT 0 0: no row was written"},
		"it is refused":             {failing("ERROR"), history.Failed, "ERROR 25006: read-only"},
		"a part of it is refused":   {failing("ERROR", "COMMIT"), history.Unknown, "ERROR 25006: read-only"},
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
	if w := c.Write(t.Context()); w.Outcome != history.Failed || w.Error != "connect: FATAL 57P03: starting up" {
		t.Errorf("%+v", w)
	}
	c = directCaller(t, func(net.Conn) {})
	if w := c.Write(t.Context()); w.Outcome != history.Failed || !strings.HasPrefix(w.Error, "connect: ") ||
		strings.Contains(w.Error, "127.0.0.1") {
		t.Errorf("%+v", w)
	}
}

func TestACommandIsSentToRedis(t *testing.T) {
	for name, c := range map[string]struct {
		answer  string
		outcome history.Outcome
		why     string
	}{
		"found":          {"$2\r\nhi\r\n", history.OK, ""},
		"not found":      {"$-1\r\n", history.Failed, absent},
		"none":           {":0\r\n", history.Failed, absent},
		"an empty list":  {"*0\r\n", history.Failed, absent},
		"refused":        {"-LOADING not yet\r\n", history.Failed, "LOADING not yet"},
		"nobody answers": {"", history.Failed, "no answer: "},
	} {
		t.Run(name, func(t *testing.T) {
			sent := ""
			caller := directCaller(t, func(conn net.Conn) {
				r := bufio.NewReader(conn)
				hear := func() (said string) { // a command of two words
					for range 5 {
						line, _ := r.ReadString('\n')
						said += line
					}
					return said
				}
				if hello := hear(); !strings.Contains(hello, "hello") { // which an old server does not know
					t.Errorf("a client begins with %q", hello)
				}
				_, _ = io.WriteString(conn, "-ERR unknown command\r\n")
				sent = hear()
				_, _ = io.WriteString(conn, c.answer)
			})
			r := caller.Read(t.Context(), "v-t-000001")
			if r.Outcome != c.outcome || !strings.HasPrefix(r.Error, c.why) || r.Attempts != 1 {
				t.Errorf("%+v", r)
			}
			if sent != "*2\r\n$3\r\nGET\r\n$16\r\norder:v-t-000001\r\n" ||
				string(r.Wire[0].Sent) != "GET order:v-t-000001" {
				t.Errorf("sent: %q, shown: %q", sent, r.Wire[0].Sent)
			}
		})
	}
	write := redisMessage{kind: history.Write}
	if a := write.understand(nil); a.Result != Refused {
		t.Errorf("a write that is answered nil: %+v", a)
	}
	if a := write.understand(int64(0)); a.Result != Acknowledged {
		t.Errorf("a write that is answered 0: %+v", a)
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
