package workload

import (
	"cmp"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/regionfall/regionfall/scenarios/history"
)

func TestClientsFollowTheNameService(t *testing.T) {
	const ttl, slack = 900 * time.Millisecond, 500 * time.Millisecond
	east, west := &service{region: "east"}, &service{region: "west"}
	toEast, toWest := serve(t, east, "900"), serve(t, west, "900")
	names := startNameservice(t, toEast)
	l, rec := begin(t, Spec{Writes: 100, Reads: 50, Clients: 4, Timeout: testTimeout}, names.address)
	eventually(t, "a question of every client", func() bool { return names.queries.Load() >= 4 })
	from := rec.Now()
	names.current.Store(&toWest)
	to := rec.Now()
	eventually(t, "operations well after the switch", func() bool {
		return rec.Now() > to+ttl+2*slack &&
			len(rec.ops(history.Read)) > 10
	})
	finish(t, l)

	var stayed, moved int
	for _, op := range rec.ops() {
		if op.Attempts != 1 || op.Done < op.Sent || op.Sent < op.Due {
			t.Errorf("not one attempt in order: %+v", op)
		}
		switch op.Region {
		case "east":
			if op.Sent > to {
				stayed++
			}
			if op.Sent > to+ttl+slack {
				t.Errorf("went to the old region %v after the switch: %+v", op.Sent-to, op)
			}
		case "west":
			moved++
			if op.Done < from {
				t.Errorf("was in the new region before the switch: %+v", op)
			}
		default:
			t.Errorf("answered by no region: %+v", op)
		}
	}
	if stayed == 0 || moved == 0 {
		t.Errorf("%d operations stayed for the TTL and %d moved after it, want some of both", stayed, moved)
	}
}

func TestALostDatagramIsNoOutage(t *testing.T) {
	names := startNameservice(t, serve(t, &service{region: "east"}, "60000"))
	names.deaf.Store(1)
	l, rec := begin(t, Spec{Writes: 50, Clients: 1, Timeout: testTimeout}, names.address)
	eventually(t, "ten operations", func() bool { return len(rec.ops()) >= 10 })
	finish(t, l)
	for _, op := range rec.ops() {
		if op.Outcome != history.OK || op.Attempts != 1 || op.Seq == 1 && op.Done-op.Sent < resendAfter {
			t.Errorf("want ok, the first after the query was sent again: %+v", op)
		}
	}
	if got := names.queries.Load(); got < 2 {
		t.Errorf("the name service heard %d queries, want the lost one and its repetition", got)
	}
}

func TestADeadNameServiceFailsOperations(t *testing.T) {
	names := startNameservice(t, serve(t, &service{region: "east"}, "60000"))
	names.deaf.Store(1 << 30)
	l, rec := begin(t, Spec{Writes: 50, Clients: 1, Timeout: testTimeout}, names.address)
	eventually(t, "ten operations", func() bool { return len(rec.ops()) >= 10 })
	finish(t, l)
	for _, op := range rec.ops() {
		if op.Outcome != history.Failed || op.Attempts != 0 ||
			op.Error != "not sent: resolve: name service did not answer within 1s" {
			t.Errorf("an operation that finds no region: %+v", op)
		}
	}
}

func TestWhatTheNetworkDoesToAWrite(t *testing.T) {
	for name, c := range map[string]struct {
		toxic    string
		disabled bool
		dead     bool // nobody listens behind the proxy
		outcome  history.Outcome
		why      string
		arrived  bool
		timeout  time.Duration // testTimeout if not given
	}{
		"nothing": {outcome: history.OK, arrived: true},
		"refused": {disabled: true, outcome: history.Failed, why: "not sent: dial: connect: connection refused"},
		"answer cut": {
			toxic:   `{"type":"limit_data","attributes":{"bytes":20}}`,
			outcome: history.Unknown, why: "no answer: ", arrived: true,
		},
		"answer swallowed": { // Toxiproxy drops the bytes and passes on the close that follows them
			toxic:   `{"type":"timeout","attributes":{"timeout":0}}`,
			outcome: history.Unknown, why: "no answer: EOF", arrived: true,
		},
		"request swallowed": {
			toxic:   `{"type":"timeout","stream":"upstream","attributes":{"timeout":0}}`,
			outcome: history.Unknown, why: "no answer: timed out after 500ms", timeout: 500 * time.Millisecond,
		},
		"dead behind the link": {dead: true, outcome: history.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			c.timeout = cmp.Or(c.timeout, testTimeout)
			s := &service{region: "east"}
			server := httptest.NewServer(s)
			defer server.Close()
			upstream := server.Listener.Addr().String()
			if c.dead {
				upstream = unused(t)
			}
			api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.New(io.Discard))
			proxy := toxiproxy.NewProxy(api, "link", "127.0.0.1:0", upstream)
			if err := proxy.Start(); err != nil {
				t.Fatal(err)
			}
			defer proxy.Stop()
			if c.toxic != "" {
				if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(c.toxic)); err != nil {
					t.Fatal(err)
				}
			}
			listen := proxy.Listen
			if c.disabled {
				proxy.Stop()
			}
			names := startNameservice(t, lead(t, "east", listen, "1000"))
			l, rec := begin(t, Spec{Writes: 50, Clients: 2, Timeout: c.timeout}, names.address)
			eventually(t, "ten operations", func() bool { return len(rec.ops()) >= 10 })
			finish(t, l)

			for _, op := range rec.ops() {
				if op.Attempts != 1 || op.Region != "east" {
					t.Errorf("not one attempt to its region: %+v", op)
				}
				// Whether a reset overtakes the request is a race; either way the two outcomes must not be confused.
				if c.dead && op.Outcome == history.Failed && strings.HasPrefix(op.Error, "not sent: ") {
					continue
				}
				if op.Outcome != c.outcome || !strings.HasPrefix(op.Error, c.why) {
					t.Errorf("want outcome %d, %q: %+v", c.outcome, c.why, op)
				}
			}
			if got := s.seen(http.MethodPost); (got == len(rec.ops())) != c.arrived || (got == 0) == c.arrived {
				t.Errorf("the service saw %d of %d writes", got, len(rec.ops()))
			}
		})
	}
}

// unused is an address where nobody listens.
func unused(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// A GET is what net/http would repeat: idempotent and without a body.
func TestAReadThatIsHungUpOnIsNotRepeated(t *testing.T) {
	s := &service{region: "east", before: func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet {
			return false
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return true
		}
		conn.Close()
		return true
	}}
	names := startNameservice(t, serve(t, s, "1000"))
	l, rec := begin(t, Spec{Writes: 50, Reads: 100, Clients: 2, Timeout: testTimeout}, names.address)
	eventually(t, "twenty reads", func() bool { return len(rec.ops(history.Read)) >= 20 })
	finish(t, l)
	reads := rec.ops(history.Read)
	if got := s.seen(http.MethodGet); got != len(reads) {
		t.Errorf("the service saw %d requests for %d reads", got, len(reads))
	}
	for _, op := range reads {
		if op.Outcome != history.Failed || op.Attempts != 1 || !strings.HasPrefix(op.Error, "no answer: ") {
			t.Errorf("a read without an answer: %+v", op)
		}
	}
}

func TestWhatTheServiceSaysOfAWrite(t *testing.T) {
	for name, c := range map[string]struct {
		answer  func(w http.ResponseWriter)
		status  int
		outcome history.Outcome
		why     string
	}{
		"not applied": {
			answer: func(w http.ResponseWriter) {
				http.Error(w, `{"applied":"no","error":"read-only"}`, http.StatusServiceUnavailable)
			},
			status: http.StatusServiceUnavailable, outcome: history.Failed, why: "status 503: read-only",
		},
		"error": {
			answer: func(w http.ResponseWriter) { http.Error(w, `{"error":"timeout"}`, http.StatusServiceUnavailable) },
			status: http.StatusServiceUnavailable, outcome: history.Unknown, why: "status 503: timeout",
		},
		"ok, but cut short": {
			answer: func(w http.ResponseWriter) {
				w.Header().Set("Content-Length", "100")
				w.WriteHeader(http.StatusCreated)
				http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			},
			status: http.StatusCreated, outcome: history.Unknown, why: "no answer: unexpected EOF",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &service{region: "east", before: func(w http.ResponseWriter,
				_ *http.Request,
			) bool {
				c.answer(w)
				return true
			}}
			names := startNameservice(t, serve(t, s, "1000"))
			l, rec := begin(t, Spec{Writes: 100, Clients: 1, Timeout: testTimeout}, names.address)
			eventually(t, "five writes", func() bool { return len(rec.ops()) >= 5 })
			finish(t, l)
			for _, op := range rec.ops() {
				if op.Status != c.status || op.Outcome != c.outcome || op.Error != c.why {
					t.Errorf("want status %d, outcome %d, %q: %+v", c.status, c.outcome, c.why, op)
				}
			}
			if len(l.Acked()) != 0 {
				t.Errorf("acknowledged: %v", l.Acked())
			}
		})
	}
}
