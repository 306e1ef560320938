package supervisor

import (
	"bufio"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/link/linktest"
	"github.com/regionfall/regionfall/lab/topology"
)

// echo is a store that says its name, and then what it is told.
func echo(t *testing.T, name string) (address string) {
	t.Helper()
	return linktest.Serve(t, func(c net.Conn) {
		_, _ = io.WriteString(c, name+"\n")
		_, _ = io.Copy(c, c)
	})
}

// client is a connection with its answers.
type client struct {
	net.Conn
	answers *bufio.Reader
}

func dial(t *testing.T, address string) client {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil { // it was reset at once
		return client{answers: bufio.NewReader(iotest.ErrReader(err))}
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return client{c, bufio.NewReader(c)}
}

func (c client) line() string {
	text, err := c.answers.ReadString('\n')
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(text)
}

func TestAnEndpointStaysAndLeadsElsewhere(t *testing.T) {
	east, west := echo(t, "east"), echo(t, "west")
	b := supervise(t, "an app", func(c *api.SupervisorConfig) {
		c.Restarts, c.Env = false, nil
		c.Endpoints = map[string]string{"postgres": "127.0.0.1:0", "redis": "127.0.0.1:0"}
	})
	postgres, redis := b.endpoints["postgres"].listener.Addr().String(), b.endpoints["redis"].listener.Addr().String()
	if c := dial(t, postgres); !strings.Contains(c.line(), "reset") {
		t.Error("somebody answers who is not configured yet")
	}
	b.deliver(topology.Config{Revision: 1, AppNodes: 1, Postgres: at(east), Redis: at(east)})
	b.awaitReady("1")
	moves, stays := dial(t, postgres), dial(t, redis)
	for _, c := range []client{moves, stays} {
		if got := c.line(); got != "east" {
			t.Errorf("it leads to %s", got)
		}
	}
	b.deliver(topology.Config{Revision: 2, AppNodes: 1, Postgres: at(west), Redis: at(east)})
	b.awaitReady("2")
	if got := moves.line(); !strings.Contains(got, "reset") {
		t.Errorf("what led to the old primary goes on: %s", got)
	}
	if got := dial(t, postgres).line(); got != "west" {
		t.Errorf("it leads to %s", got)
	}
	if _, err := io.WriteString(stays, "still there\n"); err != nil || stays.line() != "still there" {
		t.Errorf("what leads where it led was ended: %v", err)
	}
	if is, _ := b.state(); is.Runs != 1 {
		t.Errorf("the app was started %d times", is.Runs)
	}
}

func TestAnEndpointPassesTheEndOfWhatWasSaid(t *testing.T) {
	e, err := listen(t.Context(), "127.0.0.1:0", func(string, string) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.close)
	go e.serve()
	e.turn(echo(t, "east"))
	c := dial(t, e.listener.Addr().String())
	_, _ = io.WriteString(c, "all of it")
	_ = c.Conn.(*net.TCPConn).CloseWrite()
	if all, err := io.ReadAll(c.answers); err != nil || string(all) != "east\nall of it" {
		t.Errorf("got %q, %v", all, err)
	}
}

func TestAnEndpointToNobodyIsReset(t *testing.T) {
	e, err := listen(t.Context(), "127.0.0.1:0", func(string, string) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.close)
	go e.serve()
	e.turn("127.0.0.1:1")
	if got := dial(t, e.listener.Addr().String()).line(); !strings.Contains(got, "reset") {
		t.Errorf("got %q", got)
	}
}

// noted are the marks of the supervisor, each with its detail.
func (b bench) noted() (all []string) {
	reply, _, _ := b.marks.Since(0)
	for _, m := range reply.Marks {
		all = append(all, m.Name+" "+m.Detail)
	}
	return all
}

// awaitNoted waits until the marks are these.
func (b bench) awaitNoted(want ...string) {
	b.t.Helper()
	b.await(strings.Join(want, ", "), func() (string, bool) {
		got := b.noted()
		return strings.Join(got, ", "), slices.Equal(got, want)
	})
}

func TestAnEndpointTellsWhenTheAppIsConnectedAgain(t *testing.T) {
	silent := linktest.Serve(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	east, west := echo(t, "east"), echo(t, "west")
	b := supervise(t, "an app", func(c *api.SupervisorConfig) {
		c.Restarts, c.Env = false, nil
		c.Endpoints = map[string]string{"postgres": "127.0.0.1:0", "redis": "127.0.0.1:0"}
	})
	postgres := b.endpoints["postgres"].listener.Addr().String()
	turn := func(revision int, to string) {
		b.deliver(topology.Config{Revision: revision, AppNodes: 1, Postgres: at(to), Redis: at(to)})
		b.awaitReady(strconv.Itoa(revision))
	}
	turn(1, east)
	turn(2, west) // nobody has used it: there is nothing to hang on to
	gone := dial(t, postgres)
	gone.line()
	_ = gone.Close()
	if all := b.noted(); len(all) > 0 {
		t.Errorf("nothing has turned that was used: %v", all)
	}
	b.awaitCarried(0)
	held := dial(t, postgres)
	held.line()
	turn(3, silent) // accepts, and says nothing
	want := []string{"endpoint_turned postgres to " + silent + ", connections ended: 1"}
	b.awaitNoted(want...)
	waiting := dial(t, postgres)
	b.awaitCarried(1)
	turn(4, east)
	want = append(want, "endpoint_turned postgres to "+east+", connections ended: 1")
	b.awaitNoted(want...)
	for _, c := range []client{held, waiting} {
		if got := c.line(); !strings.Contains(got, "reset") {
			t.Errorf("a connection to where it led before goes on: %s", got)
		}
	}
	for range 2 { // the first alone is noted
		if got := dial(t, postgres).line(); got != "east" {
			t.Errorf("it leads to %s", got)
		}
	}
	b.awaitNoted(append(want, "endpoint_answered postgres by "+east)...)
}

// awaitCarried waits until the endpoint of PostgreSQL carries so many connections.
func (b bench) awaitCarried(n int) {
	b.t.Helper()
	e := b.endpoints["postgres"]
	b.await("connections", func() (string, bool) {
		e.mu.Lock()
		defer e.mu.Unlock()
		return strconv.Itoa(len(e.open)), len(e.open) == n
	})
}
