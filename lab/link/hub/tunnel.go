package hub

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/regionfall/regionfall/lab/link/splice"
)

// tunnelWithin is how long a tunnel may take to reach its far end. Whoever is in a network of the hub answers in
// milliseconds.
const tunnelWithin = 10 * time.Second

// tunnel answers CONNECT host:port with a connection to a node, past all proxies. Who is in none of the hub's networks
// is no node: whoever may ask the hub must not come by it to the rest of the world.
func (h *Hub) tunnel(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), tunnelWithin)
	defer cancel()
	networks, err := attached()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	node, err := h.dialer.dial(ctx, r.Host, networks)
	switch {
	case errors.Is(err, errForeign):
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	caller, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = node.Close()
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	tcp, ok := caller.(*net.TCPConn)
	if !ok || tcp.SetDeadline(time.Time{}) != nil || established(tcp) != nil { // the server's deadlines are for answers
		_, _ = node.Close(), caller.Close()
		return
	}
	splice.Join(splice.End{Conn: tcp, Read: buffered}, splice.End{Conn: node})
}

func established(to io.Writer) error {
	_, err := io.WriteString(to, "HTTP/1.1 200 Connection established\r\n\r\n")
	return err
}
