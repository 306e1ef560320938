package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// chunks is in how many questions a measurement is divided: enough that the share of one is a few percent.
const chunks = 32

// throughput measures payload against the time it took beyond what a small question takes on the same connection: the
// rate of the wire, without the service's own pace.
func throughput(ctx context.Context, q Question) (a Answer, err error) {
	if q.Bytes < chunks {
		return a, fmt.Errorf("measure the throughput to %s with %d bytes: too few", q.Service, q.Bytes)
	}
	l, err := protocolOf(q.Service).open(ctx, q.Address)
	if err != nil {
		return answered(a, q, err), nil
	}
	defer l.close()
	small := time.Duration(-1)
	for range 3 {
		start := time.Now()
		if err := l.ask(ctx, 0, 0); err != nil {
			return answered(a, q, err), nil
		}
		if took := time.Since(start); small < 0 || took < small {
			small = took
		}
	}
	up, down := int(q.Bytes/chunks), int(q.Bytes/chunks)
	switch q.Stream {
	case Upstream:
		down = 0
	case Downstream:
		up = 0
	}
	in, out := l.conn.in, l.conn.out
	for range chunks {
		start := time.Now()
		if err := l.ask(ctx, up, down); err != nil {
			return answered(a, q, err), nil
		}
		a.Took += max(0, time.Since(start)-small)
	}
	switch q.Stream {
	case Upstream:
		a.Bytes = l.conn.out - out
	case Downstream:
		a.Bytes = l.conn.in - in
	default:
		a.Bytes = l.conn.in - in + l.conn.out - out
	}
	return a, nil
}

// count asks on a new connection until it ends, or until Bytes have been carried. Upstream counts what was sent up to
// the last question that was answered, which is what arrived for certain.
func count(ctx context.Context, q Question) (a Answer, err error) {
	if q.Bytes < chunks {
		return a, fmt.Errorf("count up to %d bytes to %s: too few", q.Bytes, q.Service)
	}
	start := time.Now()
	l, err := protocolOf(q.Service).open(ctx, q.Address)
	if err != nil {
		return answered(a, q, err), nil
	}
	defer l.close()
	up, down := int(q.Bytes/chunks), 0
	if q.Stream == Downstream {
		up, down = 0, up
	}
	for a.Bytes < q.Bytes {
		err := l.ask(ctx, up, down)
		if err == nil && q.Stream != Downstream {
			a.Bytes = l.conn.out
		}
		if q.Stream == Downstream {
			a.Bytes = l.conn.in
		}
		if err != nil {
			a.Took = time.Since(start)
			return answered(a, q, err), nil
		}
	}
	a.Took = time.Since(start)
	return a, nil
}

// closing asks the far end to close and measures how long after its last word the connection ends.
func closing(ctx context.Context, q Question) (a Answer, err error) {
	l, err := protocolOf(q.Service).open(ctx, q.Address)
	if err != nil {
		return answered(a, q, err), nil
	}
	defer l.close()
	if err := l.until(ctx); err != nil {
		return a, err
	}
	if err := l.bye(ctx); err != nil {
		return answered(a, q, err), nil
	}
	start := time.Now()
	_, err = io.Copy(io.Discard, l.conn)
	a.Took = time.Since(start)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return answered(a, q, err), nil
}
