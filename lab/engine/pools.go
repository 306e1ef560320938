package engine

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"github.com/moby/moby/client"
)

// pool is a range of addresses that an engine cuts into networks of a size.
type pool struct {
	from netip.Prefix
	size int // bits of each network's prefix
}

// usualPools are those of a docker whose settings name none.
var usualPools = []pool{
	{netip.MustParsePrefix("172.17.0.0/16"), 16},
	{netip.MustParsePrefix("172.18.0.0/16"), 16},
	{netip.MustParsePrefix("172.19.0.0/16"), 16},
	{netip.MustParsePrefix("172.20.0.0/14"), 16},
	{netip.MustParsePrefix("172.24.0.0/14"), 16},
	{netip.MustParsePrefix("172.28.0.0/14"), 16},
	{netip.MustParsePrefix("192.168.0.0/16"), 20},
}

// Networks is how many networks an engine can make yet.
type Networks struct {
	Left    int
	Limited bool // else there are more than anybody needs, or nobody knows
}

// Fit says whether so many more can be made.
func (n Networks) Fit(more int) bool { return !n.Limited || n.Left >= more }

// Networks counts for how many more networks the engine has address pools. One is taken by another network, or by an
// address of the engine's machine, which can be seen if that is this one. Podman has pools for thousands.
func (e *Engine) Networks(ctx context.Context) (Networks, error) {
	if e.About.Product == Podman {
		return Networks{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, answersWithin)
	defer cancel()
	i, err := e.Client.Info(ctx, client.InfoOptions{})
	if err != nil {
		return Networks{}, fmt.Errorf("ask the engine for its address pools: %s", oneLine(err))
	}
	pools := usualPools
	if named := i.Info.DefaultAddressPools; len(named) > 0 {
		pools = nil
		for _, p := range named {
			if p.Base.Addr().Is4() {
				pools = append(pools, pool{p.Base, p.Size})
			}
		}
	}
	networks, err := e.Client.NetworkList(ctx, client.NetworkListOptions{})
	if err != nil {
		return Networks{}, fmt.Errorf("ask the engine for its networks: %s", oneLine(err))
	}
	var taken []netip.Prefix
	for _, n := range networks.Items {
		for _, c := range n.IPAM.Config {
			taken = append(taken, c.Subnet)
		}
	}
	if e.isHere() {
		taken = append(taken, ownPrefixes()...)
	}
	return Networks{Left: left(pools, taken), Limited: true}, nil
}

// isHere says whether the engine listens on a socket of this machine.
func (p Place) isHere() bool { return p.host() == "" }

// ownPrefixes are the networks that this machine has an address in.
func ownPrefixes() (all []netip.Prefix) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil // then the engine's networks are all that is known
	}
	for _, a := range addresses {
		if p, err := netip.ParsePrefix(a.String()); err == nil && !p.Addr().IsLoopback() {
			all = append(all, p.Masked())
		}
	}
	return all
}

// left counts the networks of all pools that overlap none of those that are taken.
func left(pools []pool, taken []netip.Prefix) (n int) {
	for _, p := range pools {
		if p.size < p.from.Bits() || p.size > 32 {
			continue
		}
		at := p.from.Masked().Addr()
		for range 1 << (p.size - p.from.Bits()) {
			network := netip.PrefixFrom(at, p.size)
			free := true
			for _, t := range taken {
				free = free && !network.Overlaps(t)
			}
			if free {
				n++
			}
			at = after(network)
		}
	}
	return n
}

// after is the first address behind a network of IPv4.
func after(p netip.Prefix) netip.Addr {
	b := p.Addr().As4()
	at := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	at += 1 << (32 - p.Bits())
	return netip.AddrFrom4([4]byte{byte(at >> 24), byte(at >> 16), byte(at >> 8), byte(at)})
}
