package main

import (
	"bytes"
	"context"
	"net"
	"slices"
	"sync"

	"github.com/miekg/dns"
)

// balancer has the connections to a name with several addresses go to each of them in turn, as a load balancer does. The app nodes of a region share its
// host name, and the engine's DNS gives their addresses in random order: by that, for a second or two, one node has to refuse what the other has workers for.
type balancer struct {
	mu    sync.Mutex
	asked map[string]int // by name
}

// resolver asks whom the system asks. An address that nobody listens on costs its turn nothing: Go tries the next.
func (b *balancer) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if udp, is := conn.(*net.UDPConn); is {
			return answers{udp, b}, nil
		}
		return conn, err
	}}
}

// answers are those of a DNS server, which come in packets.
type answers struct {
	*net.UDPConn
	balancer *balancer
}

func (a answers) Read(p []byte) (int, error) {
	n, err := a.UDPConn.Read(p)
	if err != nil {
		return n, err
	}
	return a.balancer.turn(p, n), nil
}

// turn puts the addresses in the first n bytes of p in the order of the next turn, and gives the length that they have then. What it does not understand it
// leaves as it is.
func (b *balancer) turn(p []byte, n int) int {
	var m dns.Msg
	if m.Unpack(p[:n]) != nil || len(m.Answer) < 2 {
		return n
	}
	for _, r := range m.Answer {
		if _, is := r.(*dns.A); !is {
			return n
		}
	}
	slices.SortFunc(m.Answer, func(r, s dns.RR) int { return bytes.Compare(r.(*dns.A).A, s.(*dns.A).A) })
	first := b.next(m.Answer[0].Header().Name) % len(m.Answer)
	m.Answer, m.Compress = append(m.Answer[first:], m.Answer[:first]...), true
	packed, err := m.Pack()
	if err != nil || len(packed) > len(p) {
		return n
	}
	return copy(p, packed)
}

func (b *balancer) next(name string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asked == nil {
		b.asked = map[string]int{}
	}
	b.asked[name]++
	return b.asked[name]
}
