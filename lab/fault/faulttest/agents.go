package faulttest

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// automation is the failover automation: it looks at home, and keeps the orders for its steps. It never comes to one.
type automation struct {
	node   *Node
	orders *orders[api.StepFault]
	home   health
}

func (a *automation) forget() { a.orders.forget() }

func (a *automation) broken() string {
	if len(a.orders.list()) > 0 {
		return "has orders"
	}
	return ""
}

func (a *automation) routes() http.Handler {
	mux := http.NewServeMux()
	a.orders.routes(mux, "/faults", "/faults", func() {})
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) {
		healthy, said := a.home.is()
		write(w, api.AutomationState{State: api.PhaseWatching, Home: &api.HomeView{Healthy: healthy, Said: said}})
	})
	mux.Handle("/", plain())
	return mux
}

func (a *automation) run(ctx context.Context) {
	l := a.node.lab
	look := l.link(func(p fault.Path) bool { return p.Control && p.Service == topology.ServiceApp })
	a.home.check(ctx, look, l.topology.Automation.Check)
}

// nameservice is the name service: it looks at every region.
type nameservice struct {
	idle
	node    *Node
	regions map[string]*health
}

func (s *nameservice) routes() http.Handler {
	s.regions = map[string]*health{}
	for _, r := range s.node.lab.topology.Regions {
		s.regions[r.Name] = &health{}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		var routing api.Routing
		for region, h := range s.regions {
			healthy, said := h.is()
			routing.Targets = append(routing.Targets, api.TargetHealth{
				Region: region, Healthy: healthy,
				LastError: said,
			})
		}
		write(w, routing)
	})
	mux.Handle("/", plain())
	return mux
}

func (s *nameservice) run(ctx context.Context) {
	l := s.node.lab
	var all sync.WaitGroup
	for region, h := range s.regions {
		look := l.link(func(p fault.Path) bool {
			return p.From == topology.Global && p.To == region && p.Service == topology.ServiceApp
		})
		all.Go(func() { h.check(ctx, look, l.topology.Routing.Check) })
	}
	all.Wait()
}

// health is what somebody who looks at a region makes of it.
type health struct {
	mu   sync.Mutex
	ill  bool
	said string
}

func (h *health) is() (healthy bool, said string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.ill, h.said
}

// check looks over a link, and changes its mind after as many answers in a row as it takes.
func (h *health) check(ctx context.Context, over *Link, c topology.HealthCheck) {
	tick := time.NewTicker(c.Interval)
	defer tick.Stop()
	for contrary := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		a, err := over.Ask(ctx, probe.Question{Way: probe.RoundTrip})
		if err != nil || ctx.Err() != nil {
			continue
		}
		h.mu.Lock()
		if ill := a.Symptom != probe.Fine; ill == h.ill {
			contrary = 0
		} else if contrary++; contrary >= c.Threshold {
			h.ill, contrary = ill, 0
		}
		h.said = a.Said
		h.mu.Unlock()
	}
}
