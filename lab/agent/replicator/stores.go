package replicator

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/store"
)

// CopyObjects copies every object of the bucket topology.Bucket once that the target lacks or has in an older version.
// A bucket that the source does not have yet is empty. The count is right also with an error, which names what could
// not be copied.
func CopyObjects(ctx context.Context, from, to api.Stores) (copied int, err error) {
	pass, err := newObjectCopier(from, to, newRules()).pass(ctx)
	return pass.copied, err
}

// CopyItems copies every item of the table topology.ItemsTable once that the target lacks or has in an older version. A
// table that the source does not have yet is empty. The count is right also with an error, which names what could not
// be copied.
func CopyItems(ctx context.Context, from, to api.Stores) (copied int, err error) {
	pass, err := newItemCopier(from, to, newRules()).pass(ctx)
	return pass.copied, err
}

// copyPass is what one pass over a source did. Pending is since when the oldest thing waits that was seen and not
// copied, late since when the oldest of those that no rule holds, due when a rule lets go of the first of those that it
// holds for a time. The times are dated by a clock.
type copyPass struct {
	copied  int
	pending time.Time
	late    time.Time
	due     time.Time
	behind  time.Duration // the longest that anything it copied had waited since it was written, or a rule let it go
	whole   bool          // all of the source was looked at
	// the stamp up to which all items were copied, in this pass or before; 0: none were, or there are no stamps
	watermark int64
	bytes     int64    // of the contents that it copied
	waits     *waiting // what the target lacks; nil: nobody has looked
	// conflicts is how often both regions had written something else under the same key
	conflicts int
}

// waiting is how much waits to be copied.
type waiting struct {
	things int
	bytes  int64
}

// result is how the work on one thing ended: whether it was copied, and since when nothing but the copying kept it: it
// was written, or a rule let it go.
type result struct {
	copied, conflict bool
	bytes            int64 // of its content
	since            time.Time
}

// oldest is the earlier of two times, where the zero time is none.
func oldest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// sourceError is a failure to read the source, as opposed to one of the target.
type sourceError struct{ error }

func (e sourceError) Unwrap() error { return e.error }

// crew copies things with a bounded number of workers. One thing that cannot be copied does not keep the others from
// it, but as many failures as workers end the work: then a store is gone and waiting for each of the rest would only
// take longer.
type crew struct {
	group  errgroup.Group
	cancel context.CancelFunc

	mu   sync.Mutex
	pass copyPass
	errs []error
}

func newCrew(ctx context.Context) (*crew, context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	c := &crew{cancel: cancel}
	c.group.SetLimit(store.Calls)
	return c, ctx
}

// do has one thing, dated at, copied by work, which says how it ended. It blocks while all workers are busy.
func (c *crew) do(ctx context.Context, at time.Time, work func(ctx context.Context) (result, error)) {
	c.group.Go(func() error {
		defer runtime.LastWords("copy an object or item")
		err := ctx.Err()
		var r result
		if err == nil {
			r, err = work(ctx)
		}
		ended := time.Now()
		c.mu.Lock()
		defer c.mu.Unlock()
		if r.conflict {
			c.pass.conflicts++
		}
		if r.copied {
			c.pass.copied++
			c.pass.bytes += r.bytes
			c.pass.behind = max(c.pass.behind, ended.Sub(r.since))
		}
		if err != nil {
			c.miss(at, err)
		}
		return nil
	})
}

// hold notes that something, dated at, was not copied because of a rule.
func (c *crew) hold(at time.Time, h onHold) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.miss(at, h)
}

// miss notes, with the lock held, that something was not copied. What the end of the work itself cut short is not one
// more reason, and a rule is no failure.
func (c *crew) miss(at time.Time, err error) {
	c.pass.pending = oldest(c.pass.pending, at)
	if h := (onHold{}); errors.As(err, &h) {
		c.pass.due = oldest(c.pass.due, h.until)
		return
	}
	c.pass.late = oldest(c.pass.late, latestWritten(at))
	if len(c.errs) > 0 && errors.Is(err, context.Canceled) {
		return
	}
	c.errs = append(c.errs, err)
	if len(c.errs) >= store.Calls {
		c.cancel()
	}
}

// wait ends the work and says what it did. Only the first failure is told, as the others say the same of other things.
func (c *crew) wait() (copyPass, error) {
	defer c.cancel()
	if err := c.group.Wait(); err != nil {
		return c.pass, err
	}
	if len(c.errs) > 0 {
		return c.pass, c.errs[0]
	}
	return c.pass, nil
}
