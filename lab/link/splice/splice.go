// Package splice makes one connection of two.
package splice

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// silentFor is how long a direction may carry nothing once the other has ended; it may take twice as long until that is
// seen. A far side that does not care for the end of what it is told would keep the connections while it lives.
const silentFor = 30 * time.Second

// End is one of the two connections. Read is what is read of it, where some of that has been read ahead; nil is the
// connection itself.
type End struct {
	Conn *net.TCPConn
	Read io.Reader
	// Resets has the connection reset where the other breaks, as the end of a process does, rather than closed.
	Resets bool
}

// Join carries bytes both ways until both directions have ended, and closes both connections. The end of a stream is
// passed on, so that a connection may be half closed; one that breaks breaks the other, and so does one that goes on
// saying nothing when it is half closed.
func Join(a, b End) { join(a, b, silentFor) }

func join(a, b End, limit time.Duration) {
	p := &pair{a: a, b: b, limit: limit}
	var both sync.WaitGroup
	both.Go(func() { p.carry(b, a) })
	both.Go(func() { p.carry(a, b) })
	both.Wait()
	_, _ = a.Conn.Close(), b.Conn.Close()
}

// pair is two connections that are one.
type pair struct {
	a, b  End
	limit time.Duration
	half  atomic.Bool // one direction has ended
}

// carry carries one direction to its end.
func (p *pair) carry(to, from End) {
	read := from.Read
	if read == nil {
		read = from.Conn
	}
	for {
		n, err := io.Copy(to.Conn, read)
		if err == nil {
			break
		}
		if n == 0 || !p.half.Load() || !errors.Is(err, os.ErrDeadlineExceeded) {
			p.end()
			return
		}
		_ = from.Conn.SetReadDeadline(time.Now().Add(p.limit)) // it goes on
	}
	_ = to.Conn.CloseWrite() // of one that is gone the other direction learns
	p.half.Store(true)
	_ = to.Conn.SetReadDeadline(time.Now().Add(p.limit)) // of the other direction
}

// end breaks both.
func (p *pair) end() {
	for _, e := range []End{p.a, p.b} {
		if e.Resets {
			_ = e.Conn.SetLinger(0)
		}
		_ = e.Conn.Close()
	}
}
