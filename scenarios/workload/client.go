package workload

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// maxAnswer is how much of an answer's body is read.
const maxAnswer = 64 << 10

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// client is one user of the service: it finds its region and makes calls, each once and on a connection of its own.
type client struct {
	names   *resolver
	dial    dialFunc
	session *session // nil without sessions
}

// do makes the call of op and fills in what came of it.
func (c *client) do(ctx context.Context, op *history.Op, body []byte) {
	r, attempts := c.call(ctx, op, body)
	conclude(op, r, attempts)
}

func conclude(op *history.Op, r reply, attempts int) {
	op.Status, op.Attempts = r.status, attempts
	op.Outcome, op.Error = judge(op.Kind, op.ID, r)
	if attempts > 1 {
		// Nothing can be said about an operation that was sent twice, and nobody may overlook it.
		op.Outcome, op.Error = history.Unknown, fmt.Sprintf("bug of the harness: sent %d times: %s", attempts, op.Error)
	}
}

func (c *client) call(ctx context.Context, op *history.Op, body []byte) (r reply, attempts int) {
	to, err := c.names.resolve(ctx)
	if err != nil {
		return reply{err: fmt.Errorf("resolve: %w", because(ctx, err))}, 0
	}
	op.Region = to.region
	req, err := request(ctx, op, to.address, body)
	if err != nil {
		return reply{err: err}, 0
	}
	if at := c.session.position(); at != "" && op.Kind == history.Read {
		req.Header.Set(positionHeader, at)
	}
	conn, err := c.dial(ctx, "tcp", to.address)
	if err != nil {
		return reply{err: because(ctx, err)}, 1
	}
	defer conn.Close()
	once := newAttempt(conn)
	r = once.roundTrip(req, op)
	c.session.saw(r.position)
	if r.err != nil {
		r.err = because(ctx, r.err)
	}
	return r, int(once.count.Load())
}

func request(ctx context.Context, op *history.Op, address string, body []byte) (*http.Request, error) {
	if op.Kind == history.Read {
		return http.NewRequestWithContext(ctx, http.MethodGet,
			"http://"+address+"/verifications/"+url.PathEscape(op.ID), http.NoBody)
	}
	// The reader's type is hidden so that net/http can't rewind it: a body it can rewind is a request it may send
	// again.
	once := struct{ io.Reader }{bytes.NewReader(body)}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/verifications", once)
	if err != nil {
		return nil, err
	}
	req.ContentLength = int64(len(body))
	req.Header.Set("Content-Type", "application/json")
	return req, nil
}

// attempt is one connection for one request. net/http repeats requests when a kept connection turns out dead, and goes
// on dialling for a request that was given up; here it is handed a connection that exists, once, and a second try is
// refused and counted.
type attempt struct {
	*http.Transport
	count atomic.Int64 // connections asked for
	wrote atomic.Bool  // bytes were handed to the connection
}

func newAttempt(conn net.Conn) *attempt {
	a := new(attempt)
	var used atomic.Bool
	a.Transport = &http.Transport{
		DisableKeepAlives:  true,
		DisableCompression: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			if used.Swap(true) {
				return nil, errors.New("second attempt refused")
			}
			return &watchedConn{Conn: conn, wrote: &a.wrote}, nil
		},
	}
	return a
}

// roundTrip sends req and reads the whole answer, redirects included: they are answers, not followed.
func (a *attempt) roundTrip(req *http.Request, op *history.Op) reply {
	trace := &httptrace.ClientTrace{GetConn: func(string) { a.count.Add(1) }}
	resp, err := a.RoundTrip(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	if err != nil {
		return reply{sent: a.wrote.Load(), err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if region := resp.Header.Get("X-Region"); region != "" {
		op.Region = region
	}
	op.Node = resp.Header.Get("X-Node")
	op.Revision = number(resp.Header.Get("X-Config-Revision"))
	op.Timeline = number(resp.Header.Get("X-Postgres-Timeline"))
	op.Path = resp.Header.Get("X-Read-Path")
	// By the node's own word: PostgreSQL dates transactions by the wall clock and subtracts. After a step of that it is
	// wrong until the next transaction is replayed; it is told beside what was found, and nothing is judged by it.
	op.Lag = time.Duration(number(resp.Header.Get("X-Replication-Lag"))) * time.Millisecond
	return reply{sent: true, status: resp.StatusCode, body: body, err: err, position: resp.Header.Get(positionHeader)}
}

// number is 0, not known, for a header that is absent or no number.
func number(header string) int {
	n, err := strconv.Atoi(header)
	if err != nil {
		return 0
	}
	return n
}

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
