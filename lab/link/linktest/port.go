// Package linktest is for tests that open links on a hub of their own, in the process.
package linktest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
)

// taken are the ports that tests of this process have been given, some of which are yet to be used.
var taken sync.Map

// FreePort is a port of loopback below those that the system gives to whoever asks for any, so that nobody is given
// it between here and its use.
func FreePort(t testing.TB) int {
	t.Helper()
	for range 100 {
		port := 10_000 + rand.IntN(20_000)
		if _, is := taken.LoadOrStore(port, true); is {
			continue
		}
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			_ = l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}
