package hub

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/rs/zerolog"
)

// door lets the harness in and no node. Whoever comes over the published port comes from outside the lab's networks or,
// passed on by the engine's machine, from the gateway of the outer network, which no node can be. All else that has an
// address in a network of the hub is a node, be it one of the outer network.
type door struct {
	net.Listener
	gateway  netip.Addr
	networks func() ([]netip.Prefix, error)
	logger   zerolog.Logger
}

// Accept gives the next connection that is the harness's.
func (d door) Accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		peer, err := netip.ParseAddrPort(conn.RemoteAddr().String())
		if err == nil && d.admits(peer.Addr().Unmap()) {
			return conn, nil
		}
		d.logger.Warn().Stringer("from", conn.RemoteAddr()).Msg("a node asked for the control API")
		_ = conn.Close()
	}
}

func (d door) admits(peer netip.Addr) bool {
	if peer == d.gateway {
		return true
	}
	networks, err := d.networks()
	if err != nil {
		return false
	}
	return !contains(networks, peer)
}

// attached are the networks that the hub has an address in.
func attached() ([]netip.Prefix, error) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var networks []netip.Prefix
	for _, a := range addresses {
		n, err := netip.ParsePrefix(a.String())
		if err != nil {
			return nil, err
		}
		networks = append(networks, n)
	}
	return networks, nil
}

// defaultGateway is where the default route leads.
func defaultGateway() (netip.Addr, error) {
	const file = "/proc/net/route"
	table, err := os.ReadFile(file)
	if err != nil {
		return netip.Addr{}, err
	}
	gateway, ok := gatewayOf(string(table))
	if !ok {
		return netip.Addr{}, fmt.Errorf("%s has no default route", file)
	}
	return gateway, nil
}

// gatewayOf reads the kernel's routing table: name, destination, gateway and more, addresses as the processor has them
// in memory.
func gatewayOf(table string) (netip.Addr, bool) {
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 3 || f[1] != "00000000" {
			continue
		}
		b, err := hex.DecodeString(f[2])
		if err != nil || len(b) != 4 {
			continue
		}
		var ip [4]byte
		binary.NativeEndian.PutUint32(ip[:], binary.BigEndian.Uint32(b))
		return netip.AddrFrom4(ip), true
	}
	return netip.Addr{}, false
}
