package hub

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"

	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/rs/zerolog"
)

// proxy carries connections from where it listens to an upstream.
type proxy struct {
	name, upstream string
	dialer         *dialer
	logger         zerolog.Logger

	mu          sync.Mutex // a change of anything below has it, and ends in bounded time: see pipe
	listen      string
	port        *port // nil while the proxy is cut
	toxics      []*toxics.ToxicWrapper
	connections map[*connection]bool
}

// port is a proxy that listens, from when it is enabled until it is cut.
type port struct {
	listener *net.TCPListener
	open     context.Context // ends when it is cut
	shut     context.CancelFunc
	deaf     bool
	filler   net.Conn // what fills the queue of a deaf one; nil where somebody else's connection does
}

// connection is one that is carried.
type connection struct {
	pipes [stream.NumDirections]*pipe
}

func (p *proxy) view() view {
	p.mu.Lock()
	defer p.mu.Unlock()
	enabled := p.port != nil
	return view{
		request: request{Name: p.name, Listen: p.listen, Upstream: p.upstream, Enabled: &enabled},
		Toxics:  append(p.chain(stream.Upstream), p.chain(stream.Downstream)...),
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
		c.pipes[stream.Upstream].end() // with that the other one, too
	}
}

// accept accepts until the port is shut or goes deaf.
func (p *proxy) accept(at *port) {
	for {
		client, err := at.listener.AcceptTCP()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) && !errors.Is(err, os.ErrDeadlineExceeded) {
				p.logger.Error().Err(err).Msg("the proxy does not accept connections any more")
			}
			return
		}
		go p.carry(at, client)
	}
}

// carry connects a client to the upstream, and carries until the end. Of an upstream that is dead a client sees that it is accepted, and then dropped.
func (p *proxy) carry(at *port, client *net.TCPConn) {
	upstream, err := p.dialer.dial(at.open, p.upstream)
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
	for _, one := range c.pipes {
		<-one.ended
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.connections, c)
}

// connect starts to carry, unless the proxy has been cut meanwhile.
func (p *proxy) connect(at *port, client, upstream *net.TCPConn) *connection {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.port != at {
		return nil
	}
	c := &connection{}
	c.pipes[stream.Upstream] = newPipe(client, upstream, p.chain(stream.Upstream))
	c.pipes[stream.Downstream] = newPipe(upstream, client, p.chain(stream.Downstream))
	p.connections[c] = true
	return c
}
