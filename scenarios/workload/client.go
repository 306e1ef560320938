package workload

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"

	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/history"
)

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// client is one user of the service: it finds its region and makes calls, each once and on a connection of its own.
type client struct {
	names   *resolver
	dial    dialFunc
	setup   *setup   // nil where none is needed
	session *session // nil without sessions
	// of Options
	storeDoor func(to app.Target, region string) (string, error)
}

// newClient makes the client of a load with this number, from 0 on. Its lookups are waited for by lookups.
func newClient(opts Options, i int, via transport, lookups *sync.WaitGroup) *client {
	names := newResolver(opts.Record, via.exchange, opts.Recorder.Now, lookups)
	if i < opts.Spec.StaleClients() {
		names.keeps = opts.Spec.Stale.For
	}
	if in := opts.Spec.In; len(in) > 0 {
		names.subnet = opts.Subnets[in[i%len(in)]]
	}
	c := &client{
		names: names, dial: via.dial, setup: newSetup(opts.Protocol.Setup(idPrefix(opts.Prefix), i)),
		storeDoor: opts.StoreDoor,
	}
	if opts.Spec.Sessions {
		c.session = newSession(opts.Seed, uint64(i)) //nolint:gosec // not negative
	}
	return c
}

// do makes the call of op and fills in what came of it.
func (c *client) do(ctx context.Context, op *history.Op, m Message) {
	a, sent, attempts := c.call(ctx, op, m)
	conclude(op, a, sent, attempts)
}

func conclude(op *history.Op, a Answer, sent bool, attempts int) {
	op.Status, op.Attempts = a.Status, attempts
	op.Outcome, op.Error = judge(op.Kind, sent, a)
	if attempts > 1 {
		// Nothing can be said about an operation that was sent twice, and nobody may overlook it.
		op.Outcome, op.Error = history.Unknown, fmt.Sprintf("bug of the harness: sent %d times: %s", attempts, op.Error)
	}
	if op.Outcome == history.OK && op.Kind == history.Read {
		op.Decided = a.Decided
	}
	if op.Outcome == history.OK && op.Kind == history.Write && a.ID != "" {
		op.ID, op.Given = a.ID, true
	}
}

func (c *client) call(ctx context.Context, op *history.Op, m Message) (a Answer, sent bool, attempts int) {
	to, err := c.names.resolve(ctx)
	if err != nil {
		return Answer{Err: fmt.Errorf("resolve: %w", because(ctx, err))}, false, 0
	}
	op.Region = to.region
	address := to.address
	var carried Carried
	if d, direct := m.(Direct); direct { // a store takes no setup, and answers where the app may be down
		if address, err = c.storeDoor(d.To(), to.region); err != nil {
			return Answer{Err: err}, false, 0
		}
	} else if carried, err = c.carry(ctx, op.Kind, to.address); err != nil {
		return Answer{Err: fmt.Errorf("setup: %w", err)}, false, 0
	}
	a, sent, attempts = c.send(ctx, address, carried, m)
	if a.Region != "" {
		op.Region = a.Region
	}
	op.Node, op.Revision, op.Timeline, op.Path, op.Lag = a.Node, a.Revision, a.Timeline, a.Path, a.Lag
	if a.Expired {
		c.setup.expire(carried.setup)
	}
	return a, sent, attempts
}

// send sends a message, and what follows it, each once the one before is acknowledged. The answer is the last one, with
// the id that any of them gave. attempts are those of the message that was tried most.
func (c *client) send(
	ctx context.Context, address string, carried Carried, m Message,
) (a Answer, sent bool, attempts int) {
	for m != nil {
		if a.ID != "" {
			carried.ID = a.ID
		}
		carried.Kept = append(slices.Clip(carried.Kept), a.Kept...)
		var s bool
		var n int
		said := a.Extras
		a, s, n = c.once(ctx, address, carried, m)
		a.Extras = a.besides(said)
		sent, attempts = sent || s, max(attempts, n)
		if !c.session.saw(a.Position) && a.Result == Acknowledged {
			a.Result, a.Why = Unclear, noPosition
		}
		f, followed := m.(Followed)
		if followed && a.Result != Acknowledged {
			a.stopAt(f.Turn())
		}
		m = nil
		if followed && a.Result == Acknowledged {
			m = f.Next()
		}
	}
	if carried.ID != "" && a.ID == "" {
		a.ID = carried.ID
	}
	return a, sent, attempts
}

// stopAt notes at which of several messages an operation stopped.
func (a *Answer) stopAt(turn string) {
	if a.Err != nil {
		a.Err = fmt.Errorf("%s: %w", turn, a.Err)
	}
	if a.Why != "" {
		a.Why = turn + ": " + a.Why
	}
}

// noPosition is why an answer says nothing to a session that is to carry its position: what it would read by an older
// one proves nothing.
const noPosition = "position in the answer is none of PostgreSQL's, such as 0/16B3748"

// once sends a message on a connection of its own.
func (c *client) once(
	ctx context.Context, address string, carried Carried, m Message,
) (a Answer, sent bool, attempts int) {
	conn, err := c.dial(ctx, "tcp", address)
	if err != nil {
		return Answer{Err: because(ctx, err)}, false, 1
	}
	defer conn.Close()
	over := newAttempt(conn)
	a = m.Send(ctx, address, carried, over)
	if a.Err != nil {
		a.Err = because(ctx, a.Err)
	}
	return a, over.sent(), over.count()
}

// carry is what an operation carries along, after the client's setup.
func (c *client) carry(ctx context.Context, kind history.Kind, address string) (carried Carried, err error) {
	if kind == history.Read {
		carried.Position = c.session.position()
	}
	carried.Kept, carried.setup, err = c.setup.ensure(ctx, func(m Message, kept []app.Kept) Answer {
		a, _, _ := c.once(ctx, address, Carried{Kept: kept}, m)
		return a
	})
	return carried, err
}
