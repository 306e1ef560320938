package runtime

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The state changes exactly when the last threshold results all contradict it.
func TestHealthChangesAtTheThreshold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		threshold := rapid.IntRange(1, 4).Draw(t, "threshold")
		results := rapid.SliceOf(rapid.Bool()).Draw(t, "results")
		var h Health
		began := time.Unix(0, 0)
		healthy, streak, since := true, 0, time.Time{}
		for i, ok := range results {
			var err error
			if !ok {
				err = errors.New("refused")
			}
			if streak++; ok == healthy {
				streak = 0
			}
			now := began.Add(time.Duration(i) * time.Second)
			want := streak == threshold
			if want {
				healthy, streak, since = ok, 0, now
			}
			if got := h.Observe(err, threshold, now); got != want || h.Unhealthy == healthy || !h.Since.Equal(since) {
				t.Fatalf("after %v with threshold %d: changed %v, state %+v; want changed %v, healthy %v",
					results[:i+1], threshold, got,
					h, want, healthy)
			}
			if (h.LastError == "") != ok {
				t.Fatalf("last error %q after a check that was ok: %v", h.LastError, ok)
			}
		}
	})
}

func TestCheckConnectsAnewAndWants2xx(t *testing.T) {
	status := http.StatusNoContent
	peers := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peers[r.RemoteAddr] = true
		w.Header().Set("Location", "/")
		w.WriteHeader(status)
	}))
	defer server.Close()
	c := NewChecker(server.URL, "", time.Second)
	for range 3 {
		if err := c.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(peers) != 3 {
		t.Errorf("3 checks arrived over %d connections", len(peers))
	}
	for _, status = range []int{http.StatusFound, http.StatusServiceUnavailable} {
		if err := c.Check(t.Context()); err == nil || !strings.Contains(err.Error(), http.StatusText(status)) {
			t.Errorf("status %d: %v", status, err)
		}
	}
}
