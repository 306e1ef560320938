// Package hub is the Toxiproxy server that carries every path of a lab, with the one thing that Toxiproxy can't do: listen to nobody. A
// proxy of Toxiproxy accepts or refuses; a network that drops packets does neither.
package hub

import (
	"fmt"
	"net"
	"net/http"
	"sync"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/gorilla/mux"
)

// Handler serves Toxiproxy's API, and beside it PUT and DELETE /proxies/{proxy}/deaf: while a proxy is deaf, an attempt to connect gets no
// answer at all. Connections that are open go on; they are dropped when it hears again.
func Handler(server *toxiproxy.ApiServer) http.Handler {
	d := &deaf{server: server, full: map[string]full{}}
	routes := server.Routes()
	routes.HandleFunc("/proxies/{proxy}/deaf", d.serve(d.deafen)).Methods(http.MethodPut)
	routes.HandleFunc("/proxies/{proxy}/deaf", d.serve(d.hear)).Methods(http.MethodDelete)
	return routes
}

// deaf knows which proxies are deaf, by name.
type deaf struct {
	server *toxiproxy.ApiServer

	mu   sync.Mutex
	full map[string]full
}

// full is a listener whose queue is full, and the connection that fills it: ours, or nil where somebody else's does. A proxy that has been cut and restored has another listener.
type full struct {
	listener *net.TCPListener
	filler   net.Conn
}

func (d *deaf) serve(change func(*toxiproxy.Proxy) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		proxy, err := d.server.Collection.Get(mux.Vars(r)["proxy"])
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		if err := change(proxy); err != nil {
			http.Error(w, fmt.Sprintf("proxy %s at %s: %v", proxy.Name, proxy.Listen, err), http.StatusConflict)
		}
	}
}

// hear starts the proxy anew, which is the only way to have Toxiproxy accept again. A proxy that is not deaf is left alone.
func (d *deaf) hear(p *toxiproxy.Proxy) error {
	f, is := d.full[p.Name]
	if !is {
		return nil
	}
	delete(d.full, p.Name)
	if f.filler != nil {
		_ = f.filler.Close() // it never carried anything
	}
	if l, err := listener(p); err != nil || l != f.listener {
		return nil //nolint:nilerr // it has been cut since, and what listens after that hears
	}
	p.Stop()
	return p.Start()
}
