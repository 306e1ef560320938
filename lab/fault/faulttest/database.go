package faulttest

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/topology"
)

// database is a PostgreSQL server: the primary at home, and a replica elsewhere, which streams the primary's log over
// its link, byte by byte.
type database struct {
	node *Node
	disk disk

	mu      sync.Mutex
	written int64    // of a primary: how long its log is
	records []record // of a primary: what the log holds
	replica *replica // nil of a primary
}

type record struct {
	end int64 // where it ends in the log
	at  time.Time
}

// replica is the state of a database that follows another.
type replica struct {
	received, replayed int64
	streams            string // from where, in the words of primary_conninfo
	paused             bool
	delay              time.Duration
	// What it says of itself, which of a numb one is what it was ordered and not what it does.
	saysPaused, saysStalled bool
}

func newDatabase(n *Node) *database {
	d := &database{node: n}
	if n.place.Region != n.lab.topology.Home().Name {
		d.replica = &replica{streams: "host=hub port=7"}
	}
	return d
}

// stalling is in the words of a replica that no server lets stream.
const stalling = "sslmode=require"

func (r *replica) stalled() bool { return strings.Contains(r.streams, stalling) }

func (d *database) forget() {
	d.disk.unmount()
	d.mu.Lock()
	defer d.mu.Unlock()
	if r := d.replica; r != nil { // what is in its files outlives it, but for the delay, which its start drops
		r.paused, r.saysPaused, r.delay = false, false, 0
	}
}

func (d *database) broken() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if r := d.replica; r != nil && (r.paused || r.stalled() || r.delay > 0) {
		return "does not replay"
	}
	return d.disk.broken()
}

// wal begins what a replica says that wants to stream.
const wal = 'W'

// serve sends the log to a replica, and lets a probe in.
func (d *database) serve(c net.Conn) {
	r := bufio.NewReader(c)
	first, err := r.Peek(1)
	if err != nil {
		return
	}
	if first[0] != wal {
		servePostgres(c, r)
		return
	}
	hello := make([]byte, 9)
	if _, err := io.ReadFull(r, hello); err != nil {
		return
	}
	d.send(c, int64(binary.BigEndian.Uint64(hello[1:])))
}

func (d *database) send(c net.Conn, from int64) {
	gone := make(chan struct{})
	go func() { _, _ = io.Copy(io.Discard, c); close(gone) }()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		d.mu.Lock()
		n := min(d.written-from, 16<<10)
		d.mu.Unlock()
		if n > 0 {
			if _, err := c.Write(make([]byte, n)); err != nil {
				return
			}
			from += n
			continue
		}
		select {
		case <-gone:
			return
		case <-tick.C:
		}
	}
}

// run streams, and connects anew whenever the stream has ended.
func (d *database) run(ctx context.Context) {
	if d.replica == nil {
		return
	}
	l := d.node.lab
	way := l.link(func(p fault.Path) bool {
		return p.From == d.node.place.Region && p.Service == topology.ServicePostgres && !p.Control
	})
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if d.streaming() {
			_ = d.receive(ctx, addressOf(way.link.Path)) // tried again
		}
	}
}

func (d *database) streaming() bool {
	running := d.node.running()
	d.mu.Lock()
	defer d.mu.Unlock()
	return running && !d.replica.stalled()
}

func (d *database) receive(ctx context.Context, from string) error {
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", from)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	d.mu.Lock()
	hello := binary.BigEndian.AppendUint64([]byte{wal}, uint64(d.replica.received))
	d.mu.Unlock()
	if _, err := c.Write(hello); err != nil {
		return err
	}
	for p := make([]byte, 32<<10); d.streaming(); {
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		n, err := c.Read(p)
		d.mu.Lock()
		d.replica.received += int64(n)
		d.mu.Unlock()
		if timeout, ok := err.(net.Error); err != nil && (!ok || !timeout.Timeout()) { //nolint:errorlint // it is the connection's own
			return fmt.Errorf("the stream has ended: %w", err)
		}
	}
	return nil
}
