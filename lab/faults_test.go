package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/link"
	"github.com/regionfall/regionfall/lab/link/hub"
	"github.com/regionfall/regionfall/lab/link/linktest"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/state"
	"github.com/regionfall/regionfall/lab/topology"
)

const east, west = "us-east-1", "us-west-2"

// echoRedis speaks the three commands of Redis that a probe uses.
func echoRedis(t *testing.T) string {
	t.Helper()
	return linktest.Serve(t, func(c net.Conn) { _ = serveRedis(c) })
}

func serveRedis(c net.Conn) error {
	for r := bufio.NewReader(c); ; {
		line, err := r.ReadString('\n')
		if err != nil {
			return err
		}
		switch strings.TrimSpace(line) {
		case "PING":
			_, err = io.WriteString(c, "+PONG\r\n")
		case "QUIT":
			_, _ = io.WriteString(c, "+OK\r\n")
			return nil
		case "*2": // $4 ECHO $n word
			for range 3 {
				if line, err = r.ReadString('\n'); err != nil {
					return err
				}
			}
			n, _ := strconv.Atoi(strings.TrimSpace(line[1:]))
			word := make([]byte, n+2)
			if _, err = io.ReadFull(r, word); err == nil {
				_, err = fmt.Fprintf(c, "$%d\r\n%s", n, word)
			}
		}
		if err != nil {
			return err
		}
	}
}

// linkLab is a lab that is nothing but links: of a real Toxiproxy in this process, to small services.
func linkLab(t *testing.T) *Lab {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	server := httptest.NewServer(hub.New(zerolog.Nop()))
	t.Cleanup(server.Close)
	h, err := link.Connect(t.Context(), server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_,
			_ = io.Copy(io.Discard, r.Body)
	}))
	t.Cleanup(app.Close)
	store := echoRedis(t)
	l := &Lab{Name: state.NewName()}
	l.topology, _ = topology.Preset("two-regions")
	var specs []topology.Path
	for _, from := range []string{east, west} {
		to := map[string]string{east: west, west: east}[from]
		for s, upstream := range map[topology.Service]string{
			topology.ServiceRedis: store,
			topology.ServiceApp:   app.Listener.Addr().String(),
		} {
			specs = append(specs, topology.Path{
				Name: fmt.Sprintf("%s_%s_%s", from, to, s), From: from, To: to, Service: s, Port: linktest.FreePort(t),
				Upstream: upstream,
			})
		}
	}
	err = h.Open(t.Context(), specs, func(string) string { return "127.0.0.1" },
		func(topology.Path) link.Baseline { return link.Baseline{Delay: time.Millisecond} })
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range specs {
		k := h.Link(s, func(ctx context.Context, q probe.Question) (probe.Answer, error) {
			q.Address = net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port))
			return l.lines.Ask(ctx, q)
		})
		l.links = append(l.links, k)
		t.Cleanup(func() { _ = k.Cut(context.Background()) }) // closes its listener
	}
	return l
}

func (l *Lab) guard(t *testing.T, spec fault.Spec) *fault.Guard {
	t.Helper()
	if err := spec.Validate(l.topology); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	g, err := l.Guard(spec, func() time.Duration { return time.Since(start) })
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// ask asks over one link what a client would.
func (l *Lab) symptom(t *testing.T, name string) probe.Symptom {
	t.Helper()
	i := slices.IndexFunc(l.links, func(k *link.Link) bool { return k.Name == name })
	a, err := l.links[i].Ask(t.Context(), probe.Question{Way: probe.RoundTrip, Within: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return a.Symptom
}

var (
	bothLinks = fault.Links{From: west, To: east}
	redisLink = fault.Links{From: west, To: east, Service: "redis"}
	appLink   = fault.Links{From: west, To: east, Service: "app"}
)

func linkFaults() map[string]fault.Spec {
	return map[string]fault.Spec{
		"partition":              &fault.Partition{Between: []string{east, west}},
		"partition one way":      &fault.Partition{Links: bothLinks},
		"partition of a service": &fault.Partition{Links: redisLink},
		"refuse":                 &fault.Refuse{Links: bothLinks},
		"reset":                  &fault.Reset{Links: bothLinks},
		"stall":                  &fault.Stall{Links: bothLinks},
		"blackhole":              &fault.Blackhole{Links: bothLinks},
		"latency":                &fault.Latency{Links: bothLinks, Delay: 30 * time.Millisecond},
		"latency upstream":       &fault.Latency{Links: appLink, Delay: 60 * time.Millisecond, Direction: "upstream"},
		"jitter":                 &fault.Jitter{Links: bothLinks, UpTo: 40 * time.Millisecond},
		"jitter upstream":        &fault.Jitter{Links: appLink, UpTo: 60 * time.Millisecond, Direction: "upstream"},
		"bandwidth":              &fault.Bandwidth{Links: bothLinks, Rate: 400_000},
		"bandwidth upstream":     &fault.Bandwidth{Links: appLink, Rate: 400_000, Direction: "upstream"},
		"bandwidth downstream":   &fault.Bandwidth{Links: redisLink, Rate: 400_000, Direction: "downstream"},
		"byte limit upstream":    &fault.ByteLimit{Links: appLink, Bytes: 50_000, Direction: "upstream"},
		"byte limit downstream":  &fault.ByteLimit{Links: bothLinks, Bytes: 50_000, Direction: "downstream"},
		"flapping": &fault.Flapping{
			Links: redisLink, On: 400 * time.Millisecond,
			Off: 300 * time.Millisecond,
		},
		"slow close": &fault.SlowClose{Links: bothLinks, Delay: 200 * time.Millisecond},
	}
}

func TestEveryLinkFaultIsSeenAndSeenHealed(t *testing.T) {
	for name, spec := range linkFaults() {
		t.Run(name, func(t *testing.T) {
			l := linkLab(t)
			g := l.guard(t, spec)
			seen, err := g.Inject(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			t.Log(seen.By)
			if notes, err := l.Faults().List(); err != nil || len(notes) != 1 || notes[0].Kind != spec.Kind() {
				t.Errorf("the ledger has %+v, %v", notes, err)
			}
			for range 2 { // twice is once
				if _, err := g.Heal(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if notes, err := l.Faults().List(); err != nil || len(notes) != 0 {
				t.Errorf("healed, and the ledger has %+v, %v", notes, err)
			}
			for _, k := range l.links {
				if s, err := k.State(t.Context()); err != nil || s.Cut || len(s.Toxics) > 0 {
					t.Errorf("%s is left as %+v, %v", k.Name, s, err)
				}
				if s := l.symptom(t, k.Name); s != probe.Fine {
					t.Errorf("%s shows %s", k.Name, s)
				}
			}
		})
	}
}

func TestFourSymptomsAreFour(t *testing.T) {
	l := linkLab(t)
	for want, spec := range map[probe.Symptom]fault.Spec{
		probe.Refused: &fault.Refuse{Links: redisLink}, probe.Reset: &fault.Reset{Links: redisLink},
		probe.Silence: &fault.Stall{Links: redisLink}, probe.NoConnection: &fault.Blackhole{Links: redisLink},
	} {
		g := l.guard(t, spec)
		if _, err := g.Inject(t.Context()); err != nil {
			t.Fatalf("%s: %v", spec.Kind(), err)
		}
		if got := l.symptom(t, west+"_"+east+"_redis"); got != want {
			t.Errorf("%s shows %q, want %q", spec.Kind(), got, want)
		}
		for _, other := range []string{west + "_" + east + "_app", east + "_" + west + "_redis"} {
			if got := l.symptom(t, other); got != probe.Fine {
				t.Errorf("%s shows %s on %s", spec.Kind(), got, other)
			}
		}
		if _, err := g.Heal(t.Context()); err != nil {
			t.Fatalf("%s: %v", spec.Kind(), err)
		}
	}
}

// Whatever the order in which overlapping faults are healed, a link carries when the last has let go, and not before.
func TestFaultsOverlap(t *testing.T) {
	l := linkLab(t)
	partition := l.guard(t, &fault.Partition{Links: redisLink})
	if _, err := partition.Inject(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The second can't be seen on a link that is cut already: that it is refused, is told, and changes nothing.
	if _, err := l.guard(t, &fault.Refuse{Links: redisLink}).Inject(t.Context()); err == nil {
		t.Error("a fault was injected that could not be told apart")
	}
	all := l.guard(t, &fault.Partition{Between: []string{east, west}})
	if _, err := all.Inject(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := partition.Heal(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := l.symptom(t, west+"_"+east+"_redis"); got != probe.Refused {
		t.Errorf("the link shows %q, and one partition still cuts it", got)
	}
	if _, err := all.Heal(t.Context()); err != nil {
		t.Fatal(err)
	}
	slow, slower := l.guard(t, &fault.Latency{Links: redisLink, Delay: 30 * time.Millisecond}),
		l.guard(t, &fault.Latency{Links: redisLink, Delay: 60 * time.Millisecond})
	for _, g := range []*fault.Guard{slow, slower} {
		if _, err := g.Inject(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, g := range []*fault.Guard{slow, slower} { // not in reverse
		if _, err := g.Heal(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := l.symptom(t, west+"_"+east+"_redis"); got != probe.Fine {
		t.Errorf("all is healed, and the link shows %q", got)
	}
}

func TestAFaultByHandIsHealedByAnother(t *testing.T) {
	for _, name := range []string{"partition one way", "blackhole", "latency", "bandwidth", "byte limit downstream"} {
		t.Run(name, func(t *testing.T) {
			l, spec := linkLab(t), linkFaults()[name]
			_, note, err := l.Faults().Inject(t.Context(), spec)
			if err != nil {
				t.Fatal(err)
			}
			notes, err := l.Faults().List()
			if err != nil || len(notes) != 1 || !notes[0].Standing || notes[0].ID != note.ID {
				t.Fatalf("the ledger has %+v, %v", notes, err)
			}
			if err := l.Faults().Heal(t.Context(), notes[0]); err != nil {
				t.Fatal(err)
			}
			for _, k := range l.links {
				if got := l.symptom(t, k.Name); got != probe.Fine {
					t.Errorf("healed, and %s shows %q", k.Name, got)
				}
			}
		})
	}
}

func TestWhatMustBeDrivenDoesNotStandByItself(t *testing.T) {
	l := linkLab(t)
	if _, _, err := l.Faults().Inject(t.Context(), linkFaults()["flapping"]); err == nil ||
		!strings.Contains(err.Error(), "drives") {
		t.Errorf("got %v", err)
	}
	if notes, err := l.Faults().List(); err != nil || len(notes) > 0 {
		t.Errorf("the ledger has %+v, %v", notes, err)
	}
}

func TestAFaultThatSomebodyAnswersForIsLeftAlone(t *testing.T) {
	l := linkLab(t)
	g := l.guard(t, &fault.Refuse{Links: redisLink})
	if _, err := g.Inject(t.Context()); err != nil {
		t.Fatal(err)
	}
	notes, err := l.Faults().List()
	if err != nil || len(notes) != 1 {
		t.Fatalf("the ledger has %+v, %v", notes, err)
	}
	if err := l.Faults().Heal(t.Context(), notes[0]); !errors.Is(err, state.ErrAnswered) {
		t.Errorf("got %v", err)
	}
	led, err := state.LedgerOf(l.Name)
	if err != nil || !led.Answered(notes[0].ID) {
		t.Errorf("nobody answers for it: %v", err)
	}
	if _, err := g.Heal(t.Context()); err != nil {
		t.Fatal(err)
	}
}
