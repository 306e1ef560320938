package automation

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

	"github.com/regionfall/regionfall/lab/topology"
)

const (
	// followEvery is how often a region that is on its way is looked at, followAgain how often one that was not reached
	// is tried again.
	followEvery = 50 * time.Millisecond
	followAgain = time.Second
)

// follow has the regions that neither were lost nor take over follow the one that does: their databases stream from it,
// and their apps write to it. It comes after clients were redirected, so a region that can't be reached keeps nobody
// waiting; Late goes on trying.
type follow struct {
	region    string
	postgres  topology.Endpoint // of the region that takes over
	followers []api.Follower    // may be none
	limit     time.Duration     // of one attempt
	marks     *runtime.Marks
	bring     func(ctx context.Context, f api.Follower) (detail string, err error)

	mu   sync.Mutex
	left []api.Follower // that do not follow yet
	said []string       // of those that do
	owed chan struct{}
}

func newFollow(cfg api.AutomationConfig, m *runtime.Marks) *follow {
	f := &follow{
		region: cfg.Region, postgres: cfg.Postgres, followers: cfg.Followers, limit: cfg.StepTimeout / 2, marks: m,
		left: slices.Clone(cfg.Followers), owed: make(chan struct{}, 1),
	}
	f.bring = f.all
	return f
}

// Name is follow.
func (*follow) Name() string { return "follow" }

// Do brings about what it can in half the time of the step, and leaves the rest to Late. The mark is left by who brings
// the last one along.
func (f *follow) Do(ctx context.Context) (string, error) {
	err := f.attempt(ctx)
	if ctx.Err() != nil {
		return "", errors.Join(err, ctx.Err())
	}
	if err != nil {
		f.Owe()
		f.marks.Leave(api.MarkFailed, f.Name()+", and goes on behind: "+runtime.OneLine(err))
	}
	return "", nil
}

// Owe has Late see to those that do not follow.
func (f *follow) Owe() {
	select {
	case f.owed <- struct{}{}:
	default:
	}
}

// Late tries again until all follow, once that is owed. It returns then or when ctx ends.
func (f *follow) Late(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-f.owed:
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
func (f *follow) attempt(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, f.limit)
	defer cancel()
	f.mu.Lock()
	defer f.mu.Unlock()
	details, errs := make([]string, len(f.left)), make([]error, len(f.left))
	var each sync.WaitGroup
	for i, follower := range f.left {
		each.Go(runtime.With("bring "+follower.Region+" along",
			func() { details[i], errs[i] = f.bring(ctx, follower) }))
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

// all brings the database, the cache and the configuration of a region along.
func (f *follow) all(ctx context.Context, to api.Follower) (string, error) {
	var details [3]string
	var errs [3]error
	var each sync.WaitGroup
	each.Go(runtime.With("bring a database along", func() { details[0], errs[0] = f.postgresOf(ctx, to) }))
	each.Go(runtime.With("bring a cache along", func() { details[1], errs[1] = f.redisOf(ctx, to) }))
	each.Go(runtime.With("bring a configuration along", func() { details[2], errs[2] = f.configOf(ctx, to) }))
	each.Wait()
	return strings.Join(details[:], ", "), errors.Join(errs[:]...)
}
