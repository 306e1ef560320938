package link

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/link/toxic"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

func dial(t *testing.T, l *Link) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(l.Port)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// flood has clients send over a link as fast as it goes, and read what comes back. Who is dropped comes again.
func flood(ctx context.Context, l *Link, clients int) (carried *atomic.Int64, wait func()) {
	carried = &atomic.Int64{}
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for ctx.Err() == nil {
				c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(l.Port)))
				if err != nil {
					continue
				}
				unhook := context.AfterFunc(ctx, func() { _ = c.Close() })
				all.Go(func() {
					for block := make([]byte, 64<<10); ; {
						if _, err := c.Write(block); err != nil {
							return
						}
					}
				})
				n, _ := io.Copy(io.Discard, c)
				carried.Add(n)
				unhook()
				_ = c.Close()
			}
		})
	}
	return carried, all.Wait
}

// With Toxiproxy's own server, taking a toxic away under traffic may never end, and with it whatever else is asked of
// the proxy (Shopify/toxiproxy#412 and #558).
func TestAHundredRoundsUnderFullLoad(t *testing.T) {
	const rounds, within = 100, 3 * time.Minute
	l := open(t, time.Millisecond)
	loading, stop := context.WithCancel(t.Context())
	carried, wait := flood(loading, l, 2)
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	kinds := [][]toxic.Toxic{toxic.Latency(probe.Both, 20*time.Millisecond, 0), toxic.Swallow(probe.Both)}
	longest := time.Duration(0)
	for i := range rounds {
		began := time.Now()
		if err := l.Set(ctx, "ada", kinds[i%len(kinds)]); err != nil {
			t.Fatalf("round %d: inject: %v", i, err)
		}
		time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond) // the load goes on; nothing is waited for
		if err := l.Set(ctx, "ada", nil); err != nil {
			t.Fatalf("round %d: heal: %v", i, err)
		}
		longest = max(longest, time.Since(began))
	}
	if s, err := l.State(t.Context()); err != nil || s.Cut || len(s.Toxics) > 0 {
		t.Errorf("healed, the link is %+v, %v", s, err)
	}
	stop()
	wait()
	if carried.Load() == 0 {
		t.Error("there was no load")
	}
	t.Logf("the longest of %d rounds took %s; %d MB were carried", rounds, longest, carried.Load()>>20)
	if _, err := trip(t, l); err != nil {
		t.Errorf("after: %v", err)
	}
}

// What connections lose that a limit or a reset ends must not be waited for by who changes another toxic of theirs.
func TestToxicsChangeWhileOthersEndConnections(t *testing.T) {
	l := open(t, time.Millisecond)
	for name, ends := range map[string][]toxic.Toxic{
		"limit": toxic.LimitData(probe.Downstream, 100_000), "reset": toxic.Reset(probe.Downstream),
	} {
		loading, stop := context.WithCancel(t.Context())
		_, wait := flood(loading, l, 2)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
		for i := range 25 {
			err := errors.Join(
				l.Set(ctx, "ada", toxic.Latency(probe.Both, time.Millisecond, 0)), l.Set(ctx, "bob", ends),
				l.Set(ctx, "ada", nil), l.Set(ctx, "bob", nil),
			)
			if err != nil {
				t.Fatalf("%s, round %d: %v", name, i, err)
			}
		}
		cancel()
		stop()
		wait()
	}
	if _, err := trip(t, l); err != nil {
		t.Errorf("after: %v", err)
	}
}

// Open connections live on when toxics come and go that drop nothing, and not a byte of theirs is lost or comes twice.
func TestBytesStayInOrderWhileToxicsComeAndGo(t *testing.T) {
	l := open(t, time.Millisecond)
	c := dial(t, l)
	sent := make([]byte, 8<<20)
	rng := rand.NewChaCha8([32]byte{7})
	_, _ = rng.Read(sent)
	var received []byte
	var reading sync.WaitGroup
	reading.Go(func() { received, _ = io.ReadAll(io.LimitReader(c, int64(len(sent)))) })
	var writing sync.WaitGroup
	writing.Go(func() {
		for part := range slices.Chunk(sent, 10_000) {
			if _, err := c.Write(part); err != nil {
				t.Errorf("write: %v", err)
				return
			}
		}
	})
	for i := range 40 {
		toxics := toxic.Latency(probe.Both, 10*time.Millisecond, 5*time.Millisecond)
		if i%2 == 1 {
			toxics = append(toxic.Bandwidth(probe.Upstream, 5_000_000),
				toxic.SlowClose(probe.Downstream, time.Second)...)
		}
		set := func(holder string, toxics []toxic.Toxic) error { return l.Set(t.Context(), holder, toxics) }
		if err := errors.Join(set("ada", toxics), set("bob", toxics), set("ada", nil)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Set(t.Context(), "bob", nil); err != nil {
		t.Fatal(err)
	}
	writing.Wait()
	reading.Wait()
	if sha256.Sum256(received) != sha256.Sum256(sent) {
		t.Errorf("%d bytes were sent, and %d others came", len(sent), len(received))
	}
}

// A far end that takes no bytes loses its connection, so that nobody waits for it. Others keep theirs.
func TestAFarEndThatTakesNothingHoldsNobodyUp(t *testing.T) {
	l := open(t, 0)
	stuck, well := dial(t, l), dial(t, l)
	_ = stuck.SetWriteDeadline(time.Now().Add(time.Second))
	for block := make([]byte, 1<<20); ; { // until nothing goes any more, since the echo is not read
		if _, err := stuck.Write(block); err != nil {
			break
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	latency := toxic.Latency(probe.Both, time.Millisecond, 0)
	if err := errors.Join(l.Set(ctx, "ada", latency), l.Set(ctx, "ada", nil)); err != nil {
		t.Fatal(err)
	}
	_ = well.SetDeadline(time.Now().Add(2 * time.Second))
	if _, err := well.Write([]byte("ping")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(well, make([]byte, 4)); err != nil {
		t.Errorf("the other connection: %v", err)
	}
}

// A control port that hangs all the same is seen in time, and says what it was asked for.
func TestAControlPortThatHangsIsReportedInOneSentence(t *testing.T) {
	released := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodDelete:
			<-released
		case http.MethodGet:
			_, _ = io.WriteString(w, `{"name": "a_b_redis", "enabled": true,
				"toxics": [{"name": "ada_latency_upstream", "type": "latency", "stream": "upstream"}]}`)
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(released) })
	h, err := Connect(t.Context(), server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	h.patience = 100 * time.Millisecond
	l := h.Link(topology.Path{Name: "a_b_redis", Service: topology.ServiceRedis}, nil)
	began := time.Now()
	err = l.Set(t.Context(), "ada", nil)
	want := "the hub's control port did not answer within 100ms while removing a toxic"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
	want = "an earlier change of the link was under way"
	if err := l.Cut(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a change after that: %v, want %q", err, want)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("that took %s", took)
	}
}

// What a line carries all its connections share, each way.
func TestALineIsShared(t *testing.T) {
	const clients, each, rate = 4, 100_000, 400_000
	l := openWith(t, Baseline{Rate: rate})
	began := time.Now()
	var all sync.WaitGroup
	for range clients {
		c := dial(t, l)
		all.Go(func() { _, _ = c.Write(make([]byte, each)) })
		all.Go(func() {
			if n, err := io.CopyN(io.Discard, c, each); err != nil {
				t.Errorf("%d bytes came back: %v", n, err)
			}
		})
	}
	all.Wait()
	if took, want := time.Since(began), time.Second*clients*each/rate; took < want*9/10 {
		t.Errorf("%d bytes passed in %s, want %s", clients*each, took, want)
	}
}
