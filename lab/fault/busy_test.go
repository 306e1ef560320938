package fault

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// dying is a node of which the engine notices after a while that it has ended.
type dying struct {
	Node
	noticed time.Time
}

func (d dying) State(context.Context) (topology.NodeState, error) {
	if time.Now().Before(d.noticed) {
		return topology.NodeRunning, nil
	}
	return topology.NodeDown, nil
}

func (dying) Place() Place { return Place{Name: "us-east-1/replicator"} }

func TestANodeMayDieWhileItGetsAnOrder(t *testing.T) {
	for name, c := range map[string]struct {
		noticed time.Duration
		want    error
	}{
		"noticed late": {dyingWithin / 2, nil},
		"not at all":   {time.Hour, io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				err := unlessDown(t.Context(), dying{noticed: start.Add(c.noticed)},
					func(context.Context) error { return io.EOF })
				if !errors.Is(err, c.want) {
					t.Errorf("after %s: %v, want %v", time.Since(start), err, c.want)
				}
			})
		})
	}
}

// busy is a link of a machine that has much to do until the fault is injected, or all the time: then three of four
// round trips take longer than they need. With the fault each is delayed by another share of what was asked.
type busy struct {
	numb
	upTo   time.Duration
	share  func(n int64) float64
	always bool

	isHeld atomic.Bool
	asked  atomic.Int64
}

func (b *busy) Links(func(Path) bool) ([]Link, error) { return []Link{b}, nil }

func (b *busy) Hold(context.Context, LinkState) error { b.isHeld.Store(true); return nil }

func (b *busy) Ask(context.Context, probe.Question) (probe.Answer, error) {
	n, took := b.asked.Add(1), 2*time.Millisecond
	isHeld := b.isHeld.Load()
	if isHeld {
		took += time.Duration(b.share(n) * float64(b.upTo))
	}
	if n%4 != 0 && (b.always || !isHeld) {
		took += 15 * time.Millisecond
	}
	time.Sleep(took)
	return probe.Answer{Took: took}, nil
}

func TestJitterIsComparedWithTheShortestRoundTrip(t *testing.T) {
	for name, c := range map[string]struct {
		share func(n int64) float64
		want  error
	}{
		"evenly":             {func(n int64) float64 { return float64(n%100) / 100 }, nil},
		"always the same":    {func(int64) float64 { return 0.5 }, ErrUnconfirmed},
		"all or nothing":     {func(n int64) float64 { return float64(n % 2) }, ErrUnconfirmed},
		"evenly, and longer": {func(n int64) float64 { return float64(n%100)/100 + 0.3 }, ErrUnconfirmed},
		"not at all":         {func(int64) float64 { return 0 }, ErrUnconfirmed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := &Jitter{
					Links: Links{From: "west", To: "east"}, Direction: "upstream",
					UpTo: 60 * time.Millisecond,
				}
				for _, always := range []bool{false, true} {
					g, err := NewGuard(asked, &busy{upTo: asked.UpTo, share: c.share, always: always}, clock())
					if err != nil {
						t.Fatal(err)
					}
					if _, err := g.Inject(t.Context()); !errors.Is(err, c.want) {
						t.Errorf("busy all the time: %t: got %v, want %v", always, err, c.want)
					}
				}
			})
		})
	}
}

// What a machine that does much else makes of round trips may be as much as jitter. Then nobody can tell that it came,
// nor, when the machine is calm again, that it went.
func TestJitterIsNotSeenWhereRoundTripsVaryAsMuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := &Jitter{
			Links: Links{From: "west", To: "east"}, Direction: "upstream", UpTo: 40 * time.Millisecond,
		}
		share := func(n int64) float64 { return float64(n%100) / 100 }
		g, err := NewGuard(asked, &busy{upTo: asked.UpTo, share: share}, clock())
		if err != nil {
			t.Fatal(err)
		}
		_, err = g.Inject(t.Context())
		if !errors.Is(err, ErrUndecided) || !strings.Contains(err.Error(), "as it is") {
			t.Errorf("it is %s: %v", g.State(), err)
		}
	})
}
