package nameservice

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"github.com/regionfall/regionfall/lab/agent/agenttest"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

const (
	testRecord = "kyc.regionfall.test."
	east, west = "us-east-1", "us-west-2"
)

// regionApp is the health endpoint of a region.
type regionApp struct {
	*httptest.Server
	down atomic.Bool
}

func newRegionApp(t *testing.T) *regionApp {
	app := &regionApp{}
	app.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if app.down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(app.Close)
	return app
}

// running is a name service that answers on loopback.
type running struct {
	*Server
	http       *http.ServeMux
	udp, tcp   string
	east, west *regionApp
}

func startNameservice(t *testing.T, change func(*api.NameserviceConfig)) *running {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
	r := &running{east: newRegionApp(t), west: newRegionApp(t), http: http.NewServeMux()}
	cfg := api.NameserviceConfig{
		Record: testRecord,
		TTL:    250 * time.Millisecond,
		Check:  topology.HealthCheck{Interval: 10 * time.Millisecond, Threshold: 2},
		Targets: []api.Target{
			{Region: east, Host: "127.0.0.1", Port: 20001, Health: r.east.URL},
			{Region: west, Host: "127.0.0.2", Port: 20002, Health: r.west.URL},
		},
	}
	if change != nil {
		change(&cfg)
	}
	svc, err := New(cfg, runtime.NewMarks("nameservice.global"))
	if err != nil {
		t.Fatal(err)
	}
	r.Server = svc.(*Server)
	if err := r.open(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	r.udp, r.tcp = r.Server.udp.LocalAddr().String(), r.Server.tcp.Addr().String()
	r.Routes(r.http)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("name service ended with %v", err)
		}
	})
	r.await(t, "first checks", func(h api.Routing) bool { return !h.Targets[0].Unknown && !h.Targets[1].Unknown })
	return r
}

func (r *running) query(t *testing.T, name string, qtype uint16) *dns.Msg {
	t.Helper()
	client := &dns.Client{Net: "udp", Timeout: 5 * time.Second}
	reply, _, err := client.ExchangeContext(t.Context(), new(dns.Msg).SetQuestion(name, qtype), r.udp)
	if err != nil {
		t.Fatalf("ask %s %s: %v", dns.TypeToString[qtype], name, err)
	}
	return reply
}

// awaitAnswer asks until the record answers the region.
func (r *running) awaitAnswer(t *testing.T, region string) {
	t.Helper()
	r.await(t, "answer of "+region, func(h api.Routing) bool { return h.Answer == region })
	want := region + "." + testRecord
	if got := r.query(t, "_http._tcp."+testRecord, dns.TypeSRV).Answer[0].(*dns.SRV).Target; got != want {
		t.Fatalf("SRV answers %s, want %s", got, want)
	}
}

func (r *running) await(t *testing.T, what string, reached func(api.Routing) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		var h api.Routing
		if err := json.NewDecoder(agenttest.Ask(ctx, t, r.http, "/health").Body).Decode(&h); err != nil {
			t.Fatal(err)
		}
		if reached(h) {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("no %s within 10 s: %+v", what, h)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

func (r *running) redirectTo(t *testing.T, body string) int {
	t.Helper()
	recorder := httptest.NewRecorder()
	r.http.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/primary",
		strings.NewReader(body)))
	return recorder.Code
}

func TestAnswerFollowsHealth(t *testing.T) {
	r := startNameservice(t, nil)
	r.awaitAnswer(t, east)
	r.east.down.Store(true)
	r.awaitAnswer(t, west)
	r.west.down.Store(true)
	r.awaitAnswer(t, east) // none is healthy: the primary, as in Route 53
	r.west.down.Store(false)
	r.awaitAnswer(t, west)
	r.east.down.Store(false)
	r.awaitAnswer(t, east)

	var got []string
	for _, mark := range agenttest.Marks(r.marks) {
		detail, _, _ := strings.Cut(mark.Detail, ": ")
		got = append(got, mark.Name+" "+detail)
	}
	want := []string{
		"health us-east-1 unhealthy", "answer us-west-2",
		"health us-west-2 unhealthy", "answer us-east-1",
		"health us-west-2 healthy", "answer us-west-2",
		"health us-east-1 healthy", "answer us-east-1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}
}

func TestRedirectStays(t *testing.T) {
	r := startNameservice(t, nil)
	r.east.down.Store(true)
	r.awaitAnswer(t, west)
	for range 2 {
		if code := r.redirectTo(t, `{"region":"us-west-2"}`); code != http.StatusOK {
			t.Fatalf("PUT /primary answered %d", code)
		}
	}
	r.east.down.Store(false)
	r.await(t, "healthy east", func(h api.Routing) bool { return h.Targets[0].Healthy })
	r.awaitAnswer(t, west) // its data may be behind: it gets nothing back by being healthy
	if got := r.RecordHealth(); got.Primary != west || got.Generation != 2 {
		t.Errorf("primary %s, generation %d", got.Primary, got.Generation)
	}
	r.west.down.Store(true)
	r.awaitAnswer(t, east) // but it is the secondary now
	for body, want := range map[string]int{
		`{"region":"eu-west-1"}`: http.StatusNotFound,
		`{"reg":"us-west-2"}`:    http.StatusBadRequest,
		``:                       http.StatusBadRequest,
	} {
		if code := r.redirectTo(t, body); code != want {
			t.Errorf("PUT /primary %s answered %d, want %d", body, code, want)
		}
	}
}

func TestMultivalueAnswersAllThatAreHealthy(t *testing.T) {
	r := startNameservice(t, func(c *api.NameserviceConfig) { c.Policy = topology.Multivalue })
	answers := func(want ...string) {
		t.Helper()
		r.await(t, fmt.Sprint("answers ", want), func(h api.Routing) bool {
			return cmp.Equal(h.Answers, want) &&
				h.Answer == want[0]
		})
	}
	answers(east, west)
	r.west.down.Store(true)
	answers(east)
	r.east.down.Store(true)
	answers(east, west) // none is healthy: all, as in Route 53
	r.west.down.Store(false)
	answers(west)
	if code := r.redirectTo(t, `{"region":"us-west-2"}`); code != http.StatusOK {
		t.Fatalf("PUT /primary answered %d", code)
	}
	r.east.down.Store(false)
	answers(west, east) // all of them still, and the primary first for those who ask for one
	var got []string
	for _, mark := range agenttest.Marks(r.marks) {
		if mark.Name == api.MarkAnswer {
			got = append(got, mark.Detail)
		}
	}
	want := []string{"us-east-1", "us-east-1, us-west-2", "us-west-2", "us-west-2, us-east-1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("marks of answers (-want +got):\n%s", diff)
	}
}

func TestHealthSaysWhy(t *testing.T) {
	r := startNameservice(t, nil)
	r.west.down.Store(true)
	r.await(t, "unhealthy west", func(h api.Routing) bool { return !h.Targets[1].Healthy })
	h := r.RecordHealth()
	if !h.Targets[0].Healthy || h.Targets[0].LastError != "" || h.Targets[0].Region != east {
		t.Errorf("east: %+v", h.Targets[0])
	}
	if !strings.Contains(h.Targets[1].LastError, "503") {
		t.Errorf("west: %+v", h.Targets[1])
	}
	got := agenttest.Marks(r.marks)
	if len(got) != 1 || got[0].Name != api.MarkHealth ||
		got[0].Detail != "us-west-2 unhealthy: 503 Service Unavailable" {
		t.Errorf("marks are %v", got)
	}
}

func TestStartLeavesNoMarks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, err := New(api.NameserviceConfig{
			Record: testRecord, Check: topology.HealthCheck{Interval: time.Second, Threshold: 3},
			Targets: []api.Target{
				{Region: east, Host: "127.0.0.1", Port: 1, Health: "http://127.0.0.1:1"},
				{Region: west, Host: "127.0.0.1", Port: 2, Health: "http://127.0.0.1:2"},
			},
		}, runtime.NewMarks("nameservice.global"))
		if err != nil {
			t.Fatal(err)
		}
		n := svc.(*Server)
		for second := range 13 { // east is up after four seconds and fails from the sixth on; west never comes
			refused := fmt.Errorf("ask: %w", syscall.ECONNREFUSED)
			if second == 4 || second == 5 {
				n.Observe(0, nil)
			} else {
				n.Observe(0, refused)
			}
			n.Observe(1, refused)
			if h := n.RecordHealth(); h.Targets[0].Unknown != (second < 4) || h.Targets[1].Unknown != (second < 10) ||
				h.Targets[1].Healthy != (second < 10) {
				t.Errorf("after %d s: %+v", second, h)
			}
			time.Sleep(time.Second)
		}
		agenttest.Expect(t, agenttest.Marks(n.marks),
			// the third check that fails, and no later
			agenttest.At(8*time.Second, api.MarkHealth, "us-east-1 unhealthy: connection refused"),
			agenttest.At(8*time.Second, api.MarkAnswer, west),
			agenttest.At(10*time.Second, api.MarkHealth, "us-west-2 unhealthy: connection refused"),
			agenttest.At(10*time.Second, api.MarkAnswer, east),
		)
	})
}

func TestNameserviceRejectsSettings(t *testing.T) {
	_, err := New(api.NameserviceConfig{
		Policy: "nearest", TTL: -1,
		Targets: []api.Target{{Region: "a"}, {Region: "a"}},
	}, runtime.NewMarks(""))
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"record", "policy", "ttl", "interval", "threshold", "twice", "health URL"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not complained about: %v", want, err)
		}
	}
}
