package workload

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/history"
)

// shelf is an app whose clients make a store each, and give it a model, before they write into it.
type shelf struct {
	mu     sync.Mutex
	asked  []string
	stores int
	status map[string]int // of what is asked, where it is not well
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.URL.Path)
	if status := s.status[r.URL.Path]; status != 0 {
		w.WriteHeader(status)
		return
	}
	switch {
	case r.URL.Path == "/stores":
		s.stores++
		w.Header().Set("Location", fmt.Sprintf("/stores/s%d", s.stores))
		fmt.Fprintf(w, `{"secret":"x%d"}`, s.stores)
	case r.URL.Path == fmt.Sprintf("/stores/s%d/model", s.stores):
		var sent struct{ Secret string }
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil || sent.Secret != fmt.Sprintf("x%d", s.stores) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		fmt.Fprint(w, `{"model":"m"}`)
	case r.URL.Path == fmt.Sprintf("/stores/s%d/m", s.stores) && r.Header.Get("Secret") == fmt.Sprintf("x%d", s.stores):
	default:
		w.WriteHeader(http.StatusGone)
	}
}

// did is what was asked since the last time.
func (s *shelf) did() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked
	s.asked = nil
	return asked
}

func (s *shelf) app(t *testing.T) *app.App {
	return shopApp(t, `  setup:
    - {post: /stores, keep: {Store: {location: on}, Secret: {json: secret}}}
    - {post: "/stores/{{.Store}}/model", json: {secret: "{{.Secret}}"}, keep: {Model: {json: model}}}
  write:
    put: /stores/{{.Store}}/{{.Model}}
    headers: {Secret: "{{.Secret}}"}
    body: "{{.ID}}"
    expired: [410]
`)
}

func TestTheRequestsOfASetupUseWhatThoseBeforeKeep(t *testing.T) {
	s := &shelf{}
	a := s.app(t)
	c := clientOf(t, a, s.ServeHTTP)
	ops := make([]history.Op, 8)
	var all sync.WaitGroup
	for i := range ops {
		all.Go(func() { ops[i] = c.perform(t, a, history.Write, "v") })
	}
	all.Wait()
	if slices.ContainsFunc(ops, func(op history.Op) bool { return op.Outcome != history.OK || op.Attempts != 1 }) {
		t.Errorf("%+v", ops)
	}
	if did := s.did(); !slices.Equal(did[:3], []string{"/stores", "/stores/s1/model", "/stores/s1/m"}) ||
		len(did) != 10 {
		t.Errorf("asked: %q", did)
	}
}

// After a failover the store may be one that the other region never had.
func TestASetupIsDoneAgainWhenItHasExpired(t *testing.T) {
	s := &shelf{}
	a := s.app(t)
	c := clientOf(t, a, s.ServeHTTP)
	c.perform(t, a, history.Write, "v")
	s.status = map[string]int{"/stores/s1/m": http.StatusInternalServerError}
	c.perform(t, a, history.Write, "v")
	if s.did(); s.stores != 1 {
		t.Errorf("after a status that says nothing of the setup, there are %d stores", s.stores)
	}
	s.status["/stores/s1/m"] = http.StatusGone
	if op := c.perform(t, a, history.Write, "v"); op.Outcome != history.Unknown || op.Error != "status 410" {
		t.Errorf("by a store that is gone: %+v", op)
	}
	if op := c.perform(t, a, history.Write, "v"); op.Outcome != history.OK {
		t.Errorf("%+v", op)
	}
	want := []string{"/stores/s1/m", "/stores", "/stores/s2/model", "/stores/s2/m"}
	if did := s.did(); !slices.Equal(did, want) {
		t.Errorf("asked: %q, want %q", did, want)
	}
	c.setup.expire(1) // an answer to what was sent before that
	if !c.setup.isDone() {
		t.Error("an answer that comes late drops what was set up since")
	}
}

func TestASetupThatStopsHalfWayBeginsAgain(t *testing.T) {
	s := &shelf{status: map[string]int{"/stores/s1/model": http.StatusServiceUnavailable}}
	a := s.app(t)
	c := clientOf(t, a, s.ServeHTTP)
	op := c.perform(t, a, history.Write, "v")
	if op.Outcome != history.Failed || op.Error != "not sent: setup: request 2 of 2: status 503" || c.setup.isDone() {
		t.Errorf("%+v", op)
	}
	if op := c.perform(t, a, history.Write, "v"); op.Outcome != history.OK {
		t.Errorf("%+v", op)
	}
	want := []string{"/stores", "/stores/s1/model", "/stores", "/stores/s2/model", "/stores/s2/m"}
	if did := s.did(); !slices.Equal(did, want) {
		t.Errorf("asked: %q, want %q", did, want)
	}
}
