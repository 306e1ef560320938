package configs

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// errNoFormer is an order to roll back what nothing preceded.
var errNoFormer = errors.New("there is no document before the one that is delivered: publish another first")

// tell takes an order in place of the one that the same holder gave before.
func (d *Delivery) tell(holder string, o api.DeliveryOrder) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	full := order{DeliveryOrder: o}
	switch {
	case o.Do == api.DeliverNothing:
	case o.Do == api.DeliverFormer:
		if before, ok := d.orders[holder]; ok && before.Do == api.DeliverFormer {
			return nil // it would go back one more each time it is told
		}
		if full.to = d.former(); full.to == nil {
			return errNoFormer
		}
	case o.Do == api.DeliverLate && o.Delay <= 0:
		return fmt.Errorf("invalid order %q: delay needs a positive duration (got %s)", o.Do, o.Delay)
	case o.Do != api.DeliverLate:
		return fmt.Errorf("unknown order %q: use %s, %s or %s", o.Do, api.DeliverNothing, api.DeliverFormer,
			api.DeliverLate)
	}
	d.orders[holder] = full
	return nil
}

func (d *Delivery) forget(holder string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.orders, holder)
}

func (d *Delivery) state() api.DeliveryState {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := api.DeliveryState{Orders: map[string]api.DeliveryOrder{}, Commit: d.Fetch.at()}
	for holder, o := range d.orders {
		s.Orders[holder] = o.DeliveryOrder
	}
	if n := len(d.log); n > 0 {
		s.Document = d.log[n-1].config
		s.Published = s.Document.Revision
	}
	if d.current != nil {
		s.Delivered = d.current.config.Revision
	}
	if f := d.former(); f != nil {
		s.Former = f.config.Revision
	}
	return s
}

// errOldRevision is a document that would replace one with the same or a higher revision.
var errOldRevision = errors.New("the revision is not above the one that is published")

// Routes adds GET and PUT /config, and PUT and DELETE /config/faults/{holder}. All answer with the ConfigState after
// it; one that can't be done now, as a revision that somebody else has taken, is a 409, and a repository that can't be
// reached a 503.
func (d *Delivery) Routes(mux *http.ServeMux) {
	answer := func(w http.ResponseWriter, err error) {
		switch {
		case errors.Is(err, errNoFormer), errors.Is(err, errOldRevision):
			http.Error(w, err.Error(), http.StatusConflict)
			return
		case err != nil:
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		d.Deliver(time.Now())
		select {
		case d.changed <- struct{}{}: // when something is due next may have changed
		default:
		}
		runtime.WriteJSON(w, d.state())
	}
	mux.HandleFunc("GET /config", func(w http.ResponseWriter, _ *http.Request) { answer(w, nil) })
	mux.HandleFunc("PUT /config", func(w http.ResponseWriter, r *http.Request) {
		var c topology.Config
		err := runtime.ReadJSON(w, r, &c)
		if err == nil {
			err = d.Fetch.publish(r.Context(), c)
			if err != nil && !errors.Is(err, errOldRevision) && !errors.Is(err, errBadDocument) {
				http.Error(w, err.Error(), http.StatusServiceUnavailable)
				return
			}
		}
		answer(w, err)
	})
	mux.HandleFunc("PUT /config/faults/{holder}", func(w http.ResponseWriter, r *http.Request) {
		var o api.DeliveryOrder
		err := runtime.ReadJSON(w, r, &o)
		if err == nil {
			err = d.tell(r.PathValue("holder"), o)
		}
		answer(w, err)
	})
	mux.HandleFunc("DELETE /config/faults/{holder}", func(w http.ResponseWriter, r *http.Request) {
		d.forget(r.PathValue("holder"))
		answer(w, nil)
	})
}
