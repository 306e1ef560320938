package workload

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/app"
)

// maxAnswer is how much of an answer's body is read.
const maxAnswer = 64 << 10

// httpMessageOf makes the request of an operation.
func (p appProtocol) httpMessageOf(o *app.Operation, v app.Values) *httpMessage {
	m := &httpMessage{Operation: o, extras: p.app.Extras(), values: v}
	if !o.NeedsKept() {
		m.filled = o.Fill(v)
	}
	return m
}

// httpMessage is a request that may be sent several times, each time as another one.
type httpMessage struct {
	*app.Operation
	extras app.Extras
	values app.Values
	filled app.Filled // unless it needs what earlier answers gave
}

// carrying is the message with what earlier answers gave.
func (m *httpMessage) carrying(c Carried) *httpMessage {
	if !m.NeedsKept() && c.ID == "" {
		return m
	}
	with := *m
	with.values.Kept = c.Kept
	with.values.ID = cmp.Or(c.ID, m.values.ID)
	with.filled = with.Fill(with.values)
	return &with
}

// httpPart is one of several requests that make an operation.
type httpPart struct {
	*httpMessage
	next *httpPart
	turn string
}

func (m *httpPart) Next() Message {
	if m.next == nil {
		return nil
	}
	return m.next
}

func (m *httpPart) Turn() string { return m.turn }

func (m *httpMessage) Send(ctx context.Context, address string, carried Carried, over *Attempt) Answer {
	m = m.carrying(carried)
	req, err := m.request(ctx, address, carried.Position)
	if err != nil {
		return Answer{Err: err}
	}
	transport := &http.Transport{DisableKeepAlives: true, DisableCompression: true, DialContext: over.Dial}
	resp, err := transport.RoundTrip(req) // redirects are answers, and not followed
	if err != nil {
		return Answer{Err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	a := Answer{Status: resp.StatusCode, Err: err, Extras: m.read(resp.Header)}
	if err == nil {
		m.understand(&a, resp, body)
		a.Expired = m.Expires(resp.StatusCode)
	}
	return a
}

func (m *httpMessage) request(ctx context.Context, address, position string) (*http.Request, error) {
	filled := m.filled
	var body io.Reader = http.NoBody
	if filled.Body != nil {
		// The reader's type is hidden so that net/http can't rewind it: a body it can rewind is a request it may send
		// again.
		body = struct{ io.Reader }{bytes.NewReader(filled.Body)}
	}
	req, err := http.NewRequestWithContext(ctx, m.Method, "http://"+address+filled.Path, body)
	if err != nil {
		return nil, err
	}
	if filled.Body != nil {
		req.ContentLength = int64(len(filled.Body))
	}
	for _, h := range filled.Headers {
		if strings.EqualFold(h.Name, "Host") {
			req.Host = h.Text // of the header, net/http takes no notice
			continue
		}
		req.Header.Set(h.Name, h.Text)
	}
	if position != "" && m.extras.Position != "" {
		req.Header.Set(m.extras.Position, position)
	}
	return req, nil
}

// read reads what the headers say. The header of no name is never there.
func (m *httpMessage) read(h http.Header) Extras {
	return Extras{
		Region: h.Get(m.extras.Region), Node: h.Get(m.extras.Node), Position: h.Get(m.extras.Position),
		Revision: number(h.Get(m.extras.Revision)), Timeline: number(h.Get(m.extras.Timeline)),
		Path: h.Get(m.extras.Path), Lag: time.Duration(number(h.Get(m.extras.Lag))) * time.Millisecond,
	}
}

// number is 0, not known, for a header that is absent or no number.
func number(header string) int {
	n, err := strconv.Atoi(header)
	if err != nil {
		return 0
	}
	return n
}

// find reads what an answer gives: an id, or what is kept. It is empty where the answer does not have it.
func find(g *app.Given, resp *http.Response, body []byte) string {
	switch {
	case g.JSON != "":
		if text, good := document(bytes.TrimSpace(body)).text(g.JSON); good {
			return text
		}
		return ""
	case g.Header != "":
		return resp.Header.Get(g.Header)
	case g.Cookie != "":
		for _, c := range resp.Cookies() {
			if c.Name == g.Cookie {
				return c.Value
			}
		}
		return ""
	default:
		to, err := resp.Location()
		if err != nil || to.Path == "" || to.Path == "/" {
			return ""
		}
		return path.Base(to.Path)
	}
}
