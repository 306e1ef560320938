package workload

import (
	"context"
	"fmt"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// schedule is when the operations of one kind are due: number n at start + n/rate. It is computed from n each time, so
// that neither a late timer nor rounding adds up, and it never looks at how earlier operations fared: that is what
// makes the loop open.
type schedule struct {
	kind  history.Kind
	rate  float64 // per second
	start time.Duration
	next  int64
	open  bool
}

func (s *schedule) due() time.Duration {
	return s.start + time.Duration(float64(s.next)/s.rate*float64(time.Second))
}

// offer is the dispatcher: it starts each operation at its due time, in a goroutine of its own. One that wakes late
// starts all that have fallen due at once; their due times, from which latency counts, stay what they were.
//
// Reads begin when the first acknowledged write is old enough to be read: before that there is nothing to ask for.
func (l *Load) offer(ctx, operating context.Context) {
	writes := &schedule{kind: history.Write, rate: l.opts.Spec.Writes, start: l.opts.Recorder.Now(), open: true}
	reads := &schedule{kind: history.Read, rate: l.opts.Spec.Reads}
	readable := l.population.first
	if reads.rate == 0 {
		readable = nil
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		next := writes
		if reads.open && reads.due() < writes.due() {
			next = reads
		}
		timer.Reset(next.due() - l.opts.Recorder.Now())
		select {
		case <-ctx.Done():
			return
		case at := <-readable:
			reads.start, reads.open = at+readAfter, true
		case <-timer.C:
			l.dispatch(operating, next)
		}
	}
}

func (l *Load) dispatch(ctx context.Context, s *schedule) {
	op := history.Op{Seq: l.seq.Add(1), Kind: s.kind, Client: int(s.next % int64(len(l.clients))), Due: s.due()}
	s.next++
	number, now := s.next, l.opts.Recorder.Now()
	if s.kind == history.Write {
		op.ID = l.population.id(number)
	} else {
		op.ID = l.clients[op.Client].session.pick(now)
		if op.ID == "" {
			op.ID = l.population.pick(now)
		}
	}
	l.meter.offered(now)
	if busy := l.inFlight.Add(1); busy > l.limit {
		l.inFlight.Add(-1)
		op.Sent, op.Done, op.Outcome = now, now, history.Failed
		op.Error = fmt.Sprintf("not sent: %d operations in flight already", l.limit)
		l.finish(op)
		return
	}
	l.running.Go(func() {
		defer l.inFlight.Add(-1)
		m := l.opts.Protocol.Make(Operation{
			Kind: op.Kind, ID: op.ID, Prefix: l.population.prefix, Number: number, Seed: l.opts.Seed,
		})
		l.repeat(ctx, l.perform(ctx, op, m), m)
	})
}
