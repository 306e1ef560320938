package hub

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"

	"github.com/rs/zerolog"
)

func TestTheDoorAdmitsTheHarnessAndNoNode(t *testing.T) {
	d := door{gateway: netip.MustParseAddr("172.18.0.1"), networks: func() ([]netip.Prefix, error) {
		return []netip.Prefix{
			netip.MustParsePrefix("127.0.0.1/8"), netip.MustParsePrefix("172.18.0.2/16"),
			netip.MustParsePrefix("172.19.0.2/16"),
		}, nil
	}}
	for peer, want := range map[string]bool{
		"172.18.0.1":   true,  // the engine's machine, in the outer network
		"172.18.0.5":   false, // the name service
		"172.19.0.1":   false, // the engine's machine, in a region's network
		"172.19.0.7":   false, // a node of a region
		"127.0.0.1":    false, // the hub itself
		"198.51.100.3": true,  // a harness elsewhere, before a remote engine
	} {
		if got := d.admits(netip.MustParseAddr(peer)); got != want {
			t.Errorf("%s is admitted: %t", peer, got)
		}
	}
	d.networks = func() ([]netip.Prefix, error) { return nil, errors.New("none") }
	if d.admits(netip.MustParseAddr("198.51.100.3")) {
		t.Error("who can't be told from a node is admitted")
	}
}

func TestTheDoorClosesOnANode(t *testing.T) {
	for name, networks := range map[string]string{"a node": "127.0.0.1/8", "the harness": "192.0.2.1/24"} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			d := door{listener, netip.MustParseAddr("192.0.2.1"), func() ([]netip.Prefix, error) {
				return []netip.Prefix{netip.MustParsePrefix(networks)}, nil
			}, zerolog.Nop()}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				if conn, err := d.Accept(); err == nil {
					_, _ = io.WriteString(conn, "in")
					_ = conn.Close()
				}
			}()
			conn, err := net.Dial("tcp", listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			said, _ := io.ReadAll(conn)
			if in := name == "the harness"; (string(said) == "in") != in {
				t.Errorf("it was told %q", said)
			}
			_ = conn.Close()
			_ = listener.Close()
			<-ended
		})
	}
}

func TestTheGatewayIsReadFromTheRoutingTable(t *testing.T) {
	hex := fmt.Sprintf("%08X", binary.NativeEndian.Uint32([]byte{172, 18, 0, 1}))
	const head = "Iface\tDestination\tGateway\tFlags\n"
	got, ok := gatewayOf(head + "eth1\t000013AC\t00000000\t0001\neth0\t00000000\t" + hex + "\t0003\n")
	if !ok || got.String() != "172.18.0.1" {
		t.Errorf("got %s, %t", got, ok)
	}
	for _, table := range []string{"", head, head + "eth1\t000013AC\t00000000\t0001\n", head +
		"eth0\t00000000\tnone\t0003\n"} {
		if got, ok := gatewayOf(table); ok {
			t.Errorf("%q has %s", table, got)
		}
	}
}
