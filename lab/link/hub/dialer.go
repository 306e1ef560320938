package hub

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
)

// dialer connects to a name with several addresses at each of them in turn, as a load balancer does. The app nodes of
// a region share its host name, and the engine's DNS gives their addresses in random order: by that, for a second or
// two, one node has to refuse what the other has workers for.
type dialer struct {
	lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)

	mu    sync.Mutex
	turns map[string]int // by name
}

// dial connects to host:port, in one of the networks; nil: anywhere. An address at which nobody listens costs its turn
// nothing: the next one is tried.
func (d *dialer) dial(ctx context.Context, address string, within []netip.Prefix) (*net.TCPConn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addresses, err := d.inTurn(ctx, host)
	if err != nil {
		return nil, err
	}
	if within != nil && slices.ContainsFunc(addresses, func(a netip.Addr) bool { return !contains(within, a) }) {
		return nil, fmt.Errorf("%s: %w", host, errForeign)
	}
	var errs []error
	for _, a := range addresses {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(a.String(), port))
		if err == nil {
			return conn.(*net.TCPConn), nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

var errForeign = errors.New("it is in none of the hub's networks")

func contains(networks []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(a) })
}

// inTurn are the addresses of a name, first the one whose turn it is.
func (d *dialer) inTurn(ctx context.Context, host string) ([]netip.Addr, error) {
	addresses, err := d.lookup(ctx, "ip", host)
	if err == nil && len(addresses) == 0 {
		err = fmt.Errorf("%s has no address", host)
	}
	if err != nil {
		return nil, err
	}
	for i, a := range addresses {
		addresses[i] = a.Unmap()
	}
	slices.SortFunc(addresses, netip.Addr.Compare)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.turns == nil {
		d.turns = map[string]int{}
	}
	d.turns[host]++
	at := d.turns[host] % len(addresses)
	return append(addresses[at:], addresses[:at]...), nil
}
