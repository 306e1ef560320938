package automation

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/agent/runtime"

	"github.com/regionfall/regionfall/lab/api"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/regionfall/regionfall/lab/topology"
)

// listen takes connections on loopback and gives each to serve, which need not close it.
func listen(t *testing.T, serve func(conn net.Conn)) topology.Endpoint {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer conn.Close()
				serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		serving.Wait()
	})
	return topology.Endpoint{Region: "x", Address: listener.Addr().String()}
}

// script is a server that speaks PostgreSQL's protocol. It gives one row for each statement, or hangs up where there is
// none.
type script struct {
	answer func(statement string) []any

	mu    sync.Mutex
	asked []string
	// those begun; a client that gives up on one asks over a connection of its own that its question be cancelled
	sessions int
}

func (s *script) serve(conn net.Conn) {
	server := pgproto3.NewBackend(conn, conn)
	if first, err := server.ReceiveStartupMessage(); err != nil {
		return
	} else if _, begins := first.(*pgproto3.StartupMessage); !begins {
		return
	}
	s.mu.Lock()
	s.sessions++
	s.mu.Unlock()
	server.Send(&pgproto3.AuthenticationOk{})
	server.Send(&pgproto3.ParameterStatus{Name: "standard_conforming_strings", Value: "on"})
	server.Send(&pgproto3.ParameterStatus{Name: "client_encoding", Value: "UTF8"})
	for {
		server.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
		if server.Flush() != nil {
			return
		}
		message, err := server.Receive()
		if err != nil {
			return
		}
		query, ok := message.(*pgproto3.Query)
		if !ok {
			return
		}
		s.mu.Lock()
		s.asked = append(s.asked, query.String)
		s.mu.Unlock()
		row := s.answer(query.String)
		if row == nil {
			return
		}
		var fields pgproto3.RowDescription
		var values pgproto3.DataRow
		for _, v := range row {
			field, text := pgproto3.FieldDescription{Name: []byte("field"), DataTypeOID: 25}, ""
			switch v := v.(type) {
			case bool:
				field.DataTypeOID, text = 16, map[bool]string{true: "t", false: "f"}[v]
			case int:
				field.DataTypeOID, text = 20, strconv.Itoa(v)
			case string:
				text = v
			}
			fields.Fields, values.Values = append(fields.Fields, field), append(values.Values, []byte(text))
		}
		server.Send(&fields)
		server.Send(&values)
		server.Send(&pgproto3.CommandComplete{CommandTag: []byte("SELECT 1")})
	}
}

// where is the number of the first statement asked that holds the text, or -1.
func (s *script) where(text string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.IndexFunc(s.asked, func(statement string) bool { return strings.Contains(statement, text) })
}

// primaryAnswers are those of an old primary that lets itself be fenced.
func primaryAnswers(statement string) []any {
	switch {
	case strings.Contains(statement, "pg_is_in_recovery"):
		return []any{false}
	case strings.Contains(statement, "transaction_read_only')"):
		return []any{true}
	case strings.Contains(statement, "pg_terminate_backend"):
		return []any{2, "7,8"}
	case strings.Contains(statement, "string_to_array"):
		return []any{0}
	case strings.Contains(statement, "pg_current_wal_flush_lsn"):
		return []any{"0/400"}
	default:
		return []any{""}
	}
}

func TestFenceTellsHowFarTheLogIsOnDisk(t *testing.T) {
	s := &script{answer: primaryAnswers}
	f := newFence(listen(t, s.serve), time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if got := f.Flushed(); got != "" {
		t.Errorf("before, it tells %q", got)
	}
	for _, want := range []string{"read only, 2 sessions ended", "fenced before"} {
		if detail, err := f.Do(ctx); err != nil || detail != want || f.Flushed() != "0/400" {
			t.Errorf("it says %q, %v and tells %q", detail, err, f.Flushed())
		}
	}
	ended, flushed, asked := s.where("pg_terminate_backend"), s.where("pg_logical_emit_message"),
		s.where("pg_current_wal_flush_lsn")
	if ended < 0 || flushed < ended || asked < flushed {
		t.Errorf("asked before the sessions that write were ended, and what they rolled back was on disk: %q", s.asked)
	}
}

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
				(&script{answer: func(string) []any { stop(); receive(conn); return nil }}).serve(conn)
			},
			cause: "context canceled",
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			home := topology.Endpoint{Address: "127.0.0.1:1"}
			if c.serve != nil {
				home = listen(t, func(conn net.Conn) { c.serve(conn, stop) })
			}
			_, err := fencePostgres(ctx, home)
			if err == nil || runtime.IsUnreachable(err) != c.unreachable || runtime.Cause(err) != c.cause {
				t.Errorf("unreachable %v, cause %q, want %v, %q: %v", runtime.IsUnreachable(err), runtime.Cause(err),
					c.unreachable, c.cause, err)
			}
		})
	}
	f := newFence(topology.Endpoint{Address: "127.0.0.1:1"}, time.Minute)
	if detail, err := f.Do(t.Context()); err != nil || detail != "unreachable: connection refused" {
		t.Errorf("the fence says %q, %v", detail, err)
	}
}

// standbyScript is a standby until it is promoted. Replay says whether it has replayed enough, by how often it was
// asked.
func standbyScript(replay func(times int) (enough bool)) *script {
	var mu sync.Mutex
	asked, promoted := 0, false
	return &script{answer: func(statement string) []any {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case strings.Contains(statement, "pg_last_wal_replay_lsn"):
			asked++
			return []any{replay(asked), "0/300"}
		case strings.Contains(statement, "pg_promote"):
			promoted = true
			return []any{true}
		case strings.Contains(statement, "transaction_read_only"):
			return []any{!promoted, false}
		case strings.Contains(statement, "pg_is_in_recovery"):
			return []any{!promoted}
		default:
			return []any{2}
		}
	}}
}

// The Redis of these is gone, so that the step fails after PostgreSQL was promoted.
func promotion(postgres topology.Endpoint, flushed string) *promote {
	return &promote{
		postgres: postgres, redis: topology.Endpoint{Address: "127.0.0.1:1"},
		gather: newGather(api.AutomationConfig{}), flushed: func() string { return flushed },
	}
}

func TestPromotionWaitsForWhatTheOldPrimaryHad(t *testing.T) {
	for flushed, want := range map[string]int{"0/400": 4, "": 0} { // not known: the old primary was unreachable
		times := 0
		s := standbyScript(func(n int) bool { times = n; return n == 4 })
		_, err := promotion(listen(t, s.serve), flushed).Do(t.Context())
		if err == nil || !strings.Contains(err.Error(), "redis") || s.where("pg_promote") < 0 {
			t.Fatalf("with %q it ends with %v after %q", flushed, err, s.asked)
		}
		if times != want || want > 0 && s.where("0/400") > s.where("pg_promote") {
			t.Errorf("with %q it asked %d times, want %d: %q", flushed, times, want, s.asked)
		}
	}
}

func TestPromotionWaitsNoLongerThanOneStep(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context()) // stands for the deadline of the step
	defer stop()
	s := standbyScript(func(n int) bool {
		if n == 3 {
			stop()
		}
		return false
	})
	step := promotion(listen(t, s.serve), "0/400")
	if _, err := step.Do(ctx); !errors.Is(err, errBehind) ||
		!strings.Contains(err.Error(), "replayed 0/300 of 0/400") || s.where("pg_promote") >= 0 {
		t.Errorf("it ends with %v after %q", err, s.asked)
	}
	again, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if _, err := step.Do(again); err == nil || !strings.Contains(err.Error(), "redis") || s.where("pg_promote") < 0 {
		t.Errorf("the second time it ends with %v after %q", err, s.asked)
	}
}

func TestPromotionHearsOfTheFence(t *testing.T) {
	cfg := settings()
	f := newFence(cfg.HomePostgres, cfg.StepTimeout)
	f.done.Store(&fenced{flushed: "0/400"})
	for _, s := range newStages(cfg, f, nameClient{}, newFollow(cfg, runtime.NewMarks("automation.west")),
		runtime.NewMarks("automation.west")) {
		if p, ok := s.step.(*promote); ok && p.flushed() == "0/400" {
			return
		}
	}
	t.Error("no step of the failover knows what the old primary had on disk")
}
