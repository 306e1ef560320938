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

// A proxy that could not be made deaf is not said to be so by the next attempt.
func TestAProxyThatCouldNotBeMadeDeafIsNotDeaf(t *testing.T) {
	p, _ := enabled(t, io.Discard)
	giveBack := exhaust(t)
	for range 2 {
		if err := p.deafen(); !errors.Is(err, unix.EMFILE) {
			t.Errorf("it has nothing to fill its queue with, and deafening it gives %v", err)
		}
	}
	giveBack()
	connect := func() error {
		c, err := net.DialTimeout("tcp", p.view().Listen, 200*time.Millisecond)
		if err == nil {
			_ = c.Close()
		}
		return err
	}
	if err := p.deafen(); err != nil {
		t.Fatal(err)
	}
	var unanswered net.Error
	if err := connect(); !errors.As(err, &unanswered) || !unanswered.Timeout() {
		t.Errorf("connecting to a deaf proxy gives %v", err)
	}
	if err := p.undeafen(); err != nil {
		t.Fatal(err)
	}
	if err := connect(); err != nil {
		t.Errorf("it hears again, and connecting gives %v", err)
	}
}

func TestAProxyThatCouldNotBeMadeDeafHearsAgain(t *testing.T) {
	p, upstream := enabled(t, io.Discard)
	giveBack := exhaust(t)
	if err := p.deafen(); err == nil {
		t.Fatal("it has nothing to fill its queue with, and is deaf")
	}
	giveBack()
	if err := p.undeafen(); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", p.view().Listen)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := upstream.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	carried, err := upstream.Accept()
	if err != nil {
		t.Fatalf("it hears again, and carries nothing: %v", err)
	}
	_ = carried.Close()
}
