package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/regionfall/regionfall/lab/link/linktest"
	"github.com/regionfall/regionfall/lab/plan"
	"github.com/regionfall/regionfall/lab/topology"
)

// scribe is a PostgreSQL that writes down what it is sent, and refuses what holds "tabel".
type scribe struct {
	mu   sync.Mutex
	sent []string
}

func (s *scribe) scripts() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}

// serve serves until the test ends, and gives the address.
func (s *scribe) serve(t *testing.T) string {
	t.Helper()
	return linktest.Serve(t, s.answer)
}

func (s *scribe) answer(conn net.Conn) {
	to := pgproto3.NewBackend(conn, conn)
	if _, err := to.ReceiveStartupMessage(); err != nil {
		return
	}
	to.Send(&pgproto3.AuthenticationOk{})
	to.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	for to.Flush() == nil {
		said, err := to.Receive()
		query, is := said.(*pgproto3.Query)
		if err != nil || !is {
			return
		}
		s.mu.Lock()
		s.sent = append(s.sent, query.String)
		s.mu.Unlock()
		if at := strings.Index(query.String, "tabel"); at >= 0 {
			to.Send(&pgproto3.ErrorResponse{
				Severity: "ERROR", Code: "42601", Message: `syntax error at or near "tabel"`,
				Position: int32(len([]rune(query.String[:at]))) + 1, //nolint:gosec // a script of a few words
			})
		} else {
			to.Send(&pgproto3.CommandComplete{CommandTag: []byte("CREATE TABLE")})
		}
		to.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	}
}

// preparing is the preparation of the shop by scripts, in a lab whose home has the scribe as its PostgreSQL.
func preparing(t *testing.T, s *scribe, scripts ...Script) *preparation {
	t.Helper()
	a := shop
	a.Prepared.SQL = scripts
	top, _ := topology.Preset("two-regions")
	b := plannedWith(top, "packages", a)
	for _, k := range b.links {
		if k.From == topology.Tap && k.Node == "postgres.us-east-1" {
			b.published[fmt.Sprintf("%d/tcp", k.Port)] = s.serve(t)
		}
	}
	return b.newPreparation(b.plan.InOrder())
}

func TestAnAppIsPreparedOnceItsStoresAreReady(t *testing.T) {
	var s scribe
	p := preparing(t, &s, Script{Name: "schema.sql", Text: "create table a ();"},
		Script{Name: "seed.sql", Text: "insert into a values ();"})
	done := make(chan error, 1)
	go func() { done <- p.run(t.Context()) }()
	for at := range p.stores {
		select {
		case <-p.done:
			t.Fatalf("it was prepared before %s was ready", at.Name())
		default:
		}
		if sent := s.scripts(); len(sent) > 0 {
			t.Errorf("before %s was ready, it was sent %q", at.Name(), sent)
		}
		p.ready(at)
	}
	if want := 4; len(p.stores) != want {
		t.Errorf("it waits for %d stores, want %d: those of home", len(p.stores), want)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	<-p.done
	if diff := cmp.Diff([]string{"create table a ();", "insert into a values ();"}, s.scripts()); diff != "" {
		t.Errorf("it was sent (-want +got):\n%s", diff)
	}
}

// Nobody but the sample app makes the bucket itself.
func TestTheBucketThatAnAppWritesToIsMade(t *testing.T) {
	for status, want := range map[int]string{
		http.StatusOK: "", http.StatusConflict: "", http.StatusForbidden: "make bucket documents in us-east-1: ",
	} {
		var asked atomic.Value
		s3 := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Store(r.Method + " " + r.URL.Path)
			w.WriteHeader(status)
			if status == http.StatusConflict {
				_, _ = io.WriteString(w, "<Error><Code>BucketAlreadyOwnedByYou</Code></Error>")
			}
		}))
		t.Cleanup(s3.Close)
		p := preparing(t, &scribe{})
		p.plan.App.Prepared.Bucket = true
		p.done = make(chan struct{})
		for _, k := range p.links {
			if k.From == topology.Tap && k.Node == "s3.us-east-1" {
				p.published[fmt.Sprintf("%d/tcp", k.Port)] = s3.Listener.Addr().String()
			}
		}
		err := p.run(t.Context())
		if asked.Load() != "PUT /documents" {
			t.Errorf("%d: it was asked %v", status, asked.Load())
		}
		var failed *NotPrepared
		if is := errors.As(err, &failed); is != (want != "") ||
			is && (failed.Step != "bucket" || !strings.HasPrefix(failed.Err.Error(), want)) {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func TestAnAppThatIsNotPreparedDoesNotStart(t *testing.T) {
	var s scribe
	p := preparing(t, &s, Script{Name: "a.sql", Text: "select 1;"},
		Script{Name: "b.sql", Text: "-- größer\ncreate\n  tabel a ();"},
		Script{Name: "c.sql", Text: "select 3;"})
	for at := range p.stores {
		p.ready(at)
	}
	err := p.run(t.Context())
	var failed *NotPrepared
	if !errors.As(err, &failed) || failed.Step != "sql[1]" ||
		failed.Err.Error() != `b.sql: line 3: syntax error at or near "tabel" (SQLSTATE 42601)` {
		t.Errorf("got %v", err)
	}
	if got := len(s.scripts()); got != 2 {
		t.Errorf("it was sent %d scripts", got)
	}
	select {
	case <-p.done:
		t.Error("the app's nodes may start")
	default:
	}
}

func TestAnAppWithoutPreparationWaitsForNothing(t *testing.T) {
	p := preparing(t, &scribe{})
	if err := p.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-p.done
}

func TestALabThatFailsLeavesNobodyPreparing(t *testing.T) {
	var s scribe
	p := preparing(t, &s, Script{Name: "schema.sql", Text: "select 1;"})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := p.run(ctx); err != nil || len(s.scripts()) > 0 {
		t.Errorf("%v; it was sent %q", err, s.scripts())
	}
}

func TestHowACommandEndedIsOneSentence(t *testing.T) {
	for want, c := range map[string]struct {
		code  int
		oom   bool
		words []string
	}{
		"it ended with exit code 3; its last lines: b | the secret is … | d": {
			3, false, []string{"a", "b", "the secret is " + topology.Secret, "d"},
		},
		"it ended with exit code 2; its last lines: panic: no | goroutine 1: | main.go": {
			2, false, []string{"panic: no", "goroutine 1:", "main.go", "more", "and more"},
		},
		"it ended with exit code 137, out of memory; it left no last words": {137, true, nil},
	} {
		if got := endOf(c.code, c.oom, c.words); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestThePreparingNodeHasTheAppsImage(t *testing.T) {
	a := shop
	a.Prepared.Command = []string{"migrate"}
	top, _ := topology.Preset("two-regions")
	b := plannedWith(top, "packages", a)
	planned, err := b.plan.Preparing()
	if err != nil {
		t.Fatal(err)
	}
	s, err := b.spec(planned)
	if err != nil || s.Image != a.Image || !slices.Equal(s.Cmd, []string{"migrate"}) || s.Entrypoint != nil ||
		s.Name != "prepare.us-east-1" || plan.Of(s.Service).Own {
		t.Errorf("%+v: %v", s, err)
	}
}
