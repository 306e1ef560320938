package steps

import (
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/regionfall/regionfall/lab/agent/agenttest"
	"github.com/regionfall/regionfall/lab/agent/automation/automationtest"
	"github.com/regionfall/regionfall/lab/agent/automation/world"
	"github.com/regionfall/regionfall/lab/agent/nameservice"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

const east, west = "us-east-1", "us-west-2"

// shifting is a shift to an app which is asked, between two looks at its metrics, a request for each percent of the
// clients, and can answer some of them.
type shifting struct {
	*shift
	answers *nameservice.Server
	can     atomic.Int64
	quick   atomic.Int64 // of those it answers
}

func startShift(t *testing.T) *shifting {
	t.Helper()
	answers, url := automationtest.NamesOf(t, api.NameserviceConfig{
		Policy: topology.Weighted, ByWeight: true,
		Targets: []api.Target{
			{Region: east, Host: "127.0.0.1", Port: 1, Health: "http://127.0.0.1:1", Weight: 90},
			{Region: west, Host: "127.0.0.1", Port: 2, Health: "http://127.0.0.1:2", Weight: 10},
		},
	})
	s := &shifting{answers: answers}

	registry := prometheus.NewRegistry()
	requests := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    topology.RequestMetric,
		Buckets: []float64{.1, .5},
	},
		[]string{topology.RequestRoute, topology.RequestStatus})
	registry.MustRegister(requests)
	requests.WithLabelValues("/readyz", "503").Observe(0) // no client asked that
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
		for i := range int64(s.answers.RecordHealth().Weights[west]) {
			switch {
			case i >= s.can.Load():
				requests.WithLabelValues("/", "503").Observe(.01)
			case i >= s.quick.Load():
				requests.WithLabelValues("/", "200").Observe(.3)
			default:
				requests.WithLabelValues("/", "404").Observe(.01) // a good answer, to a bad question
			}
		}
	}))
	t.Cleanup(app.Close)
	s.shift = newShift(api.AutomationConfig{
		Region: west, Home: east, Shift: api.ShiftConfig{
			Shift:  topology.Shift{Share: 0.3, Hold: time.Millisecond, Success: 0.98, P99: 200 * time.Millisecond},
			Always: 0.1, TTL: time.Millisecond, Metrics: []string{app.URL}, BesidesClients: []string{"/readyz"},
		},
	}, world.Names{URL: url}, runtime.NewMarks("automation.west"))
	s.can.Store(100)
	s.quick.Store(100)
	return s
}

func (s *shifting) shares() (shares []string) {
	for _, m := range agenttest.Marks(s.marks) {
		share, _, _ := strings.Cut(m.Detail, " of the")
		shares = append(shares, share)
	}
	return shares
}

func TestShiftGoesOnWhileItHolds(t *testing.T) {
	s := startShift(t)
	if _, err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"40 %", "70 %", "100 %"}, s.shares()); diff != "" {
		t.Errorf("shares (-want +got):\n%s", diff)
	}
	if record := s.answers.RecordHealth(); record.Primary != west || !record.Whole {
		t.Errorf("in the end %+v", record)
	}
	if _, err := s.Run(t.Context()); err != nil || len(s.shares()) != 3 {
		t.Errorf("once more it is %v, with %v", err, s.shares())
	}
}

func TestShiftTakesBackWhatDoesNotHold(t *testing.T) {
	for name, weaken := range map[string]func(s *shifting){
		"refused": func(s *shifting) { s.can.Store(80) },
		"slow":    func(s *shifting) { s.quick.Store(98) },
	} {
		t.Run(name, func(t *testing.T) {
			s := startShift(t)
			weaken(s)
			for range 2 {
				if detail, err := s.Run(t.Context()); err == nil ||
					!strings.Contains(err.Error(), "with 100 % of the clients us-west-2 does not hold, ") ||
					!strings.HasSuffix(err.Error(), ": 70 % of them are sent here again") {
					t.Fatalf("%q, %v", detail, err)
				}
				if got := s.answers.RecordHealth().Weights; got[east] != 30 || got[west] != 70 {
					t.Fatalf("weights are %v", got)
				}
			}
			s.can.Store(100)
			s.quick.Store(100)
			if _, err := s.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"40 %", "70 %", "100 %"}, s.shares()); diff != "" { // each once
				t.Errorf("shares (-want +got):\n%s", diff)
			}
		})
	}
}

func TestShiftTakesBackAlsoWhatDoesNotHoldAnyMore(t *testing.T) {
	s := startShift(t)
	s.can.Store(80)
	if _, err := s.Run(t.Context()); err == nil || s.holds != 0.7 {
		t.Fatalf("%v; %f holds", err, s.holds)
	}
	s.can.Store(50) // a node has died
	for _, want := range []float64{0.4, 0.4} {
		if _, err := s.Run(t.Context()); err == nil || math.Abs(s.holds-want) > 0.001 {
			t.Errorf("%v; %f holds, want %f", err, s.holds, want)
		}
	}
	if got := s.answers.RecordHealth().Weights; got[west] != 40 {
		t.Errorf("weights are %v", got)
	}
}

// A name service that was started again, or a person, has changed the weights: what was seen was not what was sent.
func TestShiftDoesNotJudgeWhatItDidNotSend(t *testing.T) {
	s := startShift(t)
	if err := s.send(t.Context(), 0.4); err != nil {
		t.Fatal(err)
	}
	if _, err := s.hold(t.Context(), 0.7); err == nil || !strings.Contains(err.Error(),
		"40 % of them were sent here meanwhile") {
		t.Errorf("it is %v", err)
	}
}

func TestShiftFindsAShareThatNobodyHasSeenHold(t *testing.T) {
	s := startShift(t)
	s.can.Store(50)
	if err := s.send(t.Context(), 0.7); err != nil { // as by a process that died then
		t.Fatal(err)
	}
	if _, err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "with 70 % of the clients") {
		t.Errorf("it is %v", err)
	}
	if got := s.answers.RecordHealth().Weights; got[west] != 10 {
		t.Errorf("weights are %v", got)
	}
}

func TestShiftSaysThatAnAppDoesNotCount(t *testing.T) {
	s := startShift(t)
	other := httptest.NewServer(promhttp.HandlerFor(prometheus.NewRegistry(), promhttp.HandlerOpts{}))
	defer other.Close()
	s.metrics.nodes = []string{other.URL}
	want := "its metrics don't say it: GET " + other.URL + " has no histogram " + topology.RequestMetric
	if _, err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("it is %v, want %q in it", err, want)
	}
}

func TestCountsOfANodeThatStartedAgain(t *testing.T) {
	before := countsBy{"one": {all: 10, well: 10, quick: 9}, "two": {all: 2, well: 2, quick: 2}, "gone": {all: 5}}
	now := countsBy{
		"one": {all: 14, well: 13, quick: 12}, "two": {all: 3, well: 1, quick: 1},
		"did not answer": {all: 100, well: 100, quick: 100},
	}
	if got, want := now.since(before), (served{all: 7, well: 4, quick: 4}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestARedirectTakesAllOfAWeightedRecord(t *testing.T) {
	s := startShift(t)
	if said, err := (Redirect{Names: s.shift.Names, Region: west}).Run(t.Context()); err != nil ||
		said != "us-west-2, instead of by weight" {
		t.Errorf("%q, %v", said, err)
	}
	if h := s.answers.RecordHealth(); !h.Whole || h.Primary != west {
		t.Errorf("redirected: %+v", h)
	}
}
