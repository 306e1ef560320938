package link

import (
	"fmt"
	"net"
	"time"
)

// How many ports are tried for a tap, and how long a connection may take to one that is of this process: nothing but
// this machine's kernel is between.
const (
	portsTried    = 16
	reachedWithin = time.Second
)

// connector connects to an address, as a net.Dialer does.
type connector func(network, address string) (net.Conn, error)

// connect waits no longer than a connection may take.
var connect connector = (&net.Dialer{Timeout: reachedWithin}).Dial

// listenReached listens on a port of loopback at which this process is reached. One that a container published once may
// lead elsewhere: an engine that was killed leaves its rules for published ports behind, and they come before whoever
// listens. What is at the container's old address, such as another lab's hub, would answer in the node's place, or
// nobody would.
func listenReached(dial connector) (*net.TCPListener, error) {
	for range portsTried {
		some, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		l := some.(*net.TCPListener)
		if isReached(l, dial) {
			return l, l.SetDeadline(time.Time{})
		}
		defer func() { _ = l.Close() }() // only then, or the same port might be given again
	}
	return nil, fmt.Errorf("all %d ports that were tried lead elsewhere: an engine that was killed left rules "+
		"for its published ports, see `iptables -t nat -S`", portsTried)
}

// isReached says whether what connects to a listener's address comes to the listener.
func isReached(l *net.TCPListener, dial connector) bool {
	sent, err := dial("tcp", l.Addr().String())
	if err != nil {
		return false
	}
	defer func() { _ = sent.Close() }()
	if err := l.SetDeadline(time.Now().Add(reachedWithin)); err != nil {
		return false
	}
	came, err := l.Accept()
	if err != nil {
		return false
	}
	_ = came.Close()
	return came.RemoteAddr().String() == sent.LocalAddr().String()
}
