package command

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/runner"
)

// runs are the drills of one command, of which several may be under way.
type runs struct {
	*app
	flags runFlags
	many  bool                // there are several
	side  bool                // side by side
	fit   func(i, j int) bool // the labs of two drills are up side by side
	alone func(i int) bool    // a drill wants the machine for itself

	mu      sync.Mutex              // also of what is printed
	failed  bool                    // the harness failed: no further drill begins
	asked   int                     // how many drills were asked for
	results map[int]evidence.Result // of those that left evidence, by their place
	worst   int
}

// sideBySide runs so many drills at a time, and at the end those that want the machine for themselves.
func (r *runs) sideBySide(ctx context.Context, drills []runner.Options, jobs int) error {
	errs := make([]error, len(drills))
	sideBySide(len(drills), jobs, r.alone, func(i int) { errs[i] = r.one(ctx, i, len(drills), drills[i]) })
	return errors.Join(errs...)
}

// sideBySide does n things, so many at a time; what is to be alone is done after the rest.
func sideBySide(n, jobs int, alone func(i int) bool, do func(i int)) {
	var g errgroup.Group
	g.SetLimit(jobs)
	var last []int
	for i := range n {
		if alone(i) {
			last = append(last, i)
			continue
		}
		g.Go(func() error {
			do(i)
			return nil
		})
	}
	_ = g.Wait()
	for _, i := range last {
		do(i)
	}
}

// inTurn runs one drill after the other. The lab of the next one comes up while the last one, of which nothing is
// measured any more, reads what is left, heals and clears away.
func (r *runs) inTurn(ctx context.Context, drills []runner.Options) error {
	ahead := make(chan *runner.Ahead, 1)
	for i, o := range drills {
		if i+1 < len(drills) && r.fit(i, i+1) {
			o.Measured = func() { ahead <- runner.StartAhead(ctx, drills[i+1]) }
		}
		err := errors.Join(r.one(ctx, i, len(drills), o), o.Ahead.Discard(ctx))
		select {
		case next := <-ahead:
			if err == nil {
				drills[i+1].Ahead = next
			} else {
				err = errors.Join(err, next.Discard(ctx))
			}
		default:
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// one runs the drill at a place of so many.
func (r *runs) one(ctx context.Context, place, of int, o runner.Options) error {
	r.mu.Lock()
	failed := r.failed
	r.mu.Unlock()
	if failed {
		return nil
	}
	v := r.newView(o.Scenario, place, of)
	v.begin()
	o.Say, o.Images.Progress, o.Watch = v.line, v.image, v.event
	out, err := runner.Run(ctx, o)
	v.end(out)
	r.mu.Lock()
	defer r.mu.Unlock()
	if out.Dir != "" {
		r.results[place] = out.Result
	}
	if err != nil {
		r.failed = true
		if out.Dir != "" {
			r.tell("evidence as far as it goes: %s", out.Dir)
		}
		return err
	}
	r.worst = max(r.worst, severity(out.Result))
	if err := r.flags.remember(out); err != nil {
		return err
	}
	if out.Lab != "" {
		r.tell("lab %s is left up: look at it with `regionfall status`, end it with `regionfall down`", out.Lab)
	}
	if r.flags.json || r.flags.brief && out.Result.Expected.Met {
		return nil
	}
	if err := evidence.Table(r.stdout, out.Result, r.color); err != nil {
		return err
	}
	r.say("evidence: %s", filepath.Join(out.Dir, evidence.FileReport))
	return nil
}

// inOrder are the results in the order in which drills were asked for.
func (r *runs) inOrder() []evidence.Result {
	var all []evidence.Result
	for _, place := range slices.Sorted(maps.Keys(r.results)) {
		all = append(all, r.results[place])
	}
	return all
}

// conclude prints what is to be said of all drills together.
func (r *runs) conclude() error {
	switch {
	case r.flags.json:
		return r.printJSON(r.inOrder(), r.many)
	case !r.many && !r.flags.brief:
		return nil
	}
	if err := evidence.Overview(r.stdout, r.inOrder(), r.asked, r.color); err != nil {
		return err
	}
	r.say("evidence: %s", filepath.Join(r.flags.out, "index.html"))
	return nil
}
