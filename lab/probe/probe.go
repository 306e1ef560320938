// Package probe asks what a path to a service is like, over real connections and in the protocol of the service. It
// knows nothing of links, taps and faults: that is what makes it a witness. The agents ask from inside their networks,
// the harness from outside.
package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// Way is how a path is asked.
type Way string

// The ways.
const (
	RoundTrip  Way = "round-trip" // a new connection, one question, its answer
	OnOpen     Way = "on-open"    // a question on a connection that stays: the first question of a Line opens it
	Throughput Way = "throughput" // Bytes of payload in each Stream asked for
	Count      Way = "count"      // how many bytes a new connection carries before it ends, up to Bytes
	Closing    Way = "closing"    // how long after the far end has said goodbye the connection ends
	// how many of Rate requests a second of Path, Lasting for a while, an HTTP service does not refuse
	Serving Way = "serving"
)

// Stream is a direction of a connection, as Toxiproxy has it.
type Stream string

// The streams: Upstream is from who connects to the service. The zero value is both.
const (
	Both       Stream = ""
	Upstream   Stream = "upstream"
	Downstream Stream = "downstream"
)

// Question is one question about a path.
type Question struct {
	Way     Way              `json:"way"`
	Service topology.Service `json:"service"` // whose protocol is spoken
	Address string           `json:"address"` // host:port
	Line    string           `json:"line,omitempty"`
	Stream  Stream           `json:"stream,omitempty"`
	Bytes   int64            `json:"bytes,omitempty"`
	Path    string           `json:"path,omitempty"`
	Rate    float64          `json:"rate,omitempty"`
	Lasting time.Duration    `json:"lasting_ns,omitempty"`
	Within  time.Duration    `json:"within_ns,omitempty"` // how long the whole of it may take; 0 is a second
}

// Symptom is what is wrong, as the client sees it.
type Symptom string

// The symptoms. The zero value is that the service answered.
const (
	Fine         Symptom = ""
	Refused      Symptom = "refused"       // the connection is refused
	NoConnection Symptom = "no connection" // nobody says a word to the attempt to connect
	Silence      Symptom = "silence"       // connected, and no answer
	Reset        Symptom = "reset"         // connected, and reset in the middle
	Closed       Symptom = "closed"        // connected, and closed without an answer
	Unreachable  Symptom = "unreachable"   // no such name, no route
)

// Answer is what was seen.
type Answer struct {
	Took   time.Duration `json:"took_ns"`
	Bytes  int64         `json:"bytes,omitempty"`   // carried: Throughput within Took, Count until the end
	Count  int64         `json:"count,omitempty"`   // of Serving
	Rate   float64       `json:"rate,omitempty"`    // of Serving, a second
	OnTime float64       `json:"on_time,omitempty"` // of Serving: how many were sent when they were due, a second
	// Unoffered is what kept whoever asked from offering what Serving asks for; empty if nothing did.
	Unoffered string  `json:"unoffered,omitempty"`
	Symptom   Symptom `json:"symptom,omitempty"`
	Said      string  `json:"said,omitempty"` // the error behind the symptom
}

// Err is nil when the service answered.
func (a Answer) Err() error {
	if a.Symptom == Fine {
		return nil
	}
	return fmt.Errorf("%s (%s)", a.Symptom, a.Said)
}

// defaultWithin is how long a question may take that does not say so.
const defaultWithin = time.Second

// Ask asks one question. What is wrong with the path is in the answer; the error is about the question.
func (l *Lines) Ask(ctx context.Context, q Question) (Answer, error) {
	within := q.Within
	if within == 0 {
		within = defaultWithin
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	var a Answer
	var err error
	start := time.Now()
	switch q.Way {
	case RoundTrip:
		err = roundTrip(ctx, q)
	case OnOpen:
		if q.Line == "" {
			return a, errors.New("ask on an open connection: the question names no line")
		}
		err = l.ask(ctx, q)
	case Throughput:
		return throughput(ctx, q)
	case Count:
		return count(ctx, q)
	case Closing:
		return closing(ctx, q)
	case Serving:
		return serving(ctx, q)
	default:
		return a, fmt.Errorf("ask %s: there is no way %q to ask", q.Service, q.Way)
	}
	a.Took = time.Since(start)
	return answered(a, q, err), nil
}

func answered(a Answer, q Question, err error) Answer {
	if err != nil {
		a.Symptom, a.Said = symptom(err), fmt.Sprintf("%s at %s: %v", q.Service, q.Address, err)
	}
	return a
}

// dialing is a failure to connect.
type dialing struct{ error }

func (d dialing) Unwrap() error { return d.error }

func symptom(err error) Symptom {
	var timeout net.Error
	timedOut := errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded)
	connecting := errors.As(err, new(dialing))
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	case connecting && timedOut:
		return NoConnection
	case connecting:
		return Unreachable
	case timedOut:
		return Silence
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return Reset
	default:
		return Closed
	}
}

func dial(ctx context.Context, address string) (*counted, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, dialing{err}
	}
	if deadline, ok := ctx.Deadline(); ok {
		err = conn.SetDeadline(deadline)
	}
	return &counted{Conn: conn}, err
}

// counted is a connection that knows what it has carried.
type counted struct {
	net.Conn
	in, out int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.in += int64(n)
	return n, err
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.out += int64(n)
	return n, err
}

// roundTrip asks the cheapest question of the service's protocol. It is not enough that something accepts, since a
// proxy whose far end is dead accepts too.
func roundTrip(ctx context.Context, q Question) error {
	conn, err := dial(ctx, q.Address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	p := protocolOf(q.Service)
	if _, err := io.WriteString(conn, p.question); err != nil {
		return err
	}
	_, err = io.ReadFull(conn, make([]byte, p.answers))
	return err
}
