// Package splice makes one connection of two.
package splice

import (
	"io"
	"net"

	"golang.org/x/sync/errgroup"
)

// End is one of the two connections. Read is what is read of it, where some of that has been read ahead; nil is the
// connection itself.
type End struct {
	Conn *net.TCPConn
	Read io.Reader
}

// Join carries bytes both ways until both directions have ended, and closes both connections. The end of a stream is
// passed on, so that a connection may be half closed; one that breaks breaks the other.
func Join(a, b End) {
	var g errgroup.Group
	carry := func(to, from End) {
		g.Go(func() error {
			read := from.Read
			if read == nil {
				read = from.Conn
			}
			if _, err := io.Copy(to.Conn, read); err != nil {
				_, _ = to.Conn.Close(), from.Conn.Close()
				return err
			}
			return to.Conn.CloseWrite()
		})
	}
	carry(a, b)
	carry(b, a)
	_ = g.Wait() // whatever broke, both have been closed for it
	_, _ = a.Conn.Close(), b.Conn.Close()
}
