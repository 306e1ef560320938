package automation

import (
	"context"
	"errors"
	"net/http"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
)

// order has the steps begin now, whatever the home region and the witness say. Ordered again, or when they have begun,
// it changes nothing.
func (a *automation) order() {
	a.mu.Lock()
	defer a.mu.Unlock()
	select {
	case <-a.ordered:
		return
	default:
	}
	if s := a.state.State; s == api.PhaseActing || s == api.PhaseDone {
		return
	}
	a.marks.Leave(api.MarkOrdered, string(a.state.State)+" until then")
	close(a.ordered)
}

// unlessOrdered is ctx until a failover or a switchover is ordered. After stop, wish gives the region that is to take
// over in a switchover, or nothing.
func (a *automation) unlessOrdered(ctx context.Context) (_ context.Context, stop func(), wish func() string) {
	ctx, cancel := context.WithCancel(ctx)
	a.mu.Lock()
	ordered := a.ordered
	a.mu.Unlock()
	ended := make(chan struct{})
	to := ""
	go func() {
		defer close(ended)
		defer cancel()
		select {
		case <-ordered:
		case to = <-a.wishes:
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(); <-ended }, func() string { return to }
}

// orderRoutes adds POST /failover and POST /switchover, which answer as GET /state does; a switchover that can't be
// done is a 409, and one that can be ordered a little later a 503.
func (a *automation) orderRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /failover", func(w http.ResponseWriter, _ *http.Request) {
		a.order()
		runtime.WriteJSON(w, a.current())
	})
	mux.HandleFunc("POST /switchover", func(w http.ResponseWriter, r *http.Request) {
		var order api.SwitchoverOrder
		if err := runtime.ReadJSON(w, r, &order); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		switch err := a.switchOver(order.To); {
		case errors.Is(err, errBusy):
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		case err != nil:
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
		runtime.WriteJSON(w, a.current())
	})
}
