package workload

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/history"
)

// positionHeader is how the sample app says how far its database had come.
const positionHeader = "X-Postgres-Position"

const testRecord = "kyc.regionfall.test."

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The drill gives the history's recorder.
var _ Recorder = (*history.Recorder)(nil)

// recorder keeps operations in memory.
type recorder struct {
	start time.Time
	mu    sync.Mutex
	kept  []history.Op
}

func newRecorder() *recorder { return &recorder{start: time.Now()} }

func (r *recorder) Now() time.Duration { return time.Since(r.start) }

func (r *recorder) Op(op history.Op) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept = append(r.kept, op)
}

// ops are the operations so far in the order they were offered, of one kind if one is given.
func (r *recorder) ops(kinds ...history.Kind) []history.Op {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ops []history.Op
	for _, op := range r.kept {
		if len(kinds) == 0 || slices.Contains(kinds, op.Kind) {
			ops = append(ops, op)
		}
	}
	slices.SortFunc(ops, func(a, b history.Op) int { return int(a.Seq - b.Seq) })
	return ops
}

// service is a small KYC service: it accepts what is posted and finds what it accepted. Before may answer in its place.
type service struct {
	region string
	before func(w http.ResponseWriter, r *http.Request) (answered bool)

	mu     sync.Mutex
	bodies [][]byte // posted
	stored map[string]bool
	hits   map[string]int // by method
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var posted struct{ ID, Customer, Document string }
	var raw json.RawMessage
	if r.Method == http.MethodPost {
		if json.NewDecoder(r.Body).Decode(&raw) != nil || json.Unmarshal(raw, &posted) != nil || posted.ID == "" {
			http.Error(w, `{"applied":"no","error":"body is no verification"}`, http.StatusBadRequest)
			return
		}
	}
	s.mu.Lock()
	if s.hits == nil {
		s.hits, s.stored = map[string]int{}, map[string]bool{}
	}
	s.hits[r.Method]++
	s.mu.Unlock()
	if s.before != nil && s.before(w, r) {
		return
	}
	h := w.Header()
	h.Set("X-Region", s.region)
	h.Set("X-Node", "app-1."+s.region)
	h.Set("X-Config-Revision", "3")
	h.Set("X-Postgres-Timeline", "2")
	s.mu.Lock()
	defer s.mu.Unlock()
	id := strings.TrimPrefix(r.URL.Path, "/verifications/")
	switch {
	case r.Method == http.MethodPost:
		s.bodies, s.stored[posted.ID] = append(s.bodies, raw), true
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"id":%q}`, posted.ID)
	case s.stored[id]:
		fmt.Fprintf(w, `{"id":%q}`, id)
	default:
		http.NotFound(w, r)
	}
}

func (s *service) seen(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hits[method]
}

// answer is what the name service of a test says. An empty ttlMS leaves the TXT record without a TTL.
type answer struct {
	region, host string
	port         int
	ttl          time.Duration // of the SRV record, in whole seconds
	ttlMS        string
}

func (a answer) reply(query *dns.Msg) *dns.Msg {
	m := new(dns.Msg).SetReply(query)
	head := func(t uint16) dns.RR_Header {
		return dns.RR_Header{
			Name: query.Question[0].Name, Rrtype: t, Class: dns.ClassINET,
			Ttl: uint32(a.ttl / time.Second),
		}
	}
	m.Answer = []dns.RR{&dns.SRV{Hdr: head(dns.TypeSRV), Target: a.region + ".regionfall.test.", Port: uint16(a.port)}}
	txt := []string{"region=" + a.region, "host=" + a.host, fmt.Sprintf("port=%d", a.port)}
	if a.ttlMS != "" {
		txt = append(txt, "ttl_ms="+a.ttlMS)
	}
	m.Extra = []dns.RR{&dns.TXT{Hdr: head(dns.TypeTXT), Txt: txt}}
	return m
}

// nameservice is a real DNS server on loopback that answers what it holds.
type nameservice struct {
	address string
	current atomic.Pointer[answer]
	deaf    atomic.Int64 // how many more queries it does not hear
	queries atomic.Int64
}

func startNameservice(t testing.TB, first answer) *nameservice {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &nameservice{address: conn.LocalAddr().String()}
	n.current.Store(&first)
	up := make(chan struct{})
	server := &dns.Server{PacketConn: conn, NotifyStartedFunc: func() { close(up) }}
	server.Handler = dns.HandlerFunc(func(w dns.ResponseWriter, query *dns.Msg) {
		n.queries.Add(1)
		if n.deaf.Add(-1) >= 0 {
			return
		}
		reply := n.current.Load().reply(query)
		if q := query.Question[0]; q.Name != "_http._tcp."+testRecord || q.Qtype != dns.TypeSRV {
			reply = new(dns.Msg).SetRcode(query, dns.RcodeNameError)
		}
		if err := w.WriteMsg(reply); err != nil {
			t.Errorf("answer: %v", err)
		}
	})
	ended := make(chan error, 1)
	go func() { ended <- server.ActivateAndServe() }()
	<-up
	t.Cleanup(func() {
		if err := errors.Join(server.Shutdown(), <-ended); err != nil {
			t.Errorf("name service: %v", err)
		}
	})
	return n
}

// serve puts a service on loopback and gives the answer that leads there.
func serve(t testing.TB, s *service, ttlMS string) answer {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return lead(t, s.region, server.Listener.Addr().String(), ttlMS)
}

func lead(t testing.TB, region, address, ttlMS string) answer {
	t.Helper()
	to, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return answer{region: region, host: to.IP.String(), port: to.Port, ttl: time.Second, ttlMS: ttlMS}
}

// kycApp is the sample app, as its file says.
func kycApp(t testing.TB) *app.App {
	t.Helper()
	src, err := os.ReadFile("../../fixtures/kyc/app.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return appOf(t, string(src))
}

func appOf(t testing.TB, src string) *app.App {
	t.Helper()
	a, err := app.Parse("app.yaml", []byte(src), nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// begin starts a load on the loopback network and stops it at the end of the test.
func begin(t testing.TB, spec Spec, resolver string) (*Load, *recorder) {
	t.Helper()
	rec := newRecorder()
	l, err := Start(t.Context(), Options{
		Spec: spec, Resolver: resolver, Record: testRecord, Recorder: rec, Protocol: Of(kycApp(t), Login{}),
		Prefix: "t", Seed: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { finish(t, l) })
	return l, rec
}

func finish(t testing.TB, l *Load) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := l.Stop(ctx); err != nil {
		t.Errorf("stop: %v", err)
	}
}

func eventually(t testing.TB, what string, seen func() bool) {
	t.Helper()
	eventuallyIn(t, 10*time.Second, what, seen)
}

func eventuallyIn(t testing.TB, within time.Duration, what string, seen func() bool) {
	t.Helper()
	limit, tick := time.After(within), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for !seen() {
		select {
		case <-limit:
			t.Fatalf("not seen within %v: %s", within, what)
		case <-tick.C:
		}
	}
}
