package workload

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// Attempt is the one connection that a message may use, once. Libraries repeat requests when a connection turns out
// dead, and go on dialling for one that was given up: whoever asks a second time is refused, and counted.
type Attempt struct {
	conn    net.Conn
	asked   atomic.Int64
	dialled atomic.Bool // by DialOnce
	wrote   atomic.Bool // bytes were handed to the connection
}

func newAttempt(conn net.Conn) *Attempt { return &Attempt{conn: conn} }

// Dial gives the connection, wherever it is to lead. It has the form that libraries dial with.
func (a *Attempt) Dial(context.Context, string, string) (net.Conn, error) {
	if a.asked.Add(1) > 1 {
		return nil, errors.New("second attempt refused")
	}
	return &watchedConn{Conn: a.conn, wrote: &a.wrote}, nil
}

// DialOnce is Dial for a library that dials again for something else than the message, such as to have it cancelled: no
// client that is cut off can do so. What asks later is refused, and not counted: nothing is sent twice.
func (a *Attempt) DialOnce(ctx context.Context, network, address string) (net.Conn, error) {
	if a.dialled.Swap(true) {
		return nil, errors.New("the one connection was used already")
	}
	return a.Dial(ctx, network, address)
}

// count is how often a message was sent, or would have been.
func (a *Attempt) count() int { return int(max(1, a.asked.Load())) }

// sent says whether the message, or a part of it, may have left.
func (a *Attempt) sent() bool { return a.wrote.Load() }

// watchedConn notes the first write before it is made: what was not noted was not sent.
type watchedConn struct {
	net.Conn
	wrote *atomic.Bool
}

func (c *watchedConn) Write(p []byte) (int, error) {
	c.wrote.Store(true)
	return c.Conn.Write(p)
}

// because gives an error in words that are the same for every operation with the same fate, and that name no address:
// why the operation was given up, if it was, else what the network said.
func because(ctx context.Context, err error) error {
	// The deadline of ctx, which libraries set on their connections, may pass there just before ctx ends.
	if deadline, has := ctx.Deadline(); has && errors.Is(err, os.ErrDeadlineExceeded) && !time.Now().Before(deadline) {
		<-ctx.Done()
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var op *net.OpError
	if errors.As(err, &op) {
		var unknown *net.DNSError
		if errors.As(op.Err, &unknown) {
			return fmt.Errorf("%s: %s", op.Op, unknown.Err)
		}
		return fmt.Errorf("%s: %w", op.Op, op.Err)
	}
	return err
}
