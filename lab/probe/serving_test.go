package probe

import (
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/regionfall/regionfall/lab/topology"
)

func TestALoadThatNobodyCanOfferIsNoQuestion(t *testing.T) {
	for _, rate := range []float64{0, -1, math.NaN(), math.Inf(1), 1e10} {
		var lines Lines
		if _, err := lines.Ask(t.Context(), Question{
			Way: Serving, Service: topology.ServiceApp, Address: "127.0.0.1:1",
			Rate: rate, Lasting: time.Millisecond,
		}); err == nil {
			t.Errorf("%g requests a second were offered", rate)
		}
	}
}

// A service that refuses every other request, and finds nothing for the others.
func TestServingCountsWhatIsNotRefused(t *testing.T) {
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/business" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		status := http.StatusNotFound
		if asked.Add(1)%2 == 0 {
			status = http.StatusServiceUnavailable
		}
		w.WriteHeader(status)
	}))
	defer s.Close()
	q := Question{
		Way: Serving, Service: topology.ServiceApp, Address: strings.TrimPrefix(s.URL, "http://"), Path: "/business",
		Rate: 100, Lasting: 300 * time.Millisecond, Within: 5 * time.Second,
	}
	var lines Lines
	a, err := lines.Ask(t.Context(), q)
	if err != nil || a.Err() != nil || a.Took != q.Lasting*3/4 {
		t.Fatalf("%+v, %v", a, err)
	}
	// A busy machine offers late, and never more than was asked for.
	// the first quarter does not count
	if n := asked.Load(); n < 3 || n > 31 || a.Count > (n+1)/2-(n+1)/8 || a.Count == 0 {
		t.Errorf("%d were offered and %d served", n, a.Count)
	}
	s.Close()
	if a, err = lines.Ask(t.Context(), q); err != nil || a.Symptom != Refused || a.Count != 0 {
		t.Errorf("of a service that is gone: %+v, %v", a, err)
	}
	q.Rate = 0
	if _, err := lines.Ask(t.Context(), q); err == nil {
		t.Error("nothing was offered, and that is no error")
	}
}

// Workers that are always busy end their work in step, those of each node in a step of its own.
func TestSlopeIsWhatWorkersDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		workers, nodes := rapid.IntRange(1, 4).Draw(t, "workers"), rapid.IntRange(1, 4).Draw(t, "nodes")
		service := time.Duration(rapid.IntRange(50, 300).Draw(t, "service time in ms")) * time.Millisecond
		declared := float64(workers*nodes) / service.Seconds()
		window := max(2250*time.Millisecond, time.Duration(37/declared*float64(time.Second))) // as lab.Capacity has it
		var served []time.Duration
		for range nodes {
			for at := time.Duration(rapid.Int64Range(0, int64(service)-1).Draw(t,
				"phase")); at <= window; at += service {
				served = append(served, slices.Repeat([]time.Duration{at}, workers)...)
			}
		}
		if got := pace(served, window); math.Abs(got/declared-1) > 0.05 {
			t.Fatalf("%.2f of %.2f a second, of %d in %s", got, declared, len(served), window)
		}
	})
	for want, served := range map[float64][]time.Duration{
		0:   nil,
		0.5: {time.Second},
		1:   {time.Second, time.Second},
		// silence, and then all at once
		2: {1500 * time.Millisecond, 1501 * time.Millisecond, 1502 * time.Millisecond, 1503 * time.Millisecond},
	} {
		if got := pace(served, 2*time.Second); got != want {
			t.Errorf("%v are %f a second, want %f", served, got, want)
		}
	}
}
