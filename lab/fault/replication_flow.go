package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// badly is how a stream can be made to flow. Its words are those that the replicators know.
type badly struct {
	Do   string
	Lag  time.Duration
	Rate int64
}

const (
	doPause    = "pause"
	doLag      = "lag"
	doThrottle = "throttle"
	doStall    = "stall" // of PostgreSQL alone: nothing is received
)

// flow is a way by which data reaches a region.
type flow interface {
	// receiver is the node that was told, and ends are the others without which nothing can be seen to flow.
	receiver() Node
	ends(ctx context.Context) ([]Node, error)
	// spoil makes it flow badly. mend undoes that, also in another process, and says whether others hold it too.
	spoil(ctx context.Context) error
	mend(ctx context.Context) (free bool, err error)
	// others says what else holds it up, by the receiver's own account, or is empty. lapsed says, by the same account, whether the fault does not
	// any more though the receiver lives on and receives.
	others(ctx context.Context) (string, error)
	lapsed(ctx context.Context) (bool, error)
	// ways are the links that it may take to the receiver; none where that is not known.
	ways(ctx context.Context) ([]Link, error)
	// send writes something of the fault's own at the source.
	send(ctx context.Context) (sent, error)
	// flood writes bytes at the source, more than can arrive at once. total counts all that has arrived, whoever wrote it.
	flood(ctx context.Context, bytes int64) (clean func(), err error)
	total(ctx context.Context) (int64, error)
	// quiet is for how long nothing has to arrive for a pause to be seen: many times what the way takes.
	quiet() time.Duration
}

func (r Replicated) flow(l Lab, kind string, how badly) (flow, error) {
	if r.Store == storePostgres {
		return newWALStream(l, r.Region, how)
	}
	holder := strings.Join([]string{kind, r.Store, strings.ReplaceAll(r.Prefix, "/", "|"), how.Lag.String(), fmt.Sprint(how.Rate)}, " ")
	return newStoreStream(l, r, holder, how)
}

// sent is something that was written at the source, to be seen to arrive.
type sent struct {
	at      time.Time // when the source had it
	arrived func(ctx context.Context) (bool, error)
	clean   func() // takes it away, at both ends
}

// replication is a stream that flows badly until it is healed.
type replication struct {
	flow   flow
	healed bool
	free   bool
}

// Lapsed asks the receiver. To write something and wait for it would take as long as the fault has it take, and would be in the way of what the drill
// writes.
func (r *replication) Lapsed(ctx context.Context) (bool, error) { return r.flow.lapsed(ctx) }

// Inject spoils the stream.
func (r *replication) Inject(ctx context.Context) error { return r.flow.spoil(ctx) }

// Heal lets it flow.
func (r *replication) Heal(ctx context.Context) (err error) {
	r.free, err = r.flow.mend(ctx)
	r.healed = err == nil
	return err
}

// over says, once healed, whether there is nothing left to see: one end is away, or another fault still holds the stream up.
func (r *replication) over(ctx context.Context) (bool, string, error) {
	if !r.healed {
		return false, "", nil
	}
	receiver := r.flow.receiver()
	if up, err := running(ctx, receiver); err != nil || !up {
		return err == nil, receiver.Place().Name + " does not run, and has forgotten what it was told", err
	}
	others, err := r.flow.others(ctx)
	switch {
	case err != nil:
		return false, "", err
	case !r.free, others != "":
		return true, "let go, and still held by other faults " + others, nil
	}
	ends, err := r.flow.ends(ctx)
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

// blocked says why nothing could arrive if the stream flowed: none of the links carries that it may take. It is empty if one does, or nobody can tell.
func (r *replication) blocked(ctx context.Context) (string, error) {
	ways, err := r.flow.ways(ctx)
	if err != nil || len(ways) == 0 {
		return "", err
	}
	bad, _, saw, err := askAll(ctx, ways, trips)
	if err != nil || len(bad) < len(ways) {
		return "", nil //nolint:nilerr // who can't be asked says nothing of the links
	}
	return fmt.Sprintf("%s, on which it comes, does not carry: %s", these(ways), saw), nil
}

// errNoSource is a stream that nothing can flow on, fault or no fault.
var errNoSource = errors.New("there is no source")

// arrival writes something and waits until it has arrived, or has not within a while.
func arrival(ctx context.Context, s flow, within time.Duration) (took time.Duration, ok bool, err error) {
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

// let says whether, once healed, the receiver says itself that it is let go, though nothing has arrived for a while: much may be on its way before it, the
// way be slow, or the clock have been set back that PostgreSQL waits by.
func (r *replication) let(ctx context.Context, took time.Duration) (bool, string, error) {
	if !r.healed {
		return false, "", nil
	}
	gone, err := r.flow.lapsed(ctx)
	return gone, fmt.Sprintf("let go by its own account, and what was written takes longer than %s", took.Round(10*time.Millisecond)), err
}

// pausedStream is a stream on which nothing arrives.
type pausedStream struct{ replication }

// Vouched is that the receiver has said that it stands still.
func (*pausedStream) Vouched() bool { return true }

// InForce writes something, and waits for it.
func (p *pausedStream) InForce(ctx context.Context) (bool, string, error) {
	if over, saw, err := p.over(ctx); over || err != nil {
		return false, saw, err
	}
	took, ok, err := arrival(ctx, p.flow, p.flow.quiet())
	switch {
	case err != nil:
		return false, "", err
	case ok:
		return false, fmt.Sprintf("what was written arrived after %s", took.Round(time.Millisecond)), nil
	}
	if let, saw, err := p.let(ctx, took); let || err != nil {
		return false, saw, err
	}
	blocked, err := p.blocked(ctx)
	if err == nil && blocked != "" {
		err = fmt.Errorf("nothing arrives, and it could not be told why: %s", blocked)
	}
	if err != nil {
		return false, "", err
	}
	return true, fmt.Sprintf("what was written has not arrived after %s", took.Round(10*time.Millisecond)), nil
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

// InForce writes something, and measures how long it takes to arrive.
func (g *laggingStream) InForce(ctx context.Context) (bool, string, error) {
	if over, saw, err := g.over(ctx); over || err != nil {
		return false, saw, err
	}
	took, ok, err := arrival(ctx, g.flow, 2*g.asked+time.Second)
	if err != nil {
		return false, "", err
	}
	saw := fmt.Sprintf("what was written arrived after %s (asked: %s)", took.Round(time.Millisecond), g.asked)
	if !ok {
		if let, saw, err := g.let(ctx, took); let || err != nil {
			return false, saw, err
		}
		return false, "", fmt.Errorf("what was written has not arrived after %s (asked: %s)", took.Round(time.Millisecond), g.asked)
	}
	return compare(took.Seconds(), g.asked.Seconds(), false, g.healed, saw)
}
