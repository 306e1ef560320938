package link

import (
	"errors"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/regionfall/regionfall/lab/link/linktest"
)

// Rules of an engine stand before whoever listens. Here they are in whoever dials.
func TestATapHasAPortThatLeadsToIt(t *testing.T) {
	elsewhere := linktest.Serve(t, func(net.Conn) {})
	var refused, led string
	dial := func(network, address string) (net.Conn, error) {
		switch {
		case refused == "":
			refused = address
			return nil, errors.New("connection refused")
		case led == "":
			led, address = address, elsewhere
		}
		return connect(network, address)
	}
	l, err := listenReached(dial)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if is := l.Addr().String(); led == "" || slices.Contains([]string{refused, led}, is) {
		t.Errorf("it listens at %s; %s is refused, and %s leads elsewhere", is, refused, led)
	}
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	came, err := l.Accept()
	if err != nil || came.RemoteAddr().String() != conn.LocalAddr().String() {
		t.Fatalf("what came is not what was sent: %v", err)
	}
	_ = came.Close()
	_, err = listenReached(func(string, string) (net.Conn, error) {
		return nil, errors.New("connection refused")
	})
	if err == nil || !strings.Contains(err.Error(), "iptables -t nat -S") {
		t.Errorf("where every port leads elsewhere: %v", err)
	}
}
