package fault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// before asks the probe until it has said often enough that the fault is not in force. That it is, has to be said as often. One that says neither, as
// on a busy machine, is asked again for a while.
func (g *Guard) before(ctx, alive context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, beforeWithin+g.slow(), fmt.Errorf("nothing certain within %s", beforeWithin+g.slow()))
	defer cancel()
	tick := time.NewTicker(20 * askEvery)
	defer tick.Stop()
	var last error
	said := map[bool]int{}
	for {
		asked := g.now()
		in, saw, err := g.look(ctx, alive, g.fault.InForce)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("probe before: %w; last seen: %w", context.Cause(ctx), cmp.Or(last, err, errors.New("nothing")))
		case err != nil && alive.Err() != nil:
			return fmt.Errorf("probe before: %w", context.Cause(alive))
		case err != nil:
			last = err
		default:
			last = errors.New(saw)
			if !in {
				g.well = max(g.well, g.now()-asked)
			}
			if said[in]++; said[in] < agreeing {
				continue
			}
			if in {
				return fmt.Errorf("the probe sees it in force already (%s): it could not be told apart", saw)
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("probe before: %w; last seen: %w", context.Cause(ctx), last)
		case <-tick.C:
		}
	}
}

// expectation is what watch waits for.
type expectation struct {
	want  bool                  // that the fault is in force, or that it is not
	since time.Duration         // the order was given
	done  *atomic.Pointer[word] // set when it has been carried out
	well  time.Duration         // what the probe takes at most when all is well
}

type watched struct {
	window Window
	seen   time.Duration // when the last answer was asked for
	saw    string
	well   time.Duration
	err    error
	dead   bool // the lab is: the probe could not be asked
}

// watch asks the probe until it is known when the fault turned, or it can't be asked in a lab that is not alive any more.
//
// What is seen by silence is answered only when the probe has lost its patience; but it was so long before. Asked when all is well, the probe is done
// within well: had the fault come later than that after the question, it would have answered that it sees none. So an answer that it is in force holds
// from well after it was asked for. This is not said of a question that was asked before the order had been carried out: who carries it out may have
// held it up, as an engine does that is asked about a container which it is just pausing.
func (g *Guard) watch(ctx, alive context.Context, w expectation) watched {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	t, well := turning{since: w.since}, w.well
	var last error
	for {
		done, asked := w.done.Load(), g.now()
		in, saw, err := g.look(ctx, alive, g.fault.InForce)
		came := g.now()
		switch {
		case ctx.Err() != nil: // a probe that was cut short fails whatever the lab is like
			return watched{well: well, err: fmt.Errorf("%w; last seen: %w", context.Cause(ctx), cmp.Or(last, err, errors.New("nothing")))}
		case err != nil && alive.Err() != nil:
			return watched{well: well, err: context.Cause(alive), dead: true}
		case err != nil: // says nothing, for or against
			last = err
		case in != w.want:
			t.deny(asked, done != nil)
			last = errors.New(saw)
			if w.want {
				well = max(well, came-asked)
			}
		default:
			by := came
			if w.want && done != nil {
				by = min(came, asked+well)
			}
			t.agree(answer{by: by, after: done != nil})
			last = errors.New(saw)
			if done != nil {
				if window, ok := t.window(*done); ok {
					return watched{window: window, seen: asked, saw: saw, well: well}
				}
				continue // one more has to say so, and is asked at once
			}
		}
		select {
		case <-ctx.Done():
			return watched{well: well, err: fmt.Errorf("%w; last seen: %w", context.Cause(ctx), last)}
		case <-tick.C:
		}
	}
}
