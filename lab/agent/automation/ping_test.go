package automation

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/agent/automation/automationtest"
	"github.com/regionfall/regionfall/lab/agent/runtime"
)

func TestPingsShareAConnectionForAWhile(t *testing.T) {
	var hangs atomic.Bool
	server := &automationtest.Postgres{Answer: func(string) []any {
		if hangs.Swap(false) {
			return nil
		}
		return []any{1}
	}}
	p := newPinger(automationtest.Listen(t, server.Serve))
	defer p.close(t.Context())
	ping := func(why string, want int) {
		t.Helper()
		if err := p.ping(t.Context()); err != nil {
			t.Errorf("%s: %v", why, err)
		}
		if got := server.Sessions(); got != want {
			t.Errorf("%s: %d sessions were begun, want %d", why, got, want)
		}
	}
	ping("first", 1)
	ping("second", 1)
	hangs.Store(true)
	ping("the kept connection broke, and a new one works", 2)
	ping("after that", 2)
	s := <-p.kept
	s.since = time.Now().Add(-keptFor)
	p.kept <- s
	ping("kept for long enough", 3)
	ping("and again", 3)
}

func TestPingOfADeadServerFails(t *testing.T) {
	// it greets, and hangs up at the first question
	server := &automationtest.Postgres{Answer: func(string) []any { return nil }}
	p := newPinger(automationtest.Listen(t, server.Serve))
	defer p.close(t.Context())
	if err := p.ping(t.Context()); err == nil {
		t.Error("a server that does not answer is well")
	}
	if err := newPinger(automationtest.Settings().HomePostgres).ping(t.Context()); !runtime.IsUnreachable(err) {
		t.Errorf("nobody is there, and the error is %v", err)
	}
}
