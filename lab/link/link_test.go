package link

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/regionfall/regionfall/lab/link/hub"
	"github.com/regionfall/regionfall/lab/link/linktest"
	"github.com/regionfall/regionfall/lab/link/toxic"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// echo answers what it is sent.
func echo(t *testing.T) string {
	t.Helper()
	return linktest.Serve(t, func(c net.Conn) { _, _ = io.Copy(c, c) })
}

// open starts a Toxiproxy in this process with one link to an echo service, and gives the link.
func open(t *testing.T, baseline time.Duration) *Link {
	t.Helper()
	return openWith(t, Baseline{Delay: baseline})
}

func openWith(t *testing.T, baseline Baseline) *Link {
	t.Helper()
	carrier := hub.New(zerolog.Nop())
	t.Cleanup(carrier.Close)
	h, spec := openOn(t, carrier, baseline)
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(spec.Port))
	return h.Link(spec, func(ctx context.Context, _ probe.Question) (a probe.Answer, err error) {
		start := time.Now()
		err = roundTrip(ctx, address)
		a.Took = time.Since(start)
		return a, err
	})
}

// openOn opens one link to an echo service on a hub, which is asked through a handler.
func openOn(t *testing.T, handler http.Handler, baseline Baseline) (*Hub, topology.Path) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	h, err := Connect(t.Context(), server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	path := topology.Path{
		Name: "a_b_redis", From: "a", To: "b", Service: topology.ServiceRedis, Port: linktest.FreePort(t),
		Upstream: echo(t),
	}
	err = h.Open(t.Context(), []topology.Path{path}, func(string) string { return "127.0.0.1" },
		func(topology.Path) Baseline { return baseline })
	if err != nil {
		t.Fatal(err)
	}
	return h, path
}

func roundTrip(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	deadline, _ := ctx.Deadline()
	_ = c.SetDeadline(deadline)
	if _, err := c.Write([]byte("ping")); err != nil {
		return err
	}
	_, err = io.ReadFull(c, make([]byte, 4))
	return err
}

func TestCutRefusesAndRestoreCarries(t *testing.T) {
	l := open(t, 0)
	if _, err := trip(t, l); err != nil {
		t.Fatalf("before: %v", err)
	}
	for range 2 { // twice is once
		if err := l.Cut(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := trip(t, l); err == nil {
		t.Error("a cut link carries")
	}
	if s, err := l.State(t.Context()); err != nil || !s.Cut {
		t.Errorf("state of a cut link: %+v, %v", s, err)
	}
	if err := l.Restore(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := trip(t, l); err != nil {
		t.Errorf("after: %v", err)
	}
}

func TestCutDropsOpenConnections(t *testing.T) {
	l := open(t, 0)
	c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(l.Port)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := c.Write([]byte("ping")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	if err := l.Cut(t.Context()); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(2 * time.Second))
	_, err = c.Read(make([]byte, 1))
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("reading from a connection that was cut gave %v; it should have been dropped", err)
	}
}

func trip(t *testing.T, l *Link) (time.Duration, error) {
	t.Helper()
	a, err := l.Ask(t.Context(), probe.Question{})
	return a.Took, err
}

func TestToxicsOfHoldersStandSideBySideAndTheBaselineStays(t *testing.T) {
	const base, delay = 20 * time.Millisecond, 150 * time.Millisecond
	l := open(t, base)
	// A busy machine adds to a trip, or takes from it: Toxiproxy has each toxic wait less by what the one before was
	// late.
	least := func(least time.Duration) {
		t.Helper()
		var took []time.Duration
		for range 5 {
			one, err := trip(t, l)
			if err != nil {
				t.Fatal(err)
			}
			// beyond is a toxic that should be gone, below one that is missing
			if one >= 2*least*9/10 && one <= 2*least+delay {
				return
			}
			took = append(took, one)
		}
		t.Errorf("round trips take %s, none about twice %s", took, least)
	}
	set := func(holder string, toxics []toxic.Toxic) {
		t.Helper()
		if err := l.Set(t.Context(), holder, toxics); err != nil {
			t.Fatal(err)
		}
	}
	least(base)
	set("ada", toxic.Latency(probe.Both, delay, 0))
	least(base + delay)
	set("bob", toxic.Latency(probe.Both, delay, 0))
	least(base + 2*delay)
	if s, err := l.State(t.Context()); err != nil || len(s.Toxics) != 4 {
		t.Errorf("state of a slow link: %+v, %v", s, err)
	}
	set("ada", toxic.Latency(probe.Both, 2*delay, 0)) // in place of what it had
	least(base + 3*delay)
	set("ada", nil)
	least(base + delay)
	set("bob", nil)
	least(base)
	if s, err := l.State(t.Context()); err != nil || len(s.Toxics) != 0 {
		t.Errorf("state of a healed link: %+v, %v", s, err)
	}
}

func TestAToxicThatTheHubDoesNotTakeIsAnError(t *testing.T) {
	l := open(t, 0)
	for _, bad := range []toxic.Toxic{
		{Type: "latency", Stream: probe.Upstream, Attributes: map[string]int64{"latencies": 5}},
		{Type: "lateness", Stream: probe.Upstream},
		{Type: "latency", Stream: "sideways"},
	} {
		if err := l.Set(t.Context(), "ada", []toxic.Toxic{bad}); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

func TestADeafLinkIsNotRefused(t *testing.T) {
	l := open(t, 0)
	for range 2 { // twice is once
		if err := l.Deafen(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	var timeout net.Error
	if _, err := l.Ask(ctx, probe.Question{}); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("connecting to a deaf link gave %v, want no answer", err)
	}
	if err := errors.Join(l.Cut(t.Context()), l.Restore(t.Context())); err != nil {
		t.Fatal(err)
	}
	if _, err := trip(t, l); err != nil {
		t.Errorf("cut and restored it hears, and a round trip gives %v", err)
	}
	for range 2 {
		if err := l.Deafen(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel = context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := l.Ask(ctx, probe.Question{}); err == nil {
		t.Error("deaf a second time, and it carries")
	}
	for range 2 {
		if err := l.Undeafen(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := trip(t, l); err != nil {
		t.Errorf("after: %v", err)
	}
}

// Clients do not wait until a link is deaf: one of theirs may fill the queue first.
func TestALinkThatIsKnockedAtGoesDeafAndHearsAgain(t *testing.T) {
	l := open(t, 0)
	ctx, stop := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	defer clients.Wait()
	defer stop()
	for range 4 {
		clients.Go(func() {
			for ctx.Err() == nil {
				one, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
				_, _ = l.Ask(one, probe.Question{})
				cancel()
			}
		})
	}
	for range 10 {
		if err := l.Deafen(t.Context()); err != nil {
			t.Fatal(err)
		}
		one, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		if _, err := l.Ask(one, probe.Question{}); err == nil {
			t.Error("a deaf link carries")
		}
		cancel()
		if err := l.Undeafen(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := trip(t, l); err != nil {
			t.Fatalf("it hears again, and a round trip gives %v", err)
		}
	}
}

func TestAHubThatDoesNotAnswerIsNamed(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := Connect(ctx, net.JoinHostPort("127.0.0.1", strconv.Itoa(linktest.FreePort(t))))
	if err == nil || !strings.Contains(err.Error(), "control API at 127.0.0.1") {
		t.Errorf("got %v", err)
	}
}
