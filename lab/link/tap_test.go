package link

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/regionfall/regionfall/lab/link/hub"
	"github.com/regionfall/regionfall/lab/link/linktest"
)

// node is one in the hub's networks. It says back each line, in other words, and what it has heard when the stream
// ends.
func node(t *testing.T) string {
	t.Helper()
	return linktest.Serve(t, func(conn net.Conn) {
		scanner := bufio.NewScanner(conn)
		lines := 0
		for scanner.Scan() {
			lines++
			_, _ = fmt.Fprintf(conn, "heard %s\n", scanner.Text())
		}
		_, _ = fmt.Fprintf(conn, "%d lines\n", lines)
	})
}

func tapped(t *testing.T) *Hub {
	t.Helper()
	api := httptest.NewServer(hub.New(zerolog.Nop()))
	t.Cleanup(api.Close)
	h, err := Connect(t.Context(), api.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}

func dialTap(t *testing.T, h *Hub, to string) *net.TCPConn {
	t.Helper()
	address, err := h.Tap(to)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

func TestATapLeadsToItsNode(t *testing.T) {
	h, there := tapped(t), node(t)
	conn := dialTap(t, h, there)
	answers := bufio.NewReader(conn)
	for _, word := range []string{"one", "two"} {
		if _, err := fmt.Fprintln(conn, word); err != nil {
			t.Fatal(err)
		}
		if line, err := answers.ReadString('\n'); err != nil || line != "heard "+word+"\n" {
			t.Fatalf("%q is answered %q: %v", word, line, err)
		}
	}
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(answers); err != nil || string(rest) != "2 lines\n" {
		t.Errorf("after the end of what is sent the answer is %q: %v", rest, err)
	}
	first, err := h.Tap(there)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := h.Tap(there); err != nil || first != second {
		t.Errorf("the same node is at %s and at %s: %v", first, second, err)
	}
}

// Whoever may ask the hub must not come by it to the rest of the world: with a remote engine, that may be many.
func TestTheHubLeadsToItsOwnNetworksAlone(t *testing.T) {
	api := httptest.NewServer(hub.New(zerolog.Nop()))
	t.Cleanup(api.Close)
	for to, want := range map[string]int{
		"203.0.113.1:80": http.StatusForbidden, "nobody.invalid:80": http.StatusBadGateway,
	} {
		conn, err := net.Dial("tcp", api.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %[1]s\r\n\r\n", to)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = resp.Body.Close(), conn.Close()
		if resp.StatusCode != want {
			t.Errorf("%s is answered %s", to, resp.Status)
		}
	}
}

func TestATapToNobodyDropsWhoConnects(t *testing.T) {
	gone := node(t)
	h := tapped(t)
	for name, to := range map[string]string{"a name of nobody": "nobody.invalid:80", "no port": gone + "0"} {
		if _, err := dialTap(t, h, to).Read(make([]byte, 1)); !errors.Is(err, io.EOF) && !isReset(err) {
			t.Errorf("%s: reading ends with %v", name, err)
		}
	}
}

func TestWhoeverIsConnectedIsDroppedWithTheTaps(t *testing.T) {
	h, there := tapped(t), node(t)
	conn := dialTap(t, h, there)
	if _, err := fmt.Fprintln(conn, "one"); err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewReader(conn)
	if _, err := answers.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	address, err := h.Tap(there)
	if err != nil {
		t.Fatal(err)
	}
	h.Close()
	if _, err := answers.ReadByte(); !errors.Is(err, io.EOF) && !isReset(err) && !errors.Is(err, net.ErrClosed) {
		t.Errorf("reading goes on: %v", err)
	}
	if _, err := h.Tap(there); !errors.Is(err, net.ErrClosed) {
		t.Errorf("another one: %v", err)
	}
	if conn, err := net.Dial("tcp", address); err == nil {
		_ = conn.Close()
		t.Error("the tap still listens")
	}
}

func isReset(err error) bool { return errors.Is(err, syscall.ECONNRESET) }
