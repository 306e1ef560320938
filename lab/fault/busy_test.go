package fault

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/lab/probe"
)

// dying is a node of which the engine notices after a while that it has ended.
type dying struct {
	Node
	noticed time.Time
}

func (d dying) State(context.Context) (NodeState, error) {
	if time.Now().Before(d.noticed) {
		return Running, nil
	}
	return Down, nil
}

func TestANodeMayDieWhileItIsTold(t *testing.T) {
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
				err := unlessDown(t.Context(), dying{noticed: start.Add(c.noticed)}, func(context.Context) error { return io.EOF })
				if !errors.Is(err, c.want) {
					t.Errorf("after %s: %v, want %v", time.Since(start), err, c.want)
				}
			})
		})
	}
}

// busy is a link of a machine that has much to do until the fault is injected: three of four round trips take longer than they need.
type busy struct {
	numb
	held  atomic.Bool
	asked atomic.Int64
}

func (b *busy) Links(func(Path) bool) ([]Link, error) { return []Link{b}, nil }

func (b *busy) Hold(context.Context, How) error { b.held.Store(true); return nil }

func (b *busy) Ask(context.Context, probe.Question) (probe.Answer, error) {
	n, took := b.asked.Add(1), 2*time.Millisecond
	switch {
	case b.held.Load():
		took += 60*time.Millisecond + time.Duration(n%5-2)*10*time.Millisecond
	case n%4 != 0:
		took += 15 * time.Millisecond
	}
	time.Sleep(took)
	return probe.Answer{Took: took}, nil
}

func TestJitterIsHeldAgainstTheLeastRoundTrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := &Latency{Where: Where{From: "west", To: "east"}, Direction: "upstream", Delay: 60 * time.Millisecond, Jitter: 20 * time.Millisecond}
		g, err := NewGuard(asked, &busy{}, clock())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.Inject(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
