package faulttest

import (
	"net"
	"strconv"
	"sync"
	"testing"

	"github.com/regionfall/regionfall/lab/link/linktest"
)

// server is the process of a node as its clients know it. It can be killed and started again at the same address, and
// frozen: then the kernel still accepts connections, and nobody reads or writes on them.
type server struct {
	address string
	serve   func(net.Listener) // until the listener is closed

	mu       sync.Mutex
	thawed   *sync.Cond
	frozen   bool
	listener net.Listener // nil while it is down
	open     map[*served]bool
}

func newServer(t testing.TB, serve func(net.Listener)) *server {
	t.Helper()
	s := &server{
		serve: serve, address: net.JoinHostPort("127.0.0.1", strconv.Itoa(linktest.FreePort(t))),
		open: map[*served]bool{},
	}
	s.thawed = sync.NewCond(&s.mu)
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.freeze(false); s.kill() })
	return s
}

func (s *server) start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		return nil
	}
	l, err := net.Listen("tcp", s.address)
	if err != nil {
		return err
	}
	s.listener = l
	go s.serve(&listening{Listener: l, server: s})
	return nil
}

func (s *server) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return
	}
	_ = s.listener.Close()
	s.listener = nil
	for c := range s.open {
		_ = c.Conn.Close()
	}
	s.frozen = false
	s.thawed.Broadcast()
}

func (s *server) freeze(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen = on
	s.thawed.Broadcast()
}

// wait waits as long as the server is frozen.
func (s *server) wait() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.frozen {
		s.thawed.Wait()
	}
}

// listening accepts the server's connections.
type listening struct {
	net.Listener
	server *server
}

func (l *listening) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	one := &served{Conn: c, server: l.server}
	l.server.mu.Lock()
	defer l.server.mu.Unlock()
	if l.server.listener != l.Listener { // it was killed since the kernel accepted, and has closed all that it knew
		_ = c.Close()
		return nil, net.ErrClosed
	}
	l.server.open[one] = true
	return one, nil
}

// served is a connection of the server's.
type served struct {
	net.Conn
	server *server
}

func (c *served) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.server.wait()
	return n, err
}

func (c *served) Write(p []byte) (int, error) {
	c.server.wait()
	return c.Conn.Write(p)
}

func (c *served) Close() error {
	c.server.mu.Lock()
	delete(c.server.open, c)
	c.server.mu.Unlock()
	return c.Conn.Close()
}

// each serves every connection by itself.
func each(serve func(net.Conn)) func(net.Listener) {
	return func(l net.Listener) {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				serve(c)
				_ = c.Close()
			}()
		}
	}
}
