package main

import (
	"context"
	"math/rand/v2"
	"net"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// engineDNS answers as the engine's does: the addresses of all who have a name, in random order.
func engineDNS(t *testing.T, has map[string][]string) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		name := q.Question[0].Name
		addresses := has[strings.TrimSuffix(name, ".")]
		if q.Question[0].Qtype == dns.TypeA {
			for _, i := range rand.Perm(len(addresses)) {
				m.Answer = append(m.Answer, &dns.A{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 600}, A: net.ParseIP(addresses[i])})
			}
		}
		_ = w.WriteMsg(m)
	})}
	go func() { _ = server.ActivateAndServe() }()
	t.Cleanup(func() { _ = server.Shutdown() })
	return conn.LocalAddr().String()
}

func TestConnectionsGoToEachAddressInTurn(t *testing.T) {
	server := engineDNS(t, map[string][]string{
		"app.us-west-2": {"10.0.0.3", "10.0.0.20", "10.0.0.100"}, "app.us-east-1": {"10.0.1.2", "10.0.1.1"}, "redis.us-east-1": {"10.0.1.9"},
	})
	r := new(balancer).resolver()
	asks := r.Dial
	r.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) { return asks(ctx, network, server) }
	first := func(name string) string {
		t.Helper()
		addresses, err := r.LookupHost(t.Context(), name+".")
		if err != nil {
			t.Fatal(err)
		}
		return addresses[0]
	}
	const rounds = 20
	var west []string
	east := map[string]int{}
	for range 3 * rounds {
		west = append(west, first("app.us-west-2"))
		east[first("app.us-east-1")]++
		if got := first("redis.us-east-1"); got != "10.0.1.9" {
			t.Fatalf("redis is at %s", got)
		}
	}
	for i := range len(west) - 2 { // whichever three follow one another
		if west[i] == west[i+1] || west[i+1] == west[i+2] || west[i] == west[i+2] {
			t.Fatalf("turns %d to %d are %v", i, i+2, west[i:i+3])
		}
	}
	if east["10.0.1.1"] != east["10.0.1.2"] {
		t.Errorf("the other name's turns are %v", east)
	}
	if _, err := r.LookupHost(t.Context(), "nobody."); err == nil {
		t.Error("a name that nobody has was found")
	}
}

func TestWhatIsNoListOfAddressesIsLeftAlone(t *testing.T) {
	alias := new(dns.Msg).SetQuestion("a.", dns.TypeA)
	alias.Answer = []dns.RR{
		&dns.CNAME{Hdr: dns.RR_Header{Name: "a.", Rrtype: dns.TypeCNAME, Class: dns.ClassINET}, Target: "b."},
		&dns.A{Hdr: dns.RR_Header{Name: "b.", Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.IPv4(10, 0, 0, 1)},
	}
	packed, err := alias.Pack()
	if err != nil {
		t.Fatal(err)
	}
	for what, message := range map[string][]byte{"an alias": packed, "noise": []byte("\x00\x01noise"), "nothing": {}} {
		p := append([]byte{}, message...)
		if n := new(balancer).turn(p, len(p)); n != len(message) || string(p) != string(message) {
			t.Errorf("%s became %q", what, p[:n])
		}
	}
}
