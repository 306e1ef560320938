package hub

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/rs/zerolog"
)

// proxy carries connections from where it listens to an upstream. It listens, connects and is cut here; the toxics
// are those of a proxy of Toxiproxy that is never started.
type proxy struct {
	name, upstream string
	toxics         *toxiproxy.ToxicCollection
	server         *toxiproxy.ApiServer
	dialer         *dialer
	logger         zerolog.Logger
	carried        atomic.Uint64 // connections so far

	mu          sync.Mutex
	listen      string
	port        *port // nil while the proxy is cut
	connections map[*connection]bool
}

// port is a proxy that listens, from when it is enabled until it is cut.
type port struct {
	listener *net.TCPListener
	open     context.Context // ends when it is cut
	shut     context.CancelFunc
	silenced bool     // it has stopped accepting, be it that it could not be made deaf after that
	deaf     bool     // attempts to connect get no answer
	filler   net.Conn // what fills the queue of a deaf one; nil where somebody else's connection does
}

func (p *proxy) view() view {
	p.mu.Lock()
	enabled := p.port != nil
	listen := p.listen
	p.mu.Unlock()
	return view{
		request: request{Name: p.name, Listen: listen, Upstream: p.upstream, Enabled: &enabled},
		Toxics:  p.toxics.GetToxicArray(),
	}
}

// enable has the proxy listen, or cuts it. Cutting refuses new connections and drops the open ones.
func (p *proxy) enable(on bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !on:
		p.stop()
		return nil
	case p.port != nil:
		return nil
	}
	return p.start()
}

func (p *proxy) start() error {
	l, err := net.Listen("tcp", p.listen)
	if err != nil {
		return fmt.Errorf("proxy %s: %w", p.name, err)
	}
	p.listen = l.Addr().String()
	at := &port{listener: l.(*net.TCPListener)}
	at.open, at.shut = context.WithCancel(context.Background())
	p.port = at
	go p.accept(at)
	return nil
}

func (p *proxy) stop() {
	if p.port == nil {
		return
	}
	p.port.shut()
	_ = p.port.listener.Close()
	if p.port.filler != nil {
		_ = p.port.filler.Close() // it never carried anything
	}
	p.port = nil
	for c := range p.connections {
		c.cut()
	}
}

// acceptAgainAfter is how long a proxy leaves its queue alone after it could not accept.
const acceptAgainAfter = 50 * time.Millisecond

// accept accepts until the port is shut or goes deaf. Whatever else is wrong passes, as when the process has no file
// descriptor left: who connects waits in the queue meanwhile.
func (p *proxy) accept(at *port) {
	for {
		client, err := at.listener.AcceptTCP()
		switch {
		case err == nil:
			go p.carry(at, client)
			continue
		case errors.Is(err, net.ErrClosed), errors.Is(err, os.ErrDeadlineExceeded):
			return
		}
		p.logger.Error().Err(err).Msg("the proxy could not accept a connection, and tries again")
		select {
		case <-at.open.Done():
			return
		case <-time.After(acceptAgainAfter):
		}
	}
}

// carry connects a client to the upstream, and carries until the end. Of an upstream that is dead a client sees that
// it is accepted, and then dropped.
func (p *proxy) carry(at *port, client *net.TCPConn) {
	upstream, err := p.dialer.dial(at.open, p.upstream, nil)
	if err != nil {
		p.logger.Info().Err(err).Stringer("client", client.RemoteAddr()).Msg("the upstream can't be reached")
		_ = client.Close()
		return
	}
	c := p.connect(at, client, upstream)
	if c == nil {
		_ = client.Close()
		_ = upstream.Close()
		return
	}
	// Toxiproxy does this for its own type of the toxic.
	if slices.ContainsFunc(p.toxics.GetToxicArray(), isReset) {
		c.resetOnClose()
	}
	// Toxiproxy knows connections by their names. A client's address may return while its last connection has yet to
	// run out.
	name := strconv.FormatUint(p.carried.Add(1), 10)
	p.toxics.StartLink(p.server, name+"upstream", &c.client, &c.upstream, stream.Upstream)
	p.toxics.StartLink(p.server, name+"downstream", &c.upstream, &c.client, stream.Downstream)
}

func isReset(t toxics.Toxic) bool { return t.(*toxics.ToxicWrapper).Type == "reset_peer" }

// connect makes a connection one of the proxy's, unless the proxy has been cut meanwhile.
func (p *proxy) connect(at *port, client, upstream *net.TCPConn) *connection {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.port != at {
		return nil
	}
	var c *connection
	c = newConnection(client, upstream, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.connections, c)
	})
	p.connections[c] = true
	return c
}

// stuckAfter is how long a far end may take no bytes while the toxics change. Toxiproxy waits for it for ever before
// a change, and after 5 s drops what it could not write.
const stuckAfter = 2 * time.Second

// change has Toxiproxy change the toxics. It waits for the open connections; it cuts one whose far end takes no
// bytes, so that nobody else waits for that.
func (p *proxy) change(do func()) {
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(stuckAfter / 4):
			}
			p.mu.Lock()
			for c := range p.connections {
				c.cutIfStuck(stuckAfter)
			}
			p.mu.Unlock()
		}
	}()
	do()
}
