package supervisor

import (
	"bufio"
	"io"
	"net"
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
	e, err := listen(t.Context(), "127.0.0.1:0")
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
	e, err := listen(t.Context(), "127.0.0.1:0")
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
