package hub

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"github.com/regionfall/regionfall/lab/wait"
)

// exhaust leaves the process without a free file descriptor until it gets them back, or the test ends.
func exhaust(t *testing.T) (giveBack func()) {
	t.Helper()
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	none := limit
	none.Cur = 3 // those that are open stay open
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	giveBack = sync.OnceFunc(func() {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(giveBack)
	return giveBack
}

// enabled is a proxy that listens, and its upstream, at which nobody accepts yet.
func enabled(t *testing.T, log io.Writer) (*proxy, *net.TCPListener) {
	t.Helper()
	upstream, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = upstream.Close() })
	h := New(zerolog.New(log))
	t.Cleanup(h.Close)
	p, err := h.create(request{Name: "a_b_redis", Listen: "127.0.0.1:0", Upstream: upstream.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	return p, upstream
}

// text is what has been written, by whomever.
type text struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (x *text) Write(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.all.Write(p)
}

func (x *text) String() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.all.String()
}

func TestAProxyAcceptsAgainOnceThereAreFileDescriptors(t *testing.T) {
	var log text
	p, upstream := enabled(t, &log)
	early, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(early) })
	giveBack := exhaust(t)
	to := unix.SockaddrInet4{Port: p.port.listener.Addr().(*net.TCPAddr).Port, Addr: [4]byte{127, 0, 0, 1}}
	if err := unix.Connect(early, &to); err != nil {
		t.Fatal(err)
	}
	err = wait.Until(t.Context(), 5*time.Second, "the hub to fail to accept", func(context.Context) error {
		if !strings.Contains(log.String(), unix.EMFILE.Error()) {
			return errors.New("it has logged: " + log.String())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	giveBack()
	if err := upstream.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	c, err := upstream.Accept()
	if err != nil {
		t.Fatalf("who connected meanwhile is not carried: %v; the hub says %s", err, log.String())
	}
	_ = c.Close()
}
