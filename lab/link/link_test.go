package link

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/regionfall/regionfall/lab/topology"
)

// echo answers what it is sent.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c); _ = c.Close() }()
		}
	}()
	return l.Addr().String()
}

// freePort is one nobody listens on just now.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// open starts a Toxiproxy in this process with one link to an echo service, and gives the link.
func open(t *testing.T, baseline time.Duration) *Link {
	t.Helper()
	server := httptest.NewServer(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()).Routes())
	t.Cleanup(server.Close)
	hub, err := Connect(t.Context(), server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	spec := Spec{Name: "a_b_redis", From: "a", To: "b", Service: topology.ServiceRedis, Port: freePort(t), Upstream: echo(t)}
	err = hub.Open(t.Context(), []Spec{spec}, func(string) string { return "127.0.0.1" },
		func(Spec) time.Duration { return baseline })
	if err != nil {
		t.Fatal(err)
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(spec.Port))
	t.Cleanup(func() { _ = hub.Link(spec, nil).Cut(context.Background()) }) // closes its listener
	return hub.Link(spec, func(ctx context.Context) error { return roundTrip(ctx, address) })
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
	if _, err := l.Trip(t.Context()); err != nil {
		t.Fatalf("before: %v", err)
	}
	for range 2 { // twice is once
		if err := l.Cut(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Trip(t.Context()); err == nil {
		t.Error("a cut link carries")
	}
	if s, err := l.State(t.Context()); err != nil || !s.Cut {
		t.Errorf("state of a cut link: %+v, %v", s, err)
	}
	if err := l.Restore(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Trip(t.Context()); err != nil {
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

func TestDelayIsAddedEachWayAndTheBaselineStays(t *testing.T) {
	const baseline, delay = 20 * time.Millisecond, 40 * time.Millisecond
	l := open(t, baseline)
	measure := func() time.Duration {
		took, err := l.Trip(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return took
	}
	if took := measure(); took < 2*baseline {
		t.Errorf("a round trip takes %s, less than twice the baseline", took)
	}
	if err := l.Delay(t.Context(), delay, 0); err != nil {
		t.Fatal(err)
	}
	if took := measure(); took < 2*(baseline+delay) {
		t.Errorf("a round trip takes %s, less than twice baseline and delay", took)
	}
	if s, err := l.State(t.Context()); err != nil || s.Delay != delay {
		t.Errorf("state of a slow link: %+v, %v", s, err)
	}
	if err := l.Delay(t.Context(), 0, 0); err != nil {
		t.Fatal(err)
	}
	if s, err := l.State(t.Context()); err != nil || s.Delay != 0 {
		t.Errorf("state of a healed link: %+v, %v", s, err)
	}
	if took := measure(); took < 2*baseline {
		t.Errorf("a round trip takes %s: the baseline went with the delay", took)
	}
	if err := l.Delay(t.Context(), 1500*time.Microsecond, 0); err == nil {
		t.Error("a delay that Toxiproxy can't do was taken")
	}
}

func TestPlanGivesEveryPathAPortOfItsOwn(t *testing.T) {
	two, _ := topology.Preset("two-regions")
	plan := Plan(two)
	ports, names := map[int]bool{}, map[string]bool{}
	for _, s := range plan {
		if ports[s.Port] || names[s.Name] {
			t.Errorf("%s on port %d is there twice", s.Name, s.Port)
		}
		ports[s.Port], names[s.Name] = true, true
		if s.From == s.To {
			t.Errorf("%s leads nowhere", s.Name)
		}
	}
	for _, want := range []string{
		"us-west-2_us-east-1_postgres", "us-east-1_us-west-2_s3", "clients_us-east-1_app", "global_us-west-2_app",
		"us-west-2_global_nameservice", "tap_app-1.us-east-1", "tap_automation.us-west-2", "tap_nameservice.global",
	} {
		if !names[want] {
			t.Errorf("there is no path %s", want)
		}
	}
	two.Automation.Off = true
	for _, s := range Plan(two) {
		if s.Service == topology.ServiceAutomation {
			t.Errorf("%s leads to an automation that is off", s.Name)
		}
	}
}

func TestAHubThatDoesNotAnswerIsNamed(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := Connect(ctx, net.JoinHostPort("127.0.0.1", strconv.Itoa(freePort(t))))
	if err == nil || !strings.Contains(err.Error(), "control API at 127.0.0.1") {
		t.Errorf("got %v", err)
	}
}
