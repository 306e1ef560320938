// Package hub carries every path of a lab: it listens where a path begins, connects to where it leads, and passes the bytes through toxics. It
// speaks the part of Toxiproxy's HTTP API that package link asks for, and its toxics are Toxiproxy's.
//
// Listeners and connections are its own, for what Toxiproxy's server can't do. A proxy of Toxiproxy accepts or refuses; a network that drops
// packets does neither, and here a proxy can be deaf. Toxiproxy changes the toxics of a connection under a lock that it keeps until the connection
// lets it, which may be never (Shopify/toxiproxy#412 and #558); here a change ends in bounded time. And connections to a name with several
// addresses go to each of them in turn.
package hub

import (
	"net"
	"net/http"
	"sync"

	"github.com/rs/zerolog"
)

// Hub is a set of proxies by name.
type Hub struct {
	dialer *dialer
	logger zerolog.Logger
	api    http.Handler

	mu      sync.Mutex
	proxies map[string]*proxy
}

// New makes a hub without proxies.
func New(logger zerolog.Logger) *Hub {
	h := &Hub{dialer: &dialer{lookup: net.DefaultResolver.LookupNetIP}, logger: logger, proxies: map[string]*proxy{}}
	h.api = h.routes()
	return h
}

// Close cuts every proxy.
func (h *Hub) Close() {
	for _, p := range h.all() {
		_ = p.enable(false)
	}
}

func (h *Hub) all() []*proxy {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []*proxy
	for _, p := range h.proxies {
		all = append(all, p)
	}
	return all
}

func (h *Hub) find(name string) (*proxy, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p, ok := h.proxies[name]
	if !ok {
		return nil, failure{http.StatusNotFound, "there is no proxy " + name}
	}
	return p, nil
}

// create adds a proxy. One that is there already, between the same ends, stays as it is.
func (h *Hub) create(r request) (*proxy, error) {
	if r.Name == "" || r.Upstream == "" {
		return nil, failure{http.StatusBadRequest, "a proxy needs a name and an upstream"}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if p, ok := h.proxies[r.Name]; ok {
		if has := p.view(); has.Listen != r.Listen || has.Upstream != r.Upstream {
			return nil, failure{http.StatusConflict, "there is a proxy " + r.Name + " between other ends"}
		}
		return p, nil
	}
	p := &proxy{
		name: r.Name, listen: r.Listen, upstream: r.Upstream, dialer: h.dialer,
		logger: h.logger.With().Str("name", r.Name).Str("upstream", r.Upstream).Logger(), connections: map[*connection]bool{},
	}
	if r.Enabled == nil || *r.Enabled {
		if err := p.enable(true); err != nil {
			return nil, err
		}
	}
	h.proxies[r.Name] = p
	return p, nil
}
