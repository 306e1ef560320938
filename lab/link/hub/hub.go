// Package hub carries every path of a lab. Its toxics and how they are changed are Toxiproxy's, and so is its HTTP
// API, as far as package link asks for it. It does itself what Toxiproxy's proxies can't:
//
//   - It owns the listeners. A proxy of Toxiproxy accepts or refuses; a network that drops packets does neither, and
//     a proxy here can be deaf.
//   - It connects to the upstream. Connections to a name with several addresses go to each of them in turn, as a load
//     balancer's do.
//   - It owns the ends of connections, and the toxics that end a stream read on. With Toxiproxy's own, a change of
//     toxics may wait for ever for a connection that ends at the same time (Shopify/toxiproxy#412 and #558). Here it
//     ends in bounded time.
package hub

import (
	"errors"
	"net"
	"net/http"
	"sync"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// Hub is a set of proxies by name.
type Hub struct {
	dialer *dialer
	logger zerolog.Logger
	server *toxiproxy.ApiServer
	api    http.Handler

	mu      sync.Mutex
	proxies map[string]*proxy
}

// New makes a hub without proxies.
func New(logger zerolog.Logger) *Hub {
	h := &Hub{
		dialer: &dialer{lookup: net.DefaultResolver.LookupNetIP}, logger: logger, proxies: map[string]*proxy{},
		// Of each connection that is dropped it would tell in a warning.
		server: toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), logger.Level(zerolog.ErrorLevel)),
	}
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
	behind := toxiproxy.NewProxy(h.server, r.Name, r.Listen, r.Upstream)
	p := &proxy{
		name: r.Name, listen: r.Listen, upstream: r.Upstream, toxics: behind.Toxics, server: h.server, dialer: h.dialer,
		logger:      h.logger.With().Str("name", r.Name).Str("upstream", r.Upstream).Logger(),
		connections: map[*connection]bool{},
	}
	if r.Enabled == nil || *r.Enabled {
		if err := p.enable(true); err != nil {
			return nil, err
		}
	}
	if err := h.server.Collection.Add(behind, false); err != nil { // by which its API finds the toxics
		return nil, errors.Join(err, p.enable(false))
	}
	h.proxies[r.Name] = p
	return p, nil
}
