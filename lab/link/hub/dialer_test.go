package hub

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"testing"
)

// names is a DNS server that answers as the engine's does: with the addresses of all who have a name, in random order.
func names(has map[string][]string) func(context.Context, string, string) ([]netip.Addr, error) {
	return func(_ context.Context, _, host string) ([]netip.Addr, error) {
		if len(has[host]) == 0 {
			return nil, errors.New("no such host")
		}
		var all []netip.Addr
		for _, i := range rand.Perm(len(has[host])) {
			all = append(all, netip.MustParseAddr(has[host][i]))
		}
		return all, nil
	}
}

// listenAt listens on the same port of some addresses.
func listenAt(t *testing.T, addresses ...string) (port int) {
	t.Helper()
	for _, a := range addresses {
		l, err := net.Listen("tcp", net.JoinHostPort(a, fmt.Sprint(port)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		port = l.Addr().(*net.TCPAddr).Port
	}
	return port
}

func TestConnectionsGoToEachAddressInTurn(t *testing.T) {
	d := &dialer{lookup: names(map[string][]string{
		"app.us-west-2":   {"127.0.0.3", "127.0.0.20", "127.0.0.100"},
		"app.us-east-1":   {"127.0.0.3", "127.0.0.20"},
		"redis.us-east-1": {"127.0.0.3"},
	})}
	port := listenAt(t, "127.0.0.3", "127.0.0.20", "127.0.0.100")
	dial := func(name string) string {
		t.Helper()
		conn, err := d.dial(t.Context(), fmt.Sprintf("%s:%d", name, port), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		return conn.RemoteAddr().(*net.TCPAddr).IP.String()
	}
	const rounds = 20
	var west []string
	east := map[string]int{}
	for range 3 * rounds {
		west = append(west, dial("app.us-west-2"))
		east[dial("app.us-east-1")]++
		if got := dial("redis.us-east-1"); got != "127.0.0.3" {
			t.Fatalf("redis is at %s", got)
		}
	}
	for i := range len(west) - 2 { // whichever three follow one another
		if west[i] == west[i+1] || west[i+1] == west[i+2] || west[i] == west[i+2] {
			t.Fatalf("turns %d to %d are %v", i, i+2, west[i:i+3])
		}
	}
	if east["127.0.0.3"] != east["127.0.0.20"] {
		t.Errorf("the other name's turns are %v", east)
	}
}

func TestAnAddressAtWhichNobodyListensCostsItsTurnNothing(t *testing.T) {
	d := &dialer{lookup: names(map[string][]string{"app.us-west-2": {"127.0.0.3", "127.0.0.4"}})}
	port := listenAt(t, "127.0.0.3")
	for range 4 {
		conn, err := d.dial(t.Context(), fmt.Sprintf("app.us-west-2:%d", port), nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
	}
}

func TestWhoCannotBeReachedIsNamed(t *testing.T) {
	d := &dialer{lookup: names(map[string][]string{"app.us-west-2": {"127.0.0.3", "127.0.0.4"}})}
	port := listenAt(t, "127.0.0.5")
	for address, want := range map[string][]string{
		fmt.Sprintf("app.us-west-2:%d", port): {"127.0.0.3", "127.0.0.4"},
		"nobody:1":                            {"no such host"},
		"nobody":                              {"missing port"},
	} {
		_, err := d.dial(t.Context(), address, nil)
		for _, w := range want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v; it should name %s", address, err, w)
			}
		}
	}
}
