package observe

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/plan"
	"github.com/regionfall/regionfall/lab/topology"

	"golang.org/x/sync/errgroup"
)

// Exchange is one question to an agent for its marks, dated on the asker's clock: what is needed to place the agent's
// clock.
type Exchange struct {
	Asked, Answered time.Duration
	Reply           api.MarksReply
}

// FollowMarks asks every agent of the lab for its marks until ctx ends, also those that run somebody's own app, and
// hands on each exchange, one at a time per agent. An agent that does not answer (its region may be lost) is asked
// again.
func (v View) FollowMarks(ctx context.Context, now func() time.Duration, seen func(Exchange)) error {
	g, gctx := errgroup.WithContext(ctx)
	for _, name := range v.noting() {
		tap, err := v.lab.Tap(name)
		if err != nil {
			return err
		}
		g.Go(func() error { followAgent(gctx, tap, now, seen); return nil })
	}
	return g.Wait()
}

// noting are those who leave marks, by what their taps are called.
func (v View) noting() (names []string) {
	tapped := map[string]bool{}
	for _, p := range v.lab.Paths() {
		if p.From == topology.Tap {
			tapped[p.Node] = true
		}
	}
	for _, n := range v.lab.Places() {
		if supervisor := plan.SupervisorOf(n.Name()); tapped[supervisor] {
			names = append(names, supervisor)
		}
		if plan.Of(n.Service).Marks {
			names = append(names, n.Name())
		}
	}
	return names
}

func followAgent(ctx context.Context, tap string, now func() time.Duration, seen func(Exchange)) {
	last, start := 0, ""
	quick := 3 // short exchanges first: they place the agent's clock to within a round trip
	retry := time.NewTicker(50 * time.Millisecond)
	defer retry.Stop()
	for ctx.Err() == nil {
		wait := 500 * time.Millisecond
		if quick > 0 {
			wait, quick = 0, quick-1
		}
		x, err := askMarks(ctx, tap, last, wait, now)
		if err != nil {
			select {
			case <-ctx.Done():
			case <-retry.C:
			}
			continue
		}
		if x.Reply.Start != start && start != "" && last > 0 {
			last, start, quick = 0, x.Reply.Start, 3 // a new process: a new clock, and marks numbered anew
			continue
		}
		start = x.Reply.Start
		for _, m := range x.Reply.Marks {
			last = max(last, m.Seq)
		}
		seen(x)
	}
}

func askMarks(ctx context.Context, tap string, after int, wait time.Duration,
	now func() time.Duration,
) (Exchange, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	x := Exchange{Asked: now()}
	err := at(tap).Call(ctx, http.MethodGet, fmt.Sprintf("/marks?after=%d&wait=%s", after, wait), nil, &x.Reply)
	x.Answered = now()
	return x, err
}
