package probe

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

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
	if n := asked.Load(); n < 3 || n > 31 || a.Count > (n+1)/2-(n+1)/8 || a.Count == 0 { // the first quarter does not count
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
