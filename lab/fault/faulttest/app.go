package faulttest

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// app is a node of the app: it reads its configuration from its region's replicator, and has ceilings.
type app struct {
	node     *Node
	ceilings *orders[api.CapacityOrder]
	drops    *orders[api.DropOrder] // kept where the node's end does not matter

	mu              sync.Mutex
	next            time.Time // when the ceiling lets the next request in
	served, refused int64
}

func newApp(n *Node) *app {
	return &app{
		node: n, ceilings: newOrders[api.CapacityOrder](n.lab.defect), drops: newOrders[api.DropOrder](n.lab.defect),
	}
}

func (a *app) forget() {
	a.ceilings.forget()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.served, a.refused = 0, 0
}

func (a *app) broken() string {
	if len(a.ceilings.list()) > 0 {
		return "has a ceiling"
	}
	if len(a.drops.list()) > 0 {
		return "drops records"
	}
	return ""
}

func (a *app) routes() http.Handler {
	mux := http.NewServeMux()
	a.ceilings.routes(mux, "", "/capacity", func() {})
	mux.HandleFunc("GET /capacity", func(w http.ResponseWriter, _ *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		c := api.Capacity{Ceilings: map[string]float64{}, Served: a.served, Refused: a.refused}
		for name, o := range a.ceilings.list() {
			c.Ceilings[name] = o.Rate
		}
		write(w, c)
	})
	a.drops.routes(mux, "/drops", "/drops", func() {})
	mux.HandleFunc("POST /drops/trial", a.tryDrops)
	mux.HandleFunc("GET /config", func(w http.ResponseWriter, _ *http.Request) {
		r := a.node.lab.node(topology.ServiceReplicator, a.node.place.Region).role.(*replicator)
		write(w, topology.ConfigReport{Revision: r.delivery.delivered()})
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		_,
			_ = io.WriteString(w, strings.Repeat("x", 10_000))
	})
	mux.HandleFunc("GET /verifications/{id}", func(w http.ResponseWriter, _ *http.Request) {
		if !a.admit() {
			http.Error(w, "no capacity is left", http.StatusServiceUnavailable)
			return
		}
		http.Error(w, "the id is too long", http.StatusBadRequest)
	})
	mux.Handle("/", plain())
	return mux
}

// admit lets as many requests in as the lowest ceiling says.
func (a *app) admit() bool {
	var rate float64
	for _, o := range a.ceilings.list() {
		if rate == 0 || o.Rate < rate {
			rate = o.Rate
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	if rate > 0 {
		if now.Before(a.next) {
			a.refused++
			return false
		}
		gap := time.Duration(float64(time.Second) / rate)
		if a.next.Before(now.Add(-gap)) {
			a.next = now
		}
		a.next = a.next.Add(gap)
	}
	a.served++
	return true
}

// tryDrops loses the shares that it is told to lose, to the record.
func (a *app) tryDrops(w http.ResponseWriter, r *http.Request) {
	var trial api.DropTrial
	if !read(w, r, &trial) {
		return
	}
	o := api.DropOutcome{In: trial.Records, Out: trial.Records}
	for _, order := range a.drops.list() {
		if order.Stage == trial.Stage && order.Partition == trial.Partition {
			o.Out -= int(order.Share * float64(trial.Records))
		}
	}
	write(w, o)
}
