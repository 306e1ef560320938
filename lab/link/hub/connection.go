package hub

import (
	"net"
	"sync/atomic"
	"time"
)

// connection is one that a proxy carries. Toxiproxy reads from the one end, passes the bytes through the toxics, and
// writes to the other.
type connection struct {
	client, upstream end
	open             atomic.Int32 // directions that have not ended
	forget           func()       // is called once both have
}

func newConnection(client, upstream *net.TCPConn, forget func()) *connection {
	c := &connection{forget: forget}
	c.client.conn, c.client.of = client, c
	c.upstream.conn, c.upstream.of = upstream, c
	c.open.Store(2)
	return c
}

// cut closes both ends. Both directions run out.
func (c *connection) cut() {
	_ = c.client.conn.Close()
	_ = c.upstream.conn.Close()
}

// resetOnClose has both ends reset when they are closed. It can't be set on one that has ended, which is as well.
func (c *connection) resetOnClose() {
	_ = c.client.conn.SetLinger(0)
	_ = c.upstream.conn.SetLinger(0)
}

// cutIfStuck cuts the connection if a far end has taken no bytes for longer than limit.
func (c *connection) cutIfStuck(limit time.Duration) {
	for _, e := range []*end{&c.client, &c.upstream} {
		if since := e.writing.Load(); since != nil && time.Since(*since) > limit {
			c.cut()
		}
	}
}

// end is one of the two ends of a connection. It has only what Toxiproxy needs of it: with the methods of the
// network's connection, bytes would be copied past Write.
type end struct {
	conn    *net.TCPConn
	of      *connection
	writing atomic.Pointer[time.Time] // since when a write has been under way
}

// Read reads what the far end has sent.
func (e *end) Read(p []byte) (int, error) { return e.conn.Read(p) }

// Write never fails. If it did, Toxiproxy would stop taking what toxics write, and they could not be interrupted any
// more.
func (e *end) Write(p []byte) (int, error) {
	now := time.Now()
	e.writing.Store(&now)
	_, err := e.conn.Write(p)
	e.writing.Store(nil)
	if err != nil {
		e.of.cut()
	}
	return len(p), nil
}

// Close is called once nothing more will be written to this end.
func (e *end) Close() error {
	err := e.conn.Close()
	if e.of.open.Add(-1) == 0 {
		e.of.forget()
	}
	return err
}
