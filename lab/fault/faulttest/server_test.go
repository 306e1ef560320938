package faulttest

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// handing is a listener that hands out a connection which it accepted before it was closed.
type handing struct {
	net.Listener
	accepted net.Conn
}

func (h handing) Accept() (net.Conn, error) { return h.accepted, nil }

// A connection that outlived the death of its server would have a node answer that is down.
func TestAConnectionThatIsAcceptedWhileItsServerIsKilledIsClosed(t *testing.T) {
	for name, restarts := range map[string]bool{"killed": false, "killed and started": true} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, func(net.Listener) {})
			client, accepted := net.Pipe()
			late := &listening{Listener: handing{s.listener, accepted}, server: s}
			s.kill()
			if restarts {
				if err := s.start(); err != nil {
					t.Fatal(err)
				}
			}
			if c, err := late.Accept(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("a server that was killed accepts %v, %v", c, err)
			}
			_ = client.SetDeadline(time.Now().Add(time.Second))
			if _, err := client.Write([]byte("ping")); !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("writing to a server that was killed gives %v", err)
			}
		})
	}
}
