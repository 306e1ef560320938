package link

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/link/splice"
)

// taps lead to nodes past all faults: each is a port of this process, and what connects to it is carried by the hub's
// control port (CONNECT of HTTP). So the engine publishes one port for all of them, which takes it long enough.
type taps struct {
	hub string // its control port, as host:port

	mu     sync.Mutex
	open   map[string]*tap // by what they lead to
	closed bool
}

type tap struct {
	listener *net.TCPListener
	ctx      context.Context // ends when it is closed
	close    context.CancelFunc
}

// tapWithin is how long the hub may take to connect to a node: a little longer than it tries.
const tapWithin = 12 * time.Second

// Tap is where this process reaches host:port in the hub's networks, as host:port. It is there until Close.
func (h *Hub) Tap(to string) (address string, err error) { return h.taps.to(to) }

// Close closes all taps, for good.
func (h *Hub) Close() { h.taps.closeAll() }

func (t *taps) to(upstream string) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return "", fmt.Errorf("the tap of %s: %w", upstream, net.ErrClosed)
	}
	if at, ok := t.open[upstream]; ok {
		return at.listener.Addr().String(), nil
	}
	l, err := listenReached(connect)
	if err != nil {
		return "", fmt.Errorf("listen for the tap of %s: %w", upstream, err)
	}
	at := &tap{listener: l}
	at.ctx, at.close = context.WithCancel(context.Background())
	if t.open == nil {
		t.open = map[string]*tap{}
	}
	t.open[upstream] = at
	go t.accept(at, upstream)
	return l.Addr().String(), nil
}

func (t *taps) closeAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, at := range t.open {
		_ = at.listener.Close()
		at.close()
	}
	t.open, t.closed = nil, true
}

// acceptAgainAfter is how long a tap leaves its queue alone after it could not accept, as when this process has no file
// descriptor left.
const acceptAgainAfter = 50 * time.Millisecond

func (t *taps) accept(at *tap, upstream string) {
	for {
		conn, err := at.listener.AcceptTCP()
		if err == nil {
			go t.carry(at, conn, upstream)
			continue
		}
		select {
		case <-at.ctx.Done():
			return
		case <-time.After(acceptAgainAfter):
		}
	}
}

// carry carries a connection through the hub. Where that can't be had it is dropped, as by a node that is dead.
func (t *taps) carry(at *tap, conn *net.TCPConn, upstream string) {
	hub, read, err := t.connect(at.ctx, upstream)
	if err != nil {
		_ = conn.Close()
		return
	}
	stop := context.AfterFunc(at.ctx, func() { _, _ = conn.Close(), hub.Close() })
	defer stop()
	splice.Join(splice.End{Conn: conn}, splice.End{Conn: hub, Read: read})
}

// connect has the hub connect to a node.
func (t *taps) connect(ctx context.Context, upstream string) (_ *net.TCPConn, read *bufio.Reader, err error) {
	ctx, cancel := context.WithTimeout(ctx, tapWithin)
	defer cancel()
	dialed, err := new(net.Dialer).DialContext(ctx, "tcp", t.hub)
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = dialed.SetDeadline(time.Unix(1, 0)) })
	defer func() {
		if !stop() && err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			_ = dialed.Close()
		}
	}()
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: upstream}, Host: upstream}
	if err := req.Write(dialed); err != nil {
		return nil, nil, err
	}
	read = bufio.NewReader(dialed)
	resp, err := http.ReadResponse(read, req)
	if err != nil {
		return nil, nil, err
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil, nil, fmt.Errorf("the hub answers %s", resp.Status)
	}
	return dialed.(*net.TCPConn), read, nil
}
