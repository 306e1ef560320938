package workload

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/history"
)

// maxInFlight bounds the operations under way at once, so that a service that hangs can't take the harness with it. One
// too many is recorded as failed and never skipped: a load that silently thins out is a closed loop.
const maxInFlight = 4096

// errCut is why an operation ends when Stop may wait no longer.
var errCut = errors.New("cut by the end of the workload")

// Recorder is the drill's clock and where operations go as they end. Op is called from many goroutines at once.
type Recorder interface {
	// Now counts from the recorder's start on a monotonic clock.
	Now() time.Duration
	Op(op history.Op)
}

// Options say what load to offer, to whom, and who records it. All are needed, Seed may be 0.
type Options struct {
	Spec     Spec
	Resolver string                  // host:port of the name service, DNS over UDP
	Record   string                  // whose SRV record _http._tcp.RECORD says which region serves
	Recorder Recorder                // not closed here
	Protocol Protocol                // what is sent, and what answers mean
	Prefix   string                  // of the ids, unlike that of any other load of the drill
	Seed     uint64                  // equal seeds write the same
	Subnets  map[string]netip.Prefix // of the clients of each region of Spec.In
	// StoreDoor is where clients reach a store of a region that they speak to themselves, as host:port; nil where they
	// speak to none.
	StoreDoor func(to app.Target, region string) (string, error)
}

// Load is a workload being offered. Its methods may be called from any goroutine.
type Load struct {
	opts       Options
	clients    []*client
	population *population
	meter      meter
	limit      int64
	inFlight   atomic.Int64
	running    sync.WaitGroup // operations and DNS lookups
	seq        atomic.Int64
	stopped    context.Context // ends when nothing more is offered

	stop context.CancelFunc      // no more operations are offered
	cut  context.CancelCauseFunc // those in flight end now
	done chan struct{}           // closed when nothing is offered any more and nothing is in flight
}

// Stats is a live view of a load: rates are operations per second over the last whole second.
type Stats struct {
	Offered  float64 // fell due
	Good     float64 // ended ok
	Acked    int     // writes acknowledged since the start
	InFlight int     // operations under way now
}

// transport is how a load reaches the world: the network, or one in memory.
type transport struct {
	exchange exchangeFunc
	dial     dialFunc
	limit    int64
}

// Start offers the load from now on, until ctx ends or Stop is called. Operations that are under way when ctx ends are
// not cut: each ends by its own timeout. The caller calls Stop in any case. An error means the options make no sense;
// nothing was started then.
func Start(ctx context.Context, opts Options) (*Load, error) {
	if _, _, err := net.SplitHostPort(opts.Resolver); err != nil {
		return nil, fmt.Errorf("start workload: resolver address: %w", err)
	}
	return start(ctx, opts, transport{
		exchange: overUDP(opts.Resolver),
		dial:     (&net.Dialer{}).DialContext,
		limit:    maxInFlight,
	})
}

func start(ctx context.Context, opts Options, via transport) (*Load, error) {
	if err := opts.validate(); err != nil {
		return nil, fmt.Errorf("start workload: %w", err)
	}
	l := &Load{
		opts:       opts,
		population: newPopulation(idPrefix(opts.Prefix), opts.Seed),
		limit:      via.limit,
		done:       make(chan struct{}),
	}
	for i := range opts.Spec.Clients {
		l.clients = append(l.clients, newClient(opts, i, via, &l.running))
	}
	operating, cut := context.WithCancelCause(context.WithoutCancel(ctx))
	offering, stop := context.WithCancel(ctx)
	l.stop, l.cut, l.stopped = stop, cut, offering
	go func() {
		defer close(l.done)
		l.offer(offering, operating)
		l.running.Wait()
	}()
	return l, nil
}

func (o Options) validate() error {
	var errs []error
	need := func(ok bool, complaint string) {
		if !ok {
			errs = append(errs, errors.New(complaint))
		}
	}
	// Without writes nothing is acknowledged, and a drill on it would prove nothing.
	need(o.Spec.Writes > 0, "writes per second must be above 0")
	need(o.Spec.Reads >= 0, "reads per second must not be below 0")
	need(o.Spec.Clients > 0, "at least one client is needed")
	need(o.Spec.Timeout > 0, "timeout must be above 0")
	need(o.Record != "", "name of the record is empty")
	need(o.Prefix != "", "prefix of ids is empty")
	need(o.Recorder != nil, "recorder is missing")
	need(o.Protocol != nil, "protocol is missing")
	need(o.Protocol == nil || o.Spec.Reads <= 0 || o.Protocol.Make(Operation{Kind: history.Read}) != nil,
		"reads per second must be 0: the app has nothing to read")
	need(o.Protocol == nil || o.StoreDoor != nil || !o.goesDirect(), "the way to the stores is missing")
	for _, region := range o.Spec.In {
		need(o.Subnets[region].IsValid(), "subnet of the clients in "+region+" is missing")
	}
	return errors.Join(errs...)
}

// goesDirect says whether clients speak to stores themselves.
func (o Options) goesDirect() bool {
	return slices.ContainsFunc([]history.Kind{history.Write, history.Read}, func(k history.Kind) bool {
		_, direct := o.Protocol.Make(Operation{Kind: k}).(Direct)
		return direct
	})
}

// Stop offers nothing more and waits for the operations in flight, which end by their timeout. When ctx ends first they
// are cut, recorded as such, and ctx's error is returned. After Stop nothing more is recorded. It may be called again.
func (l *Load) Stop(ctx context.Context) error {
	l.stop()
	select {
	case <-l.done:
		l.cut(nil) // only frees the context
		return nil
	case <-ctx.Done():
	}
	left := l.inFlight.Load()
	l.cut(errCut)
	<-l.done
	return fmt.Errorf("wait for %d operations in flight: %w", left, ctx.Err())
}

// Stats is what the load looks like now.
func (l *Load) Stats() Stats {
	offered, good := l.meter.perSecond(l.opts.Recorder.Now())
	return Stats{Offered: offered, Good: good, Acked: l.population.count(), InFlight: int(l.inFlight.Load())}
}

// Acked lists the ids of all writes acknowledged so far, in the order of acknowledgement.
func (l *Load) Acked() []string { return l.population.list() }

// IDPrefix is what the ids of all its writes begin with, as clients choose them.
func (l *Load) IDPrefix() string { return l.population.prefix }

// perform sees one operation through, from the moment its client gets to it to its record.
func (l *Load) perform(ctx context.Context, op history.Op, m Message) history.Op {
	op.Sent = l.opts.Recorder.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, l.opts.Spec.Timeout,
		fmt.Errorf("timed out after %v", l.opts.Spec.Timeout))
	defer cancel()
	l.clients[op.Client].do(ctx, &op, m)
	if op.Kind == history.Write && op.Outcome == history.OK {
		// Before it is done by the clock: whoever reads the stores after that has to know of it.
		l.population.ack(op.ID, l.opts.Recorder.Now())
	}
	op.Done = l.opts.Recorder.Now()
	l.finish(op)
	return op
}

// repeat performs an operation again while it is not ok, as often as clients do. What they wait in between doubles.
func (l *Load) repeat(ctx context.Context, op history.Op, m Message) {
	retry := l.opts.Spec.Retry
	for n := 1; n <= retry.Times && op.Outcome != history.OK && !op.FoundNothing(); n++ {
		wait := time.NewTimer(retry.After << (n - 1))
		select {
		case <-l.stopped.Done():
			wait.Stop()
			return
		case <-wait.C:
		}
		again := history.Op{
			Seq: l.seq.Add(1), Kind: op.Kind, ID: op.ID, Client: op.Client, Due: l.opts.Recorder.Now(),
			Retry: n,
		}
		op = l.perform(ctx, again, m)
	}
}

func (l *Load) finish(op history.Op) {
	l.opts.Recorder.Op(op)
	l.clients[op.Client].session.ended(op)
	switch {
	case op.Outcome == history.OK:
		if op.Retry == 0 {
			l.meter.good(op.Done)
		}
	case op.FoundNothing():
		l.population.absent(op.ID)
	}
}
