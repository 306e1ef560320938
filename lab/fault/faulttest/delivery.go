package faulttest

import (
	"net/http"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// delivery is the configuration of a region on its way to the app nodes.
type delivery struct {
	faults *orders[api.DeliveryOrder]

	mu        sync.Mutex
	published []publication
	floor     int // the revision that nodes have as long as nothing newer may reach them
}

type publication struct {
	revision int
	at       time.Time
}

// firstRevision is what is published when the lab starts. There is one before it.
const firstRevision = 7

func newDelivery(defect Defect) *delivery {
	return &delivery{
		faults: newOrders[api.DeliveryOrder](defect), floor: firstRevision,
		published: []publication{{revision: firstRevision - 1}, {revision: firstRevision}},
	}
}

func (d *delivery) routes(mux *http.ServeMux) {
	// what nodes have is theirs when the order comes
	d.faults.routes(mux, "", "/config/faults", func() { d.delivered() })
	mux.HandleFunc("GET /config", func(w http.ResponseWriter, _ *http.Request) { write(w, d.state()) })
	mux.HandleFunc("PUT /config", func(w http.ResponseWriter, r *http.Request) {
		var c topology.Config
		if !read(w, r, &c) {
			return
		}
		d.mu.Lock()
		d.published = append(d.published, publication{c.Revision, time.Now()})
		d.mu.Unlock()
		write(w, d.state())
	})
}

func (d *delivery) state() api.DeliveryState {
	delivered := d.delivered()
	d.mu.Lock()
	defer d.mu.Unlock()
	n := len(d.published)
	s := api.DeliveryState{
		Published: d.published[n-1].revision, Former: d.published[n-2].revision,
		Delivered: delivered, Orders: d.faults.list(),
	}
	s.Document.Revision = s.Published
	return s
}

// delivered is the revision that the app nodes have now.
func (d *delivery) delivered() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	last := len(d.published) - 1
	for _, o := range d.faults.list() {
		switch o.Do {
		case api.DeliverNothing:
			return d.floor
		case api.DeliverFormer:
			return d.published[last-1].revision
		case api.DeliverLate:
			due := func(p publication) bool { return time.Since(p.at) >= o.Delay }
			for i := last; i >= 0; i-- {
				if due(d.published[i]) {
					last = i
					break
				}
			}
		}
	}
	d.floor = max(d.floor, d.published[last].revision)
	return d.floor
}
