package drill

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// region is one of two small regions: it stores verifications in memory and copies each to its standby before it
// answers, as far as it is told to. Killed, it keeps what it stored and answers nobody.
type region struct {
	name    string
	address string  // host:port
	standby *region // gets a copy of each write; nil: none

	mu     sync.Mutex
	ids    []string        // in the order they came
	stored map[string]bool // the same
	loses  func(n int) bool
	sick   bool                                  // answers 503
	work   func(ctx context.Context) (sick bool) // is done for each operation before it is answered; nil: nothing
	server *http.Server
	ended  chan struct{}
}

// ServeHTTP is the part of the sample app's contract that a workload uses: POST /verifications, GET
// /verifications/{id}, GET /readyz; and GET /healthz, which stands for the responder of the region.
func (r *region) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	sick, work := r.sick, r.work
	r.mu.Unlock()
	body, err := io.ReadAll(req.Body) // net/http watches for a client that leaves only once its request is read
	if err != nil {
		return
	}
	if work != nil && strings.HasPrefix(req.URL.Path, "/verifications") {
		sick = work(req.Context()) || sick
	}
	id, isRead := strings.CutPrefix(req.URL.Path, "/verifications/")
	w.Header().Set("X-Region", r.name)
	w.Header().Set("X-Node", "app-1."+r.name)
	switch {
	case req.URL.Path == "/healthz": // as a responder would: it depends on nothing
	case sick:
		http.Error(w, `{"applied":"no","error":"sick"}`, http.StatusServiceUnavailable)
	case req.URL.Path == "/readyz":
	case isRead && r.has(id):
		_, _ = fmt.Fprintf(w, `{"id":%q}`, id)
	case isRead:
		http.NotFound(w, req)
	default:
		var v struct{ ID string }
		if err := json.Unmarshal(body, &v); err != nil || v.ID == "" {
			http.Error(w, `{"applied":"no","error":"no verification"}`, http.StatusBadRequest)
			return
		}
		if n := r.store(v.ID); r.standby != nil && (r.loses == nil || !r.loses(n)) {
			r.standby.store(v.ID)
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprintf(w, `{"id":%q}`, v.ID)
	}
}

// store keeps an id and says the how-manieth it is.
func (r *region) store(id string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ids, r.stored[id] = append(r.ids, id), true
	return len(r.ids)
}

func (r *region) has(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stored[id]
}

func (r *region) list() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.ids)
}

// works has something be done for each operation from now on.
func (r *region) works(work func(ctx context.Context) (sick bool)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.work = work
}

func (r *region) fall(sick bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sick = sick
}

// start answers at the region's address; the first time a free one is taken.
func (r *region) start() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.server != nil {
		return nil
	}
	address := r.address
	if address == "" {
		address = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server, ended := &http.Server{Handler: r, ReadHeaderTimeout: 5 * time.Second}, make(chan struct{})
	r.address, r.server, r.ended = l.Addr().String(), server, ended
	go func() { defer close(ended); _ = server.Serve(l) }()
	return nil
}

// kill drops every connection and listens no more.
func (r *region) kill() {
	r.mu.Lock()
	server, ended := r.server, r.ended
	r.server = nil
	r.mu.Unlock()
	if server != nil {
		_ = server.Close()
		<-ended
	}
}

func (r *region) running() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.server != nil
}

// startRegions starts two regions; what the first stores is copied to the second.
func startRegions(t *testing.T) (home, standby *region) {
	t.Helper()
	standby = &region{name: "west", stored: map[string]bool{}}
	home = &region{name: "east", stored: map[string]bool{}, standby: standby}
	for _, r := range []*region{home, standby} {
		if err := r.start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(r.kill)
	}
	return home, standby
}
