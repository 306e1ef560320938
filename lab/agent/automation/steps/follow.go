package steps

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
)

// followAgain is how often a region that was not reached is tried again.
const followAgain = time.Second

// Follow has the regions that neither were lost nor take over follow the one that does: their databases stream from it,
// and their apps write to it. It comes after clients were redirected, so a region that can't be reached keeps nobody
// waiting; Late goes on trying.
type Follow struct {
	followers []api.Follower // may be none
	limit     time.Duration  // of one attempt
	marks     *runtime.Marks
	attach    attach

	mu        sync.Mutex
	left      []api.Follower // that do not follow yet
	said      []string       // of those that do
	scheduled chan struct{}
}

// attach has one region follow, and waits until it does.
type attach func(ctx context.Context, f api.Follower) (detail string, err error)

// NewFollow makes the step, with how one region is attached.
func NewFollow(cfg api.AutomationConfig, attach attach, m *runtime.Marks) *Follow {
	return &Follow{
		followers: cfg.Followers, limit: cfg.StepTimeout / 2, marks: m, attach: attach,
		left: slices.Clone(cfg.Followers), scheduled: make(chan struct{}, 1),
	}
}

func makeFollow(t tools) Step {
	if len(t.cfg.Followers) == 0 {
		return Step{}
	}
	return Step{Run: t.Follow.Run, MarksItself: true}
}

// Run brings about what it can in half the time of the step, and leaves the rest to Late. The mark is left by who
// brings the last one along.
func (f *Follow) Run(ctx context.Context) (string, error) {
	err := f.attempt(ctx)
	if ctx.Err() != nil {
		return "", errors.Join(err, ctx.Err())
	}
	if err != nil {
		f.Schedule()
		f.marks.Leave(api.MarkFailed, api.StepFollow+", and goes on behind: "+runtime.OneLine(err))
	}
	return "", nil
}

// Schedule has Late see to those that do not follow.
func (f *Follow) Schedule() {
	select {
	case f.scheduled <- struct{}{}:
	default:
	}
}

// Late tries again until all follow, once that is owed. It returns then or when ctx ends.
func (f *Follow) Late(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-f.scheduled:
	}
	for warned := ""; ; {
		err := f.attempt(ctx)
		if err == nil {
			return
		}
		if kind := runtime.WithoutNumbers(runtime.OneLine(err)); kind != warned {
			warned = kind
			slog.Warn("a region does not follow yet", "error", err)
		}
		if runtime.Pause(ctx, followAgain) != nil {
			return
		}
	}
}

// attempt tries all that are left, at the same time, and leaves the mark when all follow.
func (f *Follow) attempt(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, f.limit)
	defer cancel()
	f.mu.Lock()
	defer f.mu.Unlock()
	details, errs := make([]string, len(f.left)), make([]error, len(f.left))
	var each sync.WaitGroup
	for i, follower := range f.left {
		each.Go(runtime.With("bring "+follower.Region+" along",
			func() { details[i], errs[i] = f.attach(ctx, follower) }))
	}
	each.Wait()
	var left []api.Follower
	for i, follower := range f.left {
		if errs[i] != nil {
			errs[i] = fmt.Errorf("%s: %w", follower.Region, errs[i])
			left = append(left, follower)
			continue
		}
		f.said = append(f.said, follower.Region+": "+details[i])
	}
	f.left = left
	if len(left) == 0 && len(f.followers) > 0 {
		f.marks.Leave(api.MarkFollowed, strings.Join(f.said, "; "))
	}
	return errors.Join(errs...)
}
