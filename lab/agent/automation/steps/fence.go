package steps

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/regionfall/regionfall/lab/agent/automation/world"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
)

const (
	// fenceLimit bounds one attempt at fencing. Mostly the old primary is gone, and clients wait while it is knocked
	// at.
	fenceLimit = 2 * time.Second
	// fenceShare is the part of a step's deadline that fencing may take, where that is less.
	fenceShare = 5
	// fenceAgain is how often an old primary that was gone is knocked at: writes it takes after its return are lost.
	fenceAgain = 250 * time.Millisecond
)

// Fence makes the old primary refuse writes. It asks the database itself, so it is only as good as the database's
// manners: a session may override default_transaction_read_only, which the app does not do. An old primary that cannot
// be reached cannot be fenced; the failover goes on, and Late fences it when it returns.
type Fence struct {
	once func(ctx context.Context) (world.Fenced, error) // one attempt

	limit     time.Duration // of one attempt
	done      atomic.Pointer[world.Fenced]
	scheduled chan struct{} // holds one when Late has to fence
}

func makeFence(t tools) Step { return Step{Run: t.Fence.Run} }

// NewFence makes the fence of an old primary from one attempt at it.
func NewFence(once func(ctx context.Context) (world.Fenced, error), stepTimeout time.Duration) *Fence {
	return &Fence{
		once:      once,
		limit:     min(fenceLimit, stepTimeout/fenceShare),
		scheduled: make(chan struct{}, 1),
	}
}

// Run fences the old primary, or finds it unreachable. One that is there and is not fenced when the time is up is an
// error, whether it says no, is starting or has become silent half way: going on would make two primaries knowingly.
func (f *Fence) Run(ctx context.Context) (detail string, err error) {
	if f.done.Load() != nil {
		return "fenced before", nil
	}
	err = runtime.Poll(ctx, fenceAgain, func(ctx context.Context) error {
		done, err := f.attempt(ctx)
		detail = done.Detail
		if runtime.IsUnreachable(err) && ctx.Err() == nil {
			f.Schedule()
			detail, err = "unreachable: "+runtime.Cause(err), nil
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return detail, nil
}

// Flushed is how far the log of the old primary was on disk when it was fenced, as a pg_lsn, or empty if that is not
// known.
func (f *Fence) Flushed() string {
	if done := f.done.Load(); done != nil {
		return done.Flushed
	}
	return ""
}

// Forget has the old primary, which serves again, be fenced the next time.
func (f *Fence) Forget() { f.done.Store(nil) }

// Schedule has Late fence the old primary.
func (f *Fence) Schedule() {
	select {
	case f.scheduled <- struct{}{}:
	default:
	}
}

// Late fences the old primary once it is back, whenever that is owed, and leaves a mark. It returns when ctx ends.
func (f *Fence) Late(ctx context.Context, marks *runtime.Marks) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.scheduled:
		}
		warned := map[string]bool{}
		for runtime.Pause(ctx, fenceAgain) == nil {
			done, err := f.attempt(ctx)
			if err == nil {
				marks.Leave(api.MarkFencedLate, done.Detail)
				break
			}
			if kind := runtime.WithoutNumbers(runtime.OneLine(err)); !runtime.IsUnreachable(err) && !warned[kind] {
				warned[kind] = true
				slog.Warn("the old primary is back and not fenced yet", "error", err)
			}
		}
	}
}

func (f *Fence) attempt(ctx context.Context) (world.Fenced, error) {
	attempt, cancel := context.WithTimeout(ctx, f.limit)
	defer cancel()
	done, err := f.once(attempt)
	if err != nil {
		return world.Fenced{}, runtime.Within(f.limit, err)
	}
	f.done.Store(&done)
	return done, nil
}
