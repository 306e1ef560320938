package automation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/regionfall/regionfall/lab/agent/runtime"

	"github.com/regionfall/regionfall/lab/api"
)

// stepRetry is the pause between two attempts at a step.
const stepRetry = 100 * time.Millisecond

// step is one thing a failover does.
type step interface {
	// Name is one word for it, as the marks and GET /state have it.
	Name() string
	// Do brings about what the step is for and sees that it is so, within the deadline of ctx. Done again, it changes
	// nothing. The detail says what was found and done.
	Do(ctx context.Context) (detail string, err error)
}

// lasting is a step that waits on purpose, for so long, beside what it does.
type lasting interface{ Lasts() time.Duration }

// stage is a step with the mark that says that it is done.
type stage struct {
	step step
	mark string
}

// The steps before the decision, by the names that faults know them by.
const (
	stepDetect = "detect"
	stepDecide = "decide"
)

// finding is a step that is done when it begins: what it is for has been found out.
type finding struct{ name, said string }

// Name is that of the step.
func (f finding) Name() string { return f.name }

// Do says what was found.
func (f finding) Do(context.Context) (string, error) { return f.said, nil }

// runner gives steps their deadline and their marks.
type runner struct {
	marks *runtime.Marks
	limit time.Duration // of one attempt
	pause time.Duration // between attempts
	enter func(step, detail string)
	told  *stepFaults
}

// complete does a step, with its mark, as often as it is to be done: once.
func (r runner) complete(ctx context.Context, s stage) error {
	r.enter(s.step.Name(), "")
	for range r.told.rounds(s.step.Name()) {
		if err := r.once(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// once repeats a step until it succeeds: there is nobody else to hand a half-done failover to. Each kind of failure is
// marked once, and the end by the stage's mark, if it has one. The error is that of ctx.
func (r runner) once(ctx context.Context, s stage) error {
	marked := map[string]bool{}
	for {
		detail, err := r.attempt(ctx, s.step)
		if err == nil {
			if s.mark != "" {
				r.marks.Leave(s.mark, detail)
			}
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		failure := s.step.Name() + ": " + runtime.OneLine(err)
		if kind := runtime.WithoutNumbers(failure); !marked[kind] {
			marked[kind] = true
			r.marks.Leave(api.MarkFailed, failure)
			r.enter(s.step.Name(), failure)
		}
		if err := runtime.Pause(ctx, r.pause); err != nil {
			return err
		}
	}
}

func (r runner) attempt(ctx context.Context, s step) (string, error) {
	limit := r.limit
	if l, ok := s.(lasting); ok {
		limit += l.Lasts()
	}
	attempt, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	detail := ""
	err := r.told.spoil(attempt, s.Name(), r.marks)
	if err == nil {
		detail, err = s.Do(attempt)
	}
	if err != nil && errors.Is(attempt.Err(), context.DeadlineExceeded) {
		return "", fmt.Errorf("not done within %s: %w", limit, err)
	}
	return detail, err
}
