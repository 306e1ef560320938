package lab

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/regionfall/regionfall/lab/link"
	"github.com/regionfall/regionfall/lab/link/hub"
	"github.com/regionfall/regionfall/lab/link/linktest"
	"github.com/regionfall/regionfall/lab/topology"
)

// controlled is a lab that is nothing but the tap of a responder, on a real Toxiproxy in this process. connections
// counts those that reach the responder.
func controlled(t *testing.T, responder http.HandlerFunc) (l *Lab, connections *atomic.Int64, server *httptest.Server) {
	t.Helper()
	connections = new(atomic.Int64)
	server = httptest.NewUnstartedServer(responder)
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	api := httptest.NewServer(hub.New(zerolog.Nop()))
	t.Cleanup(api.Close)
	h, err := link.Connect(t.Context(), api.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	tap := topology.Path{
		Name: "tap_responder." + east, From: topology.Tap, To: east, Service: topology.ServiceResponder,
		Node: topology.ServiceResponder.Host(east),
		Port: linktest.FreePort(t), Upstream: server.Listener.Addr().String(),
	}
	err = h.Open(t.Context(), []topology.Path{tap}, func(string) string { return "127.0.0.1" },
		func(topology.Path) link.Baseline { return link.Baseline{} })
	if err != nil {
		t.Fatal(err)
	}
	k := h.Link(tap, nil)
	t.Cleanup(func() { _ = k.Cut(context.Background()) }) // closes its listener
	return &Lab{links: []*link.Link{k}, published: map[string]string{
		fmt.Sprintf("%d/tcp", tap.Port): fmt.Sprintf("127.0.0.1:%d", tap.Port),
	}}, connections, server
}

func TestAControlIsOneRequestOnAConnectionOfItsOwn(t *testing.T) {
	var requests atomic.Int64
	l, connections, _ := controlled(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && r.URL.Path == "/healthz" {
			requests.Add(1)
		}
	})
	for range 3 {
		if err := l.Control(t.Context(), east); err != nil {
			t.Fatal(err)
		}
	}
	if connections.Load() != 3 || requests.Load() != 3 {
		t.Errorf("3 controls were %d requests on %d connections", requests.Load(), connections.Load())
	}
	if err := l.Control(t.Context(), west); err == nil || !strings.Contains(err.Error(), "responder.us-west-2") {
		t.Errorf("a region without a responder says %v", err)
	}
}

func TestAControlThatIsNotAnsweredSaysWhy(t *testing.T) {
	for name, c := range map[string]struct {
		responder http.HandlerFunc
		gone      bool
		want      string
	}{
		"it has something to say": {
			func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) },
			false, "418 I'm a teapot",
		},
		"it is stopped": {
			func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, false,
			"read: i/o timeout",
		},
		// closed or reset: the hub has accepted
		"it is gone": {func(http.ResponseWriter, *http.Request) {}, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			l, _, server := controlled(t, c.responder)
			if c.gone {
				server.Close()
			}
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			err := l.Control(ctx, east)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "127.0.0.1") {
				t.Errorf("got %v, want %q and no address", err, c.want)
			}
		})
	}
}
