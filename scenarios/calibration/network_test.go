package calibration

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/rs/zerolog"

	"github.com/regionfall/regionfall/lab/link"
	"github.com/regionfall/regionfall/lab/link/hub"
	"github.com/regionfall/regionfall/lab/link/linktest"
	"github.com/regionfall/regionfall/lab/link/toxic"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// doors are the ways of the clients to the two regions, and to a responder that has nothing to do, over a Toxiproxy in
// this process.
type doors map[string]*link.Link

const responder = "responder"

func open(t *testing.T, upstream string) doors {
	t.Helper()
	proxy := httptest.NewServer(hub.New(zerolog.Nop()))
	t.Cleanup(proxy.Close)
	h, err := link.Connect(t.Context(), proxy.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	idle := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(idle.Close)
	var specs []topology.Path
	for region, upstream := range map[string]string{
		east: upstream, west: upstream,
		responder: idle.Listener.Addr().String(),
	} {
		specs = append(specs, topology.Path{
			Name: "clients_" + region + "_app", From: topology.Clients, To: region, Service: topology.ServiceApp,
			Port: linktest.FreePort(t), Upstream: upstream,
		})
	}
	if err := h.Open(t.Context(), specs, func(string) string { return "127.0.0.1" },
		func(topology.Path) link.Baseline { return link.Baseline{} }); err != nil {
		t.Fatal(err)
	}
	d := doors{}
	for _, s := range specs {
		l := h.Link(s, nil)
		d[s.To] = l
		t.Cleanup(func() { _ = l.Cut(context.Background()) }) // closes its listener
	}
	return d
}

// take has a region's door do to clients what the manner says, and give gives it back.
func (d doors) take(ctx context.Context, region string, m manner) error {
	switch m {
	case swallows:
		return d[region].Set(ctx, "calibration", toxic.Swallow(probe.Upstream))
	case resets:
		return d[region].Set(ctx, "calibration", toxic.Reset(probe.Upstream))
	case refuses:
		return d[region].Cut(ctx)
	}
	return fmt.Errorf("%s: no door can do that", m)
}

func (d doors) set(ctx context.Context, region string, m manner) error {
	if m == refuses {
		return d[region].Restore(ctx)
	}
	return d[region].Set(ctx, "calibration", nil)
}

// ask asks the responder, on a connection of its own.
func (d doors) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet,
		fmt.Sprintf("http://127.0.0.1:%d/healthz", d[responder].Port), http.NoBody)
	if err != nil {
		return err
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// names is the name service. It notes when it last sent anybody to east.
type names struct {
	now   func() time.Duration
	doors doors
	moves time.Duration // from when on it sends clients to west; 0: never
	ttl   time.Duration

	mu   sync.Mutex
	east time.Duration
}

func (n *names) ServeDNS(w dns.ResponseWriter, query *dns.Msg) {
	m := new(dns.Msg).SetReply(query)
	q := query.Question[0]
	n.mu.Lock()
	region := east
	if now := n.now(); n.moves > 0 && now >= n.moves {
		region = west
	} else {
		n.east = now
	}
	n.mu.Unlock()
	port := n.doors[region].Port
	head := dns.RR_Header{Name: q.Name, Rrtype: dns.TypeSRV, Class: dns.ClassINET}
	m.Answer = []dns.RR{&dns.SRV{Hdr: head, Target: region + ".regionfall.test.", Port: uint16(port)}} //nolint:gosec // it is a port
	head.Rrtype = dns.TypeTXT
	m.Extra = []dns.RR{&dns.TXT{Hdr: head, Txt: []string{
		"region=" + region, "host=127.0.0.1", fmt.Sprintf("port=%d", port), "ttl_ms=" +
			strconv.FormatInt(n.ttl.Milliseconds(), 10),
	}}}
	_ = w.WriteMsg(m)
}

func (n *names) lastEast() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.east
}

// serve answers from now on.
func (n *names) serve(t *testing.T, conn net.PacketConn) {
	t.Helper()
	up := make(chan struct{})
	server := &dns.Server{PacketConn: conn, NotifyStartedFunc: func() { close(up) }, Handler: n}
	ended := make(chan error, 1)
	go func() { ended <- server.ActivateAndServe() }()
	<-up
	t.Cleanup(func() {
		if err := errors.Join(server.Shutdown(), <-ended); err != nil {
			t.Errorf("name service: %v", err)
		}
	})
}
