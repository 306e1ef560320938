package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/link/splice"
)

// dialLimit is how long an endpoint tries to reach where it leads.
const dialLimit = 5 * time.Second

// endpoint is an address that never changes, as a managed database's writer endpoint is: where it leads, the
// configuration says. What it carried to where it led before is ended when it turns: nobody's connections hang on by
// themselves. What is left to find out is when the app is connected again, and marks are left of that.
type endpoint struct {
	listener *net.TCPListener
	mark     func(name, detail string)

	mu    sync.Mutex
	to    string                // host:port; empty leads nowhere
	open  map[*carried]struct{} // to where it leads
	leads context.Context       //nolint:containedctx // until it turns
	turns context.CancelFunc
	used  bool // somebody has connected
	waits bool // it has turned, and no store has answered since
}

// carried is one connection, on both sides.
type carried struct{ from, to *net.TCPConn }

// listen opens an endpoint, which leaves marks of what it does.
func listen(ctx context.Context, address string, mark func(name, detail string)) (*endpoint, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	e := &endpoint{listener: listener.(*net.TCPListener), mark: mark, open: map[*carried]struct{}{}}
	e.leads, e.turns = context.WithCancel(context.WithoutCancel(ctx))
	return e, nil
}

// serve carries connections until the endpoint is closed.
func (e *endpoint) serve() {
	for {
		from, err := e.listener.AcceptTCP()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			_ = runtime.Pause(context.Background(), lookEvery) // out of files, perhaps
			continue
		}
		go runtime.With("carry a connection to a store", func() { e.carry(from) })()
	}
}

// turn has the endpoint lead elsewhere, and ends what it carried before.
func (e *endpoint) turn(to string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.to == to {
		return
	}
	if e.used && e.to != "" && to != "" {
		e.waits = true
		e.mark(api.MarkTurned, fmt.Sprintf("to %s, connections ended: %d", to, len(e.open)))
	}
	e.turns()
	for c := range e.open {
		c.end()
	}
	clear(e.open)
	e.to = to
	e.leads, e.turns = context.WithCancel(context.WithoutCancel(e.leads))
}

// close ends everything.
func (e *endpoint) close() {
	_ = e.listener.Close()
	e.turn("")
}

func (e *endpoint) carry(from *net.TCPConn) {
	e.mu.Lock()
	ctx, to := e.leads, e.to
	e.used = true
	e.mu.Unlock()
	dialer := net.Dialer{Timeout: dialLimit}
	far, err := dialer.DialContext(ctx, "tcp", to)
	if err != nil {
		reset(from)
		return
	}
	c := &carried{from: from, to: far.(*net.TCPConn)}
	e.mu.Lock()
	if ctx.Err() != nil { // it has turned meanwhile
		e.mu.Unlock()
		c.end()
		return
	}
	e.open[c] = struct{}{}
	e.mu.Unlock()
	store := &speaker{TCPConn: c.to, spoke: func() { e.answered(ctx, to) }}
	splice.Join(splice.End{Conn: c.from, Resets: true}, splice.End{Conn: c.to, Read: store, Resets: true})
	e.mu.Lock()
	delete(e.open, c)
	e.mu.Unlock()
}

// answered notes that a store has answered that the endpoint led to until ctx ended.
func (e *endpoint) answered(ctx context.Context, who string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.waits && ctx.Err() == nil {
		e.waits = false
		e.mark(api.MarkReconnected, "by "+who)
	}
}

// speaker is a connection that tells of the first that it says. A store that is accepted for and never answers, as a
// link does whose far end is dead, is not connected to.
type speaker struct {
	*net.TCPConn
	spoke func() // nil once it was told
}

// WriteTo carries what it says. After its beginning nothing of that passes through this program's memory.
func (s *speaker) WriteTo(to io.Writer) (int64, error) {
	first := 0
	if s.spoke != nil {
		beginning := make([]byte, 4<<10)
		n, err := s.Read(beginning)
		if errors.Is(err, io.EOF) {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		s.spoke()
		s.spoke = nil
		if first, err = to.Write(beginning[:n]); err != nil {
			return int64(first), err
		}
	}
	rest, err := io.Copy(to, s.TCPConn)
	return int64(first) + rest, err
}

func (c *carried) end() {
	reset(c.from)
	reset(c.to)
}

// reset closes a connection at once, as the end of a process does.
func reset(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}
