// Package absent answers, in each node that runs this program, for the names that nobody has: at once, that there are
// none. An engine's DNS knows the nodes that run, and asks a server outside for every other name. Where that does not
// answer, Docker before 24 says nothing at all (moby/moby#44664): who looks for a node that is down waits ten seconds,
// and whoever looks for it meanwhile waits along, be it up again.
package absent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/miekg/dns"
)

// Server is what the engine's DNS is told to ask: the node itself.
const Server = "127.0.0.1"

const port = "53"

// Answer begins to answer, until ctx ends. That somebody in the node does so already is as good.
func Answer(ctx context.Context) error {
	conn, err := new(net.ListenConfig).ListenPacket(ctx, "udp4", net.JoinHostPort(Server, port))
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil
	case err != nil:
		return fmt.Errorf("listen for questions about names that nobody has: %w", err)
	}
	serve(ctx, conn)
	return nil
}

// serve answers on a connection that it closes when ctx ends.
func serve(ctx context.Context, conn net.PacketConn) {
	server := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(deny)}
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	go func() { _ = server.ActivateAndServe() }() // it ends with conn
}

func deny(w dns.ResponseWriter, question *dns.Msg) {
	reply := new(dns.Msg).SetRcode(question, dns.RcodeNameError)
	reply.RecursionAvailable = true
	_ = w.WriteMsg(reply) // who gets none asks again
}
