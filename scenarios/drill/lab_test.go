package drill

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/rs/zerolog"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/link"
	"github.com/regionfall/regionfall/lab/link/hub"
	"github.com/regionfall/regionfall/lab/link/linktest"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
	appfile "github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/history"
)

// tinyLab is a real lab in this process: two regions behind links of a Toxiproxy, a name service that speaks DNS, a
// failover automation with a clock of its own. What a test sets before the drill is in the first block.
type tinyLab struct {
	unattended bool                          // no automation: nobody redirects
	steady     func(now time.Duration) error // nil: always
	switchover func(ctx context.Context, region string, said func(string)) error
	failover   func(ctx context.Context) error // nil: it is done at once
	job        func(context.Context) error     // nil: there is no job
	lags       func() []history.LagSight
	manifests  []history.ManifestRead
	restored   time.Duration                          // how long ago it was that was brought back
	pipeline   func() []history.PipelineSight         // nil: there is none
	portions   func() ([]history.Portion, error)      // of the pipeline, in the end; nil: there are none
	reconcile  func(context.Context) error            // nil: at once
	unreadable string                                 // a store that can't be read
	reading    func()                                 // is called before the stores are read; nil: nothing
	drop       map[string]func(ids []string) []string // what a store holds of what the region does; nil: all

	home, standby *region
	intact        context.Context // until the lab breaks
	end           context.CancelCauseFunc
	resolver      string
	doors         []*link.Link      // clients to east, clients to west
	taps          map[string]string // by region: where its responder is asked
	answer        atomic.Pointer[region]

	mu     sync.Mutex
	alive  []context.Context    // those that end with it
	now    func() time.Duration // the drill's clock, known once it follows the marks
	moved  time.Duration        // on that clock, when the name service was redirected
	healed []string             // names of cuts, in the order of healing
	jobs   []string
}

// StoreDoor is asked for by nobody: the app is spoken to by HTTP.
func (l *tinyLab) StoreDoor(appfile.Target, string) (string, error) {
	return "", errors.New("it has no such door")
}

var (
	_ Lab       = (*tinyLab)(nil)
	_ fault.Lab = (*tinyLab)(nil)
)

func newLab(t *testing.T) *tinyLab {
	t.Helper()
	l := &tinyLab{}
	l.intact, l.end = context.WithCancelCause(t.Context())
	l.home, l.standby = startRegions(t)
	l.answer.Store(l.home)
	proxy := httptest.NewServer(hub.New(zerolog.Nop()))
	t.Cleanup(proxy.Close)
	links, err := link.Connect(t.Context(), proxy.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	var specs []topology.Path
	l.taps = map[string]string{}
	for _, r := range []*region{l.home, l.standby} {
		tap := topology.Path{
			Name: "tap_responder." + r.name, From: topology.Tap, To: r.name, Service: topology.ServiceResponder,
			Port: linktest.FreePort(t), Upstream: r.address,
		}
		l.taps[r.name] = address(tap.Port)
		specs = append(specs, topology.Path{
			Name: "clients_" + r.name + "_app", From: topology.Clients, To: r.name, Service: topology.ServiceApp,
			Port: linktest.FreePort(t), Upstream: r.address,
		}, tap)
	}
	err = links.Open(t.Context(), specs, func(string) string { return "127.0.0.1" },
		func(topology.Path) link.Baseline { return link.Baseline{} })
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range specs {
		d := links.Link(s, func(ctx context.Context, _ probe.Question) (probe.Answer, error) {
			return answer(ready(ctx, address(s.Port))), nil
		})
		if s.From == topology.Clients {
			l.doors = append(l.doors, d)
		}
		t.Cleanup(func() { _ = d.Cut(context.Background()) }) // closes its listener
	}
	l.resolver = l.startNameservice(t)
	return l
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// ready asks a region's app whether it serves, on a connection of its own.
func ready(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return get(ctx, "http://"+address+"/readyz")
}

func get(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		err = errors.New(resp.Status)
	}
	return errors.Join(err, resp.Body.Close())
}

// startNameservice answers the SRV record of the service with the door of the region that serves, and beside it the TXT
// record.
func (l *tinyLab) startNameservice(t *testing.T) (address string) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	up := make(chan struct{})
	server := &dns.Server{PacketConn: conn, NotifyStartedFunc: func() { close(up) }}
	server.Handler = dns.HandlerFunc(func(w dns.ResponseWriter, query *dns.Msg) {
		m := new(dns.Msg).SetReply(query)
		q := query.Question[0]
		if q.Name != "_http._tcp."+topology.RecordName || q.Qtype != dns.TypeSRV {
			_ = w.WriteMsg(m.SetRcode(query, dns.RcodeNameError))
			return
		}
		serves := l.answer.Load()
		port := l.door(serves.name).Port
		head := dns.RR_Header{Name: q.Name, Rrtype: dns.TypeSRV, Class: dns.ClassINET}
		m.Answer = []dns.RR{&dns.SRV{Hdr: head, Target: serves.name + ".regionfall.test.", Port: uint16(port)}}
		head.Rrtype = dns.TypeTXT
		m.Extra = []dns.RR{&dns.TXT{Hdr: head, Txt: []string{
			"region=" + serves.name, "host=127.0.0.1", fmt.Sprintf("port=%d", port), "ttl_ms=100",
		}}}
		_ = w.WriteMsg(m)
	})
	ended := make(chan error, 1)
	go func() { ended <- server.ActivateAndServe() }()
	<-up
	t.Cleanup(func() {
		if err := errors.Join(server.Shutdown(), <-ended); err != nil {
			t.Errorf("name service: %v", err)
		}
	})
	return conn.LocalAddr().String()
}

func (l *tinyLab) door(region string) *link.Link {
	for _, d := range l.doors {
		if d.To == region {
			return d
		}
	}
	panic("no door of " + region)
}

// whole says what is not as it was before the drill.
func (l *tinyLab) whole(ctx context.Context) error {
	var errs []error
	for i, r := range []*region{l.home, l.standby} {
		s, err := l.doors[i].State(ctx)
		if err == nil && s.Cut {
			err = fmt.Errorf("%s is cut", l.doors[i].Name)
		}
		if !r.running() {
			err = errors.Join(err, fmt.Errorf("%s is down", r.name))
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
