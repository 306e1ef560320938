package fault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// look is one look of a probe: whether what it looks for is so, and what it saw. The error says that nobody can tell.
type look func(ctx context.Context) (is bool, observed string, err error)

// baseline looks until enough looks have said that the fault is not in force. That it is has to be said as often. A
// look that says neither, as on a busy machine, is repeated for a while.
func (g *Guard) baseline(ctx, alive context.Context) error {
	within := baselineWithin + g.slow()
	tooLate := fmt.Errorf("could not confirm the fault's state within %s", within)
	ctx, cancel := context.WithTimeoutCause(ctx, within, tooLate)
	defer cancel()
	tick := time.NewTicker(20 * askEvery)
	defer tick.Stop()
	var last error
	said := map[bool]int{}
	for {
		asked := g.now()
		already, observed, err := g.look(ctx, alive, g.fault.Baseline)
		switch {
		case ended(ctx):
			return fmt.Errorf("take the baseline: %w", lastSeen(ctx, last, err))
		case err != nil && alive.Err() != nil:
			return fmt.Errorf("take the baseline: %w", context.Cause(alive))
		case err != nil:
			last = undecided{err}
		default:
			last = undecided{errors.New(observed)}
			if !already {
				g.probeTime = max(g.probeTime, g.now()-asked)
			}
			if said[already]++; said[already] < agreeing {
				continue
			}
			if already {
				return fmt.Errorf("the fault seems to be in force already (%s), so that it could not be told apart",
					observed)
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("take the baseline: %w", lastSeen(ctx, last, nil))
		case <-tick.C:
		}
	}
}

// lastSeen is why ctx has ended, and what was seen last: the last answer, or else what a look failed with that was cut
// short.
func lastSeen(ctx context.Context, last, cutShort error) error {
	return fmt.Errorf("%w; last seen: %w", context.Cause(ctx),
		cmp.Or(last, error(undecided{cmp.Or(cutShort, errors.New("nothing"))})))
}

// ended says whether ctx has ended, or is just about to: a connection with the same deadline fails a moment before
// the context itself ends, and what it fails with would be taken for an answer.
func ended(ctx context.Context) bool {
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		<-ctx.Done()
	}
	return ctx.Err() != nil
}

// expectation is what watch waits for.
type expectation struct {
	look      look                          // says whether it has come true
	silent    bool                          // it may be seen by silence, which the probe takes longer to find
	since     time.Duration                 // the order was given
	done      *atomic.Pointer[confirmation] // set when it has been carried out
	probeTime time.Duration                 // what the probe takes at most when all is well
}

type watched struct {
	window    Window
	seen      time.Duration // when the last answer was asked for
	observed  string
	probeTime time.Duration
	err       error
	dead      bool // the lab is: the probe could not be asked
}

// watch looks until it is known when the fault turned, or until nobody can look because the lab is not alive any
// more.
//
// What is seen by silence is answered only when the probe has lost its patience; but it was so long before. Asked
// when all is well, the probe is done within probeTime: had the fault come later than that after the question, it
// would have answered that it sees none. So an answer that it is in force holds from probeTime after it was asked
// for. This is not said of a question that was asked before the order had been carried out: who carries it out may
// have held it up, as an engine does that is asked about a container which it is just pausing.
func (g *Guard) watch(ctx, alive context.Context, w expectation) watched {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	t, probeTime := turning{since: w.since}, w.probeTime
	var last error
	for {
		done, asked := w.done.Load(), g.now()
		is, observed, err := g.look(ctx, alive, w.look)
		answered := g.now()
		switch {
		case ended(ctx): // a probe that was cut short fails whatever the lab is like
			return watched{probeTime: probeTime, err: lastSeen(ctx, last, err)}
		case err != nil && alive.Err() != nil:
			return watched{probeTime: probeTime, err: context.Cause(alive), dead: true}
		case err != nil: // says nothing, for or against
			last = undecided{err}
		case !is:
			t.deny(asked, done != nil)
			last = errors.New(observed)
			if w.silent {
				probeTime = max(probeTime, answered-asked)
			}
		default:
			by := answered
			if w.silent && done != nil {
				by = min(answered, asked+probeTime)
			}
			t.agree(answer{by: by, after: done != nil})
			last = undecided{errors.New(observed)}
			if done != nil {
				if window, ok := t.window(*done); ok {
					return watched{window: window, seen: asked, observed: observed, probeTime: probeTime}
				}
				continue // one more has to say so, and is asked at once
			}
		}
		select {
		case <-ctx.Done():
			return watched{probeTime: probeTime, err: lastSeen(ctx, last, nil)}
		case <-tick.C:
		}
	}
}
