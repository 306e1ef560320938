package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/history"
)

// shopLab is a shop that clients find by a name service, and what its stores hold, by region. Nothing else is asked of
// it.
type shopLab struct {
	drill.Lab
	resolver string

	mu     sync.Mutex
	stored map[string][]string // by region
	err    error               // of reading a store
}

func (l *shopLab) Resolver() string { return l.resolver }

// StoreDoor is asked for by nobody.
func (l *shopLab) StoreDoor(app.Target, string) (string, error) {
	return "", errors.New("it has no such door")
}

func (l *shopLab) Read(_ context.Context, region string, _ drill.Sought) []drill.StoreRead {
	l.mu.Lock()
	defer l.mu.Unlock()
	return []drill.StoreRead{{Store: history.StorePostgres, IDs: l.stored[region], Err: l.err}}
}

// Alive goes on for as long as who asks.
func (l *shopLab) Alive(ctx context.Context) (context.Context, func()) { return ctx, func() {} }

// Steady finds that all is well.
func (l *shopLab) Steady(context.Context) error { return nil }

// Control is answered at once.
func (l *shopLab) Control(context.Context, string) error { return nil }

// FollowMarks has none.
func (l *shopLab) FollowMarks(ctx context.Context, _ func() time.Duration, _ func(drill.Exchange)) error {
	<-ctx.Done()
	return ctx.Err()
}

// hold has stores of regions hold an id.
func (l *shopLab) hold(id string, regions ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range regions {
		l.stored[r] = append(l.stored[r], id)
	}
}

// checkerOf checks a shop that answers so.
func checkerOf(t *testing.T, handle func(l *shopLab, w http.ResponseWriter, r *http.Request)) checker {
	t.Helper()
	l := &shopLab{stored: map[string][]string{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handle(l, w, r) }))
	t.Cleanup(server.Close)
	l.resolver = namesTo(t, server.Listener.Addr().(*net.TCPAddr).Port)
	plan := shopPlan(t, shop)
	return checker{
		plan: plan, app: plan.App, lab: l, within: 300 * time.Millisecond, seen: &Checked{},
		log: func(_ context.Context, node string, w io.Writer) error {
			_, err := fmt.Fprintf(w, "line of %s\nanother\n", node)
			return err
		},
	}
}

// namesTo is a name service that leads to a port of this machine.
func namesTo(t *testing.T, port int) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	up := make(chan struct{})
	server := &dns.Server{PacketConn: conn, NotifyStartedFunc: func() { close(up) }}
	server.Handler = dns.HandlerFunc(func(w dns.ResponseWriter, query *dns.Msg) {
		m := new(dns.Msg).SetReply(query)
		head := dns.RR_Header{Name: query.Question[0].Name, Class: dns.ClassINET, Ttl: 1}
		srv, txt := head, head
		srv.Rrtype, txt.Rrtype = dns.TypeSRV, dns.TypeTXT
		m.Answer = []dns.RR{&dns.SRV{Hdr: srv, Target: "east.", Port: uint16(port)}}
		m.Extra = []dns.RR{&dns.TXT{Hdr: txt, Txt: []string{
			"region=us-east-1", "host=127.0.0.1", fmt.Sprintf("port=%d", port),
		}}}
		_ = w.WriteMsg(m)
	})
	go func() { _ = server.ActivateAndServe() }()
	<-up
	t.Cleanup(func() { _ = server.Shutdown() })
	return conn.LocalAddr().String()
}

// keeps is a shop that does as its file says.
func keeps(regions ...string) func(l *shopLab, w http.ResponseWriter, r *http.Request) {
	return func(l *shopLab, w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			body, _ := io.ReadAll(r.Body)
			l.hold(strings.Split(string(body), `"`)[3], regions...)
			w.WriteHeader(http.StatusCreated)
		}
	}
}

// settle is what is checked of an app before its load is offered.
func (c checker) settle(ctx context.Context) error {
	calls, err := c.calls()
	if err != nil {
		return err
	}
	return c.once(ctx, calls)
}
