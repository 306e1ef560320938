package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/regionfall/regionfall/lab/api"
)

// impairment is what can be wrong with a stream. Its words are those that the replicators know.
type impairment struct {
	Do   string
	Lag  time.Duration
	Rate int64
}

const (
	doPause    = api.RulePause
	doLag      = api.RuleLag
	doThrottle = api.RuleThrottle
	doStall    = "stall" // of PostgreSQL alone: nothing is received
)

// stream is a way by which data reaches a region.
type stream interface {
	course
	order
	trial
}

type (
	// course is what a stream runs over.
	course interface {
		// receiver is the node with the order, and ends are the others without which nothing can be seen to arrive.
		receiver() Node
		ends(ctx context.Context) ([]Node, error)
		// ways are the links that the stream may take to the receiver; none where that is not known.
		ways(ctx context.Context) ([]Link, error)
	}
	// order is what impairs a stream.
	order interface {
		impair(ctx context.Context) error
		// restore undoes that, also in another process, and says whether the stream is free: others may hold it too.
		restore(ctx context.Context) (free bool, err error)
		// others says what else holds the stream up, by the receiver's own account, or is empty.
		others(ctx context.Context) (string, error)
		// lapsed says, by the same account, whether this order has gone though the receiver lives on and receives.
		lapsed(ctx context.Context) (bool, error)
	}
	// trial is what is written to see a stream flow.
	trial interface {
		// send writes something of the fault's own at the source.
		send(ctx context.Context) (sent, error)
		// flood writes bytes at the source, more than can arrive at once. total counts all that has arrived, whoever
		// wrote it.
		flood(ctx context.Context, bytes int64) (clean func(), err error)
		total(ctx context.Context) (int64, error)
		// quiet is for how long nothing has to arrive for a pause to be seen: many times what the way takes.
		quiet() time.Duration
	}
)

func (r Replicated) stream(l Lab, kind string, by impairment) (stream, error) {
	if r.Store == storePostgres {
		return newWALStream(l, r.Region, by)
	}
	holder := strings.Join([]string{
		kind, r.Store, strings.ReplaceAll(r.Prefix, "/", "|"), by.Lag.String(),
		fmt.Sprint(by.Rate),
	}, " ")
	return newStoreStream(l, r, holder, by)
}

// sent is something that was written at the source, to be seen to arrive.
type sent struct {
	at      time.Time // when the source had it
	arrived func(ctx context.Context) (bool, error)
	clean   func() // takes it away, at both ends
}

// replication is a stream that is impaired until it is healed.
type replication struct {
	stream stream
	free   bool // set by Heal: nobody else holds it
}

// Lapsed asks the receiver. To write something and wait for it would take as long as the fault has it take, and would
// be in the way of what the drill writes.
func (r *replication) Lapsed(ctx context.Context) (bool, error) { return r.stream.lapsed(ctx) }

// Inject impairs the stream.
func (r *replication) Inject(ctx context.Context) error { return r.stream.impair(ctx) }

// Heal lets it flow.
func (r *replication) Heal(ctx context.Context) (err error) {
	r.free, err = r.stream.restore(ctx)
	return err
}

// over says, once healed, whether there is nothing left to see: one end is away, or another fault still holds the
// stream up.
func (r *replication) over(ctx context.Context) (bool, string, error) {
	receiver := r.stream.receiver()
	if up, err := running(ctx, receiver); err != nil || !up {
		return err == nil, receiver.Place().Name + " does not run, and has forgotten its orders", err
	}
	others, err := r.stream.others(ctx)
	switch {
	case err != nil:
		return false, "", err
	case !r.free, others != "":
		return true, "let go, and still held by other faults " + others, nil
	}
	ends, err := r.stream.ends(ctx)
	if errors.Is(err, errNoSource) {
		return true, "let go, and " + err.Error(), nil
	}
	for _, n := range ends {
		if up, err := running(ctx, n); err != nil || !up {
			return err == nil, "let go, and " + n.Place().Name + " does not run", err
		}
	}
	if err != nil {
		return false, "", err
	}
	blocked, err := r.blocked(ctx)
	return blocked != "", "let go, and " + blocked, err
}

// blocked says why nothing could arrive if the stream flowed: none of the links carries that it may take. It is empty
// if one does, or nobody can tell.
func (r *replication) blocked(ctx context.Context) (string, error) {
	ways, err := r.stream.ways(ctx)
	if err != nil || len(ways) == 0 {
		return "", err
	}
	failing, _, observed, err := askAll(ctx, ways, lacksRoundTrip)
	if err != nil || len(failing) < len(ways) {
		return "", nil //nolint:nilerr // who can't be asked says nothing of the links
	}
	return fmt.Sprintf("%s, on which it comes, does not carry: %s", describeLinks(ways), observed), nil
}

// errNoSource is a stream that nothing can flow on, fault or no fault.
var errNoSource = errors.New("there is no source")

// arrival writes something and waits until it has arrived, or has not within a while.
func arrival(ctx context.Context, s trial, within time.Duration) (took time.Duration, ok bool, err error) {
	one, err := s.send(ctx)
	if err != nil {
		return 0, false, err
	}
	defer one.clean()
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		here, err := one.arrived(ctx)
		took := time.Since(one.at)
		if err != nil || here || took > within {
			return took, here, err
		}
		select {
		case <-ctx.Done():
			return took, false, context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// released says whether the receiver says itself that it is let go, though nothing has arrived for a while: much may
// be on its way before it, the way be slow, or the clock have been set back that PostgreSQL waits by.
func (r *replication) released(ctx context.Context, took time.Duration) (bool, string, error) {
	gone, err := r.stream.lapsed(ctx)
	return gone, fmt.Sprintf("let go by its own account, and what was written takes longer than %s",
		took.Round(10*time.Millisecond)), err
}

// pausedStream is a stream on which nothing arrives.
type pausedStream struct{ replication }

// Vouched is that the receiver has said that it stands still.
func (*pausedStream) Vouched() bool { return true }

// Baseline writes something, and waits for it.
func (p *pausedStream) Baseline(ctx context.Context) (bool, string, error) { return p.InForce(ctx) }

// InForce writes something, and waits for it.
func (p *pausedStream) InForce(ctx context.Context) (bool, string, error) {
	took, ok, err := arrival(ctx, p.stream, p.stream.quiet())
	if ok || err != nil {
		return false, arrived(took), err
	}
	return p.silent(ctx, took)
}

// Gone writes something, and waits for it, where there is something left to see.
func (p *pausedStream) Gone(ctx context.Context) (bool, string, error) {
	if over, observed, err := p.over(ctx); over || err != nil {
		return over, observed, err
	}
	took, ok, err := arrival(ctx, p.stream, p.stream.quiet())
	if ok || err != nil {
		return ok && err == nil, arrived(took), err
	}
	if released, observed, err := p.released(ctx, took); released || err != nil {
		return released, observed, err
	}
	isHeld, observed, err := p.silent(ctx, took)
	return err == nil && !isHeld, observed, err
}

func arrived(took time.Duration) string {
	return fmt.Sprintf("what was written arrived after %s", took.Round(time.Millisecond))
}

// silent says that nothing arrives, where that is not for the way.
func (p *pausedStream) silent(ctx context.Context, took time.Duration) (bool, string, error) {
	blocked, err := p.blocked(ctx)
	if err == nil && blocked != "" {
		err = fmt.Errorf("nothing arrives, and the fault may not be why: %s", blocked)
	}
	return err == nil, fmt.Sprintf("what was written has not arrived after %s", took.Round(10*time.Millisecond)), err
}

// laggingStream is a stream on which everything arrives late.
type laggingStream struct {
	replication
	asked time.Duration
}

// Vouched is that the receiver has taken the order: what is written from now on will be late.
func (*laggingStream) Vouched() bool { return false }

// Slow is how long it takes to see something arrive, or a few things.
func (g *laggingStream) Slow() time.Duration { return 3 * g.asked }

// Baseline writes something, and measures how long it takes to arrive.
func (g *laggingStream) Baseline(ctx context.Context) (bool, string, error) { return g.InForce(ctx) }

// InForce writes something, and measures how long it takes to arrive.
func (g *laggingStream) InForce(ctx context.Context) (bool, string, error) {
	took, ok, err := g.measure(ctx)
	switch {
	case err != nil:
		return false, "", err
	case !ok:
		return false, "", g.missing(took)
	}
	return inForce(took.Seconds(), g.asked.Seconds(), false, g.observed(took))
}

// Gone measures how long something takes to arrive, where there is something left to see.
func (g *laggingStream) Gone(ctx context.Context) (bool, string, error) {
	if over, observed, err := g.over(ctx); over || err != nil {
		return over, observed, err
	}
	took, ok, err := g.measure(ctx)
	if err != nil {
		return false, "", err
	}
	if !ok {
		released, observed, err := g.released(ctx, took)
		if !released && err == nil {
			err = g.missing(took)
		}
		return released, observed, err
	}
	return gone(took.Seconds(), g.asked.Seconds(), false, g.observed(took))
}

func (g *laggingStream) measure(ctx context.Context) (time.Duration, bool, error) {
	return arrival(ctx, g.stream, 2*g.asked+time.Second)
}

func (g *laggingStream) observed(took time.Duration) string {
	return fmt.Sprintf("%s (asked: %s)", arrived(took), g.asked)
}

func (g *laggingStream) missing(took time.Duration) error {
	return fmt.Errorf("what was written has not arrived after %s (asked: %s)", took.Round(time.Millisecond), g.asked)
}
