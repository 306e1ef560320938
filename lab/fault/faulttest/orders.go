package faulttest

import (
	"encoding/json"
	"maps"
	"net/http"
	"sync"
)

// orders are what an agent was ordered to do wrong, by who ordered it. They end with its process.
type orders[T any] struct {
	defect Defect

	mu  sync.Mutex
	all map[string]T
}

func newOrders[T any](defect Defect) *orders[T] {
	return &orders[T]{defect: defect, all: map[string]T{}}
}

func (o *orders[T]) list() map[string]T {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.all)
}

func (o *orders[T]) forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	clear(o.all)
}

// routes are GET of all orders, and PUT and DELETE of one.
func (o *orders[T]) routes(mux *http.ServeMux, list, one string, taken func()) {
	if list != "" {
		mux.HandleFunc("GET "+list, func(w http.ResponseWriter, _ *http.Request) { write(w, o.list()) })
	}
	mux.HandleFunc("PUT "+one+"/{holder}", func(w http.ResponseWriter, r *http.Request) {
		var order T
		if !read(w, r, &order) || o.defect == IgnoresInjection {
			return
		}
		taken()
		o.mu.Lock()
		defer o.mu.Unlock()
		o.all[r.PathValue("holder")] = order
	})
	mux.HandleFunc("DELETE "+one+"/{holder}", func(_ http.ResponseWriter, r *http.Request) {
		if o.defect == IgnoresHealing {
			return
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		delete(o.all, r.PathValue("holder"))
	})
}

func write(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }

func read(w http.ResponseWriter, r *http.Request, into any) bool {
	err := json.NewDecoder(r.Body).Decode(into)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
	return err == nil
}
