package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// Control asks the responder of a region, which has nothing to do, as a client would ask the app: from this process
// through the hub into the region's network, on a connection of its own. No fault touches that way, and only a region
// that is lost does not answer. What this needs too long for, no service on this machine could have done sooner. The
// error names no address: it is the same for all that failed alike.
func (l *Lab) Control(ctx context.Context, region string) error {
	tap, err := l.Addresses().Tap(topology.ServiceResponder.Host(region))
	if err != nil {
		return err
	}
	err = controlOver(ctx, tap)
	var failed *net.OpError
	var unknown *net.DNSError
	switch {
	case errors.As(err, &unknown):
		return fmt.Errorf("dial: %s", unknown.Err)
	case errors.As(err, &failed):
		return fmt.Errorf("%s: %w", failed.Op, failed.Err)
	default:
		return err
	}
}

// controlOver reads the whole answer, so that the connection ends in peace and not with a line in the hub's log. It
// does without net/http's client, which goes on dialling for a question that was given up.
func controlOver(ctx context.Context, address string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	// whatever is awaited then has timed out
	unhook := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer unhook()
	if _, err := io.WriteString(conn,
		"GET /healthz HTTP/1.1\r\nHost: responder\r\nConnection: close\r\n\r\n"); err != nil {
		return err
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(resp.Status)
	}
	return errors.Join(err, resp.Body.Close())
}
