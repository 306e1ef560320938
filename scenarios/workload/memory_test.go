package workload

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// memory is a network of pipes, so that a whole load runs inside a synctest bubble, on its clock.
type memory struct {
	hosts   map[string]*pipes
	answers func(at time.Duration) (answer, error) // the name service; at counts from the recorder's start
	asked   func(ctx context.Context) error        // before an answer: nil, or takes its time
	queries atomic.Int64
	limit   int64
}

type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// east is a name service that leads to one region for an hour.
func east(time.Duration) (answer, error) {
	return answer{region: "east", host: "east", port: 80, ttlMS: "3600000"}, nil
}

// begin starts a load on the memory network with these services, by region name. The load ends with the test's bubble.
func (m *memory) begin(t *testing.T, spec Spec, services ...*service) (*Load, *recorder) {
	t.Helper()
	m.hosts = map[string]*pipes{}
	for _, s := range services {
		p := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		m.hosts[s.region+":80"] = p
		server := &http.Server{Handler: s, ErrorLog: log.New(io.Discard, "", 0)}
		go func() { _ = server.Serve(p) }() // ends with the server
		t.Cleanup(func() { server.Close() })
	}
	rec := newRecorder()
	via := transport{limit: m.limit, dial: m.dial, exchange: func(ctx context.Context, query *dns.Msg) (*dns.Msg,
		error,
	) {
		m.queries.Add(1)
		if m.asked != nil {
			if err := m.asked(ctx); err != nil {
				return nil, err
			}
		}
		a, err := m.answers(rec.Now())
		if err != nil {
			return nil, err
		}
		return a.reply(query), nil
	}}
	if via.limit == 0 {
		via.limit = maxInFlight
	}
	l, err := start(t.Context(), Options{
		Spec: spec, Record: testRecord, Recorder: rec, Protocol: Of(kycApp(t), Login{}), Prefix: "t", Seed: 1,
	}, via)
	if err != nil {
		t.Fatal(err)
	}
	return l, rec
}

func (m *memory) dial(ctx context.Context, _, address string) (net.Conn, error) {
	p := m.hosts[address]
	if p == nil {
		return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	}
	near, far := net.Pipe()
	select {
	case p.conns <- far:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
