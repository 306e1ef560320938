package automation

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/agent/runtime"
)

func TestPingsShareAConnectionForAWhile(t *testing.T) {
	var hangs atomic.Bool
	server := &script{answer: func(string) []any {
		if hangs.Swap(false) {
			return nil
		}
		return []any{1}
	}}
	p := newPinger(listen(t, server.serve))
	defer p.close(t.Context())
	ping := func(why string, want int) {
		t.Helper()
		if err := p.ping(t.Context()); err != nil {
			t.Errorf("%s: %v", why, err)
		}
		server.mu.Lock()
		defer server.mu.Unlock()
		if server.sessions != want {
			t.Errorf("%s: %d sessions were begun, want %d", why, server.sessions, want)
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
	server := &script{answer: func(string) []any { return nil }} // it greets, and hangs up at the first question
	p := newPinger(listen(t, server.serve))
	defer p.close(t.Context())
	if err := p.ping(t.Context()); err == nil {
		t.Error("a server that does not answer is well")
	}
	if err := newPinger(settings().HomePostgres).ping(t.Context()); !runtime.IsUnreachable(err) {
		t.Errorf("nobody is there, and the error is %v", err)
	}
}
