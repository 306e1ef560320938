package splice

import (
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

// wire is a connection of this machine, by its ends.
func wire(t *testing.T) (near, far *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	n, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	f, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	near, far = n.(*net.TCPConn), f.(*net.TCPConn)
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	_ = near.SetDeadline(time.Now().Add(20 * time.Second))
	return near, far
}

const short = 100 * time.Millisecond

// joined are the ends of two connections that are one for as long as done is open.
func joined(t *testing.T, resets bool) (client, server *net.TCPConn, done chan struct{}) {
	t.Helper()
	client, a := wire(t)
	server, b := wire(t)
	done = make(chan struct{})
	go func() {
		defer close(done)
		join(End{Conn: a, Read: io.MultiReader(strings.NewReader("ahead "), a), Resets: resets},
			End{Conn: b, Resets: resets}, short)
	}()
	return client, server, done
}

func ends(t *testing.T, done chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("it does not end")
	}
}

func TestTheEndOfAStreamIsPassedOn(t *testing.T) {
	client, server, done := joined(t, false)
	_, _ = io.WriteString(client, "asked")
	_ = client.CloseWrite()
	if got, err := io.ReadAll(server); err != nil || string(got) != "ahead asked" {
		t.Errorf("%q, %v", got, err)
	}
	_, _ = io.WriteString(server, "answered")
	_ = server.Close()
	if got, err := io.ReadAll(client); err != nil || string(got) != "answered" {
		t.Errorf("%q, %v", got, err)
	}
	ends(t, done)
}

func TestWhoSaysNothingToWhoHasEndedIsLeft(t *testing.T) {
	client, server, done := joined(t, false)
	_, _ = io.WriteString(server, "a while ago")
	_ = client.CloseWrite()
	ends(t, done)
}

func TestAnAnswerMayTakeItsTime(t *testing.T) {
	client, server, done := joined(t, false)
	_ = client.CloseWrite()
	const pieces = 25
	go func() {
		defer server.Close()
		for range pieces {
			time.Sleep(short / 5)
			_, _ = io.WriteString(server, ".")
		}
	}()
	if got, err := io.ReadAll(client); err != nil || len(got) != pieces {
		t.Errorf("%d of %d pieces: %v", len(got), pieces, err)
	}
	ends(t, done)
}

func TestWhoHasNotEndedMayBeSilent(t *testing.T) {
	client, server, done := joined(t, false)
	time.Sleep(3 * short)
	_, _ = io.WriteString(client, "still there")
	_ = client.CloseWrite()
	if got, err := io.ReadAll(server); err != nil || string(got) != "ahead still there" {
		t.Errorf("%q, %v", got, err)
	}
	_ = server.Close()
	ends(t, done)
}

func TestOneThatBreaksBreaksTheOther(t *testing.T) {
	for resets, want := range map[bool]error{true: syscall.ECONNRESET, false: nil} {
		client, server, done := joined(t, resets)
		if _, err := io.ReadFull(server, make([]byte, len("ahead "))); err != nil {
			t.Fatal(err)
		}
		_ = client.SetLinger(0)
		_ = client.Close()
		if _, err := io.ReadAll(server); !errors.Is(err, want) {
			t.Errorf("where it resets: %t: %v", resets, err)
		}
		ends(t, done)
	}
}
