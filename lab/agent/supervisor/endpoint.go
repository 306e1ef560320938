package supervisor

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/link/splice"
)

// dialLimit is how long an endpoint tries to reach where it leads.
const dialLimit = 5 * time.Second

// endpoint is an address that never changes, as a managed database's writer endpoint is: where it leads, the
// configuration says. What it carried to where it led before is ended when it turns.
type endpoint struct {
	listener *net.TCPListener

	mu    sync.Mutex
	to    string                // host:port; empty leads nowhere
	open  map[*carried]struct{} // to where it leads
	leads context.Context       //nolint:containedctx // until it turns
	turns context.CancelFunc
}

// carried is one connection, on both sides.
type carried struct{ from, to *net.TCPConn }

// listen opens an endpoint.
func listen(ctx context.Context, address string) (*endpoint, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	e := &endpoint{listener: listener.(*net.TCPListener), open: map[*carried]struct{}{}}
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
	splice.Join(splice.End{Conn: c.from, Resets: true}, splice.End{Conn: c.to, Resets: true})
	e.mu.Lock()
	delete(e.open, c)
	e.mu.Unlock()
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
