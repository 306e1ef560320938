package workload

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/regionfall/regionfall/scenarios/history"
)

// ErrRefused says of a write in Go that it was not done, and will not be.
var ErrRefused = errors.New("refused")

// WriteFunc is a write in Go: see package drill.
type WriteFunc func(ctx context.Context, to Door, id string) error

// Door is where one write goes in.
type Door struct {
	Address string // host:port of the app, in the region that the name service says
	over    *Attempt
}

// Dial gives the one connection that the write has. It leads to the address, over the link that faults touch, whatever
// it is told, and has the form that libraries dial with. Later ones are refused, so that nothing is sent twice: many
// libraries dial in the background, such as to have a server cancel what timed out.
func (d Door) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return d.over.DialOnce(ctx, network, address)
}

// Client makes the write's one request of HTTP. A redirect is an answer, and is not followed.
func (d Door) Client() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DialContext: d.Dial, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// WithWrite is a protocol whose writes are Go code. Its other operations stay what they are.
func WithWrite(p Protocol, write WriteFunc) Protocol { return codeProtocol{p, write} }

type codeProtocol struct {
	Protocol
	write WriteFunc
}

func (p codeProtocol) Make(op Operation) Message {
	if op.Kind != history.Write {
		return p.Protocol.Make(op)
	}
	return &codeMessage{id: op.ID, write: p.write}
}

// codeMessage is a write in Go.
type codeMessage struct {
	id    string
	write WriteFunc
}

func (m *codeMessage) Send(ctx context.Context, address string, _ Carried, over *Attempt) Answer {
	err := m.write(ctx, Door{Address: address, over: over}, m.id)
	if over.asked.Load() == 0 {
		over.wrote.Store(true) // it went another way, of which nothing is known
	}
	switch {
	case err == nil:
		return Answer{Result: Acknowledged}
	case errors.Is(err, ErrRefused):
		return Answer{Result: Refused, Why: err.Error()}
	}
	return Answer{Err: err}
}
