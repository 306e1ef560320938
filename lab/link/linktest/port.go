// Package linktest is for tests that open links on a hub of their own, in the process.
package linktest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// FreePort is a port of loopback below those that the system gives to whoever asks for any, so that nobody is given
// it between here and its use. Until the test ends the UDP port of the same number is held, by which the tests of
// other processes know that it is taken: a link that is cut doesn't listen.
func FreePort(t testing.TB) int {
	t.Helper()
	for range 100 {
		port := 10_000 + rand.IntN(20_000)
		address := fmt.Sprintf("127.0.0.1:%d", port)
		reserved, err := net.ListenPacket("udp", address)
		if err != nil {
			continue
		}
		if l, err := net.Listen("tcp", address); err == nil {
			_ = l.Close()
			t.Cleanup(func() { _ = reserved.Close() })
			return port
		}
		_ = reserved.Close()
	}
	t.Fatal("no port is free")
	return 0
}
