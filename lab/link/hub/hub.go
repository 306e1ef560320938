// Package hub is the Toxiproxy server that carries every path of a lab, with the one thing that Toxiproxy can't do: listen to nobody. A
// proxy of Toxiproxy accepts or refuses; a network that drops packets does neither.
package hub

import (
	"fmt"
	"net"
	"net/http"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/gorilla/mux"
)

// Handler serves Toxiproxy's API, and beside it PUT and DELETE /proxies/{proxy}/deaf: while a proxy is deaf the kernel drops what comes to
// its listener, so that an attempt to connect gets no answer at all. Connections that are open go on. A proxy that is disabled and enabled
// again is not deaf any more.
func Handler(server *toxiproxy.ApiServer) http.Handler {
	routes := server.Routes()
	set := func(change func(port int) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			proxy, err := server.Collection.Get(mux.Vars(r)["proxy"])
			if err != nil {
				http.Error(w, err.Error(), http.StatusNotFound)
				return
			}
			address, err := net.ResolveTCPAddr("tcp", proxy.Listen)
			if err == nil {
				err = change(address.Port)
			}
			if err != nil {
				http.Error(w, fmt.Sprintf("proxy %s at %s: %v", proxy.Name, proxy.Listen, err), http.StatusConflict)
			}
		}
	}
	routes.HandleFunc("/proxies/{proxy}/deaf", set(deafen)).Methods(http.MethodPut)
	routes.HandleFunc("/proxies/{proxy}/deaf", set(listen)).Methods(http.MethodDelete)
	return routes
}
