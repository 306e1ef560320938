package workload

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"sync"

	"github.com/regionfall/regionfall/scenarios/history"
)

// Caller makes calls one at a time, as the first client of a load would, and keeps what went over the wire. It is for
// whoever wants to look at them: nothing is recorded.
type Caller struct {
	opts   Options
	client *client
	writes int64
	tapes  []*tape // of the call under way
	asking sync.WaitGroup
}

// Call is one operation, and what went over the wire for it.
type Call struct {
	history.Op
	Wire []Exchange // of the operation, after those of its client's setup if that was to be done
	// SetUp says that the client's setup is done, or that it needs none.
	SetUp bool
}

// Exchange is what went over one connection; what goes to a store, in words.
type Exchange struct{ Sent, Received []byte }

// NewCaller makes a caller of the same options as a load. An error means that they make no sense.
func NewCaller(opts Options) (*Caller, error) {
	if err := opts.validate(); err != nil {
		return nil, fmt.Errorf("make calls: %w", err)
	}
	return newCaller(opts, transport{exchange: overUDP(opts.Resolver), dial: (&net.Dialer{}).DialContext}), nil
}

func newCaller(opts Options, via transport) *Caller {
	c := &Caller{opts: opts}
	dial := via.dial
	via.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		t := &tape{Conn: conn}
		c.tapes = append(c.tapes, t)
		return t, nil
	}
	c.client = newClient(opts, 0, via, &c.asking)
	return c
}

// IDPrefix is what the ids of all its writes begin with, as clients choose them.
func (c *Caller) IDPrefix() string { return idPrefix(c.opts.Prefix) }

// Write makes a write that no call made before.
func (c *Caller) Write(ctx context.Context) Call {
	c.writes++
	id := newPopulation(c.IDPrefix(), c.opts.Seed).id(c.writes)
	return c.call(ctx, Operation{Kind: history.Write, ID: id, Number: c.writes})
}

// Read reads what was written under an id. The app can be read.
func (c *Caller) Read(ctx context.Context, id string) Call {
	return c.call(ctx, Operation{Kind: history.Read, ID: id})
}

func (c *Caller) call(ctx context.Context, o Operation) Call {
	o.Prefix, o.Seed = c.IDPrefix(), c.opts.Seed
	c.tapes = nil
	ctx, cancel := context.WithTimeoutCause(ctx, c.opts.Spec.Timeout,
		fmt.Errorf("timed out after %v", c.opts.Spec.Timeout))
	defer cancel()
	now := c.opts.Recorder.Now()
	made := Call{Op: history.Op{Kind: o.Kind, ID: o.ID, Due: now, Sent: now}}
	m := c.opts.Protocol.Make(o)
	a, sent, attempts := c.client.call(ctx, &made.Op, m)
	conclude(&made.Op, a, sent, attempts)
	made.Done = c.opts.Recorder.Now()
	d, direct := m.(Direct)
	made.SetUp = direct || c.client.setup.isDone()
	for _, t := range c.tapes {
		made.Wire = append(made.Wire, t.exchange())
	}
	if direct && len(made.Wire) > 0 { // it has no connection but the one to the store
		shown := Exchange{Received: []byte(a.Words)}
		if !a.Unsent {
			shown.Sent = []byte(d.String())
		}
		made.Wire[len(made.Wire)-1] = shown
	}
	c.asking.Wait() // a lookup that came too late ends within a limit of its own
	return made
}

// tape is a connection that keeps what goes over it, as far as anybody wants to look at that.
type tape struct {
	net.Conn

	mu             sync.Mutex
	sent, received bytes.Buffer
}

func (t *tape) Write(p []byte) (int, error) {
	t.keep(&t.sent, p) // before the answer can be there
	return t.Conn.Write(p)
}

func (t *tape) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	t.keep(&t.received, p[:n])
	return n, err
}

func (t *tape) keep(in *bytes.Buffer, p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	in.Write(p[:min(len(p), maxAnswer-in.Len())])
}

func (t *tape) exchange() Exchange {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Exchange{Sent: bytes.Clone(t.sent.Bytes()), Received: bytes.Clone(t.received.Bytes())}
}
