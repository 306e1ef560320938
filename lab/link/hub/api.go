package hub

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/Shopify/toxiproxy/v2/toxics"
)

// request is a proxy as asked for, in the words of Toxiproxy's API.
type request struct {
	Name     string `json:"name"`
	Listen   string `json:"listen"`
	Upstream string `json:"upstream"`
	Enabled  *bool  `json:"enabled"` // nil is as it is, or of a new one true
}

// view is a proxy as it is.
type view struct {
	request
	Toxics []toxics.Toxic `json:"toxics"`
}

// failure is an answer that is no success, in the form of Toxiproxy's.
type failure struct {
	Status int    `json:"status"`
	Text   string `json:"error"`
}

func (f failure) Error() string { return f.Text }

// ServeHTTP serves the control API: what package link asks Toxiproxy for, and beside it GET, PUT and DELETE
// /proxies/{proxy}/deaf, and CONNECT host:port for a connection to a node past all proxies. While a proxy is deaf, an
// attempt to connect gets no answer at all. Connections that are open go on; they are dropped when it hears again.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.UserAgent(), "Mozilla/") { // a page in somebody's browser is not the harness
		http.Error(w, "browsers are not admitted", http.StatusForbidden)
		return
	}
	if r.Method == http.MethodConnect {
		h.tunnel(w, r)
		return
	}
	h.api.ServeHTTP(w, r)
}

func (h *Hub) routes() http.Handler {
	routes := http.NewServeMux()
	behind := h.server.Routes()
	routes.Handle("GET /version", behind)
	routes.HandleFunc("GET /proxies", answer(func(*http.Request) (any, error) { return h.views(), nil }))
	routes.HandleFunc("POST /populate", answer(h.populate))
	routes.HandleFunc("GET /proxies/{proxy}", h.on(func(p *proxy, _ *http.Request) (any, error) {
		return p.view(), nil
	}))
	routes.HandleFunc("POST /proxies/{proxy}", h.on(update))
	routes.HandleFunc("POST /proxies/{proxy}/toxics", h.changing(behind))
	routes.HandleFunc("DELETE /proxies/{proxy}/toxics/{toxic}", h.changing(behind))
	routes.HandleFunc("GET /proxies/{proxy}/deaf", h.on(func(p *proxy, _ *http.Request) (any, error) {
		return map[string]bool{"deaf": p.isDeaf()}, nil
	}))
	routes.HandleFunc("PUT /proxies/{proxy}/deaf", h.on(func(p *proxy, _ *http.Request) (any, error) {
		return nil, p.deafen()
	}))
	routes.HandleFunc("DELETE /proxies/{proxy}/deaf", h.on(func(p *proxy, _ *http.Request) (any, error) {
		return nil, p.undeafen()
	}))
	return routes
}

// on answers about one proxy.
func (h *Hub) on(do func(p *proxy, r *http.Request) (any, error)) http.HandlerFunc {
	return answer(func(r *http.Request) (any, error) {
		p, err := h.find(r.PathValue("proxy"))
		if err != nil {
			return nil, err
		}
		return do(p, r)
	})
}

// changing has Toxiproxy change the toxics of a proxy.
func (h *Hub) changing(behind http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p, err := h.find(r.PathValue("proxy"))
		if err != nil { // Toxiproxy does not know it either, and says so
			behind.ServeHTTP(w, r)
			return
		}
		p.change(func() { behind.ServeHTTP(w, r) })
	}
}

// answer writes as JSON what has come of a request.
func answer(do func(r *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusOK
		out, err := do(r)
		if err != nil {
			f := failure{http.StatusInternalServerError, err.Error()}
			errors.As(err, &f)
			status, out = f.Status, f
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(out) // who does not hear the answer asks again
	}
}

func read(r *http.Request, into any) error {
	data, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		return failure{http.StatusBadRequest, "read the request: " + err.Error()}
	}
	return nil
}

func (h *Hub) views() map[string]view {
	views := map[string]view{}
	for _, p := range h.all() {
		views[p.name] = p.view()
	}
	return views
}

func (h *Hub) populate(r *http.Request) (any, error) {
	var wanted []request
	if err := read(r, &wanted); err != nil {
		return nil, err
	}
	made := struct {
		Proxies []view `json:"proxies"`
	}{}
	for _, w := range wanted {
		p, err := h.create(w)
		if err != nil {
			return nil, err
		}
		made.Proxies = append(made.Proxies, p.view())
	}
	return made, nil
}

func update(p *proxy, r *http.Request) (any, error) {
	var wanted request
	if err := read(r, &wanted); err != nil {
		return nil, err
	}
	if wanted.Enabled != nil {
		if err := p.enable(*wanted.Enabled); err != nil {
			return nil, err
		}
	}
	return p.view(), nil
}
