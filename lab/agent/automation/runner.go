package automation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/regionfall/regionfall/lab/agent/automation/steps"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
)

// stepRetry is the pause between two attempts at a step.
const stepRetry = 100 * time.Millisecond

// found is a step that is done when it begins: what it is for is known.
func found(detail string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return detail, nil }
}

// runner gives steps their deadline and their marks.
type runner struct {
	marks  *runtime.Marks
	limit  time.Duration // of one attempt
	pause  time.Duration // between attempts
	enter  func(step, detail string)
	orders *stepOrders // of faults
}

// complete does a step, with its mark, as often as it is to be done: once.
func (r runner) complete(ctx context.Context, s steps.Step) error {
	r.enter(s.Name, "")
	for range r.orders.rounds(s.Name) {
		if err := r.once(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// once repeats a step until it succeeds: there is nobody else to hand a half-done failover to. Each kind of failure is
// marked once, and the end by the step's mark, if it has one. The error is that of ctx.
func (r runner) once(ctx context.Context, s steps.Step) error {
	marked := map[string]bool{}
	for {
		detail, err := r.attempt(ctx, s)
		if err == nil {
			if s.Mark != "" {
				r.marks.Leave(s.Mark, detail)
			}
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		failure := s.Name + ": " + runtime.OneLine(err)
		if kind := runtime.WithoutNumbers(failure); !marked[kind] {
			marked[kind] = true
			r.marks.Leave(api.MarkFailed, failure)
			r.enter(s.Name, failure)
		}
		if err := runtime.Pause(ctx, r.pause); err != nil {
			return err
		}
	}
}

func (r runner) attempt(ctx context.Context, s steps.Step) (string, error) {
	limit := r.limit + s.Waits
	attempt, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	detail := ""
	err := r.orders.carryOut(attempt, s.Name, r.marks)
	if err == nil {
		detail, err = s.Run(attempt)
	}
	if err != nil && errors.Is(attempt.Err(), context.DeadlineExceeded) {
		return "", fmt.Errorf("not done within %s: %w", limit, err)
	}
	return detail, err
}
