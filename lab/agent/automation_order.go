package agent

import (
	"context"
	"net/http"
)

// MarkOrdered is a failover that a person ordered: nothing was detected, and nobody was asked.
const MarkOrdered = "ordered"

// order has the steps begin now, whatever the home region and the witness say. Ordered again, or when they have begun, it changes
// nothing.
func (a *automation) order() {
	a.mu.Lock()
	defer a.mu.Unlock()
	select {
	case <-a.ordered:
		return
	default:
	}
	if s := phase(a.state.State); s == phaseActing || s == phaseDone {
		return
	}
	a.marks.Leave(MarkOrdered, a.state.State+" until then")
	close(a.ordered)
}

// unlessOrdered is ctx until a failover is ordered.
func (a *automation) unlessOrdered(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-a.ordered:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// orderRoute adds POST /failover, which answers as GET /state does.
func (a *automation) orderRoute(mux *http.ServeMux) {
	mux.HandleFunc("POST /failover", func(w http.ResponseWriter, _ *http.Request) {
		a.order()
		writeJSON(w, a.current())
	})
}
