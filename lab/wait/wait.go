// Package wait waits for conditions that can be asked for. Every wait has a limit, and the error of one that was in
// vain tells what was awaited and what was seen last.
package wait

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Every is how long to pause between two looks.
type Every time.Duration

// often is short for whoever waits, and long for what is asked.
const often = Every(10 * time.Millisecond)

// Until looks until the error is nil. It gives up after the limit, when ctx ends, or at once when the error is one of
// Stop.
func Until(ctx context.Context, limit time.Duration, what string, look func(ctx context.Context) error) error {
	return often.Until(ctx, limit, what, look)
}

// Until is the same with pauses of its own.
func (e Every) Until(ctx context.Context, limit time.Duration, what string,
	look func(ctx context.Context) error,
) error {
	began := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errLimit)
	defer cancel()
	tick := time.NewTicker(time.Duration(e))
	defer tick.Stop()
	var last error
	for {
		err := look(ctx)
		var stop stopped
		switch {
		case err == nil:
			return nil
		case errors.As(err, &stop):
			return stop.error
		case ctx.Err() == nil || last == nil: // what the end of ctx itself made fail says less than the look before
			last = err
		}
		if ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
		if ctx.Err() != nil {
			waited := time.Since(began).Round(time.Millisecond)
			if cause := context.Cause(ctx); !errors.Is(cause, errLimit) {
				return fmt.Errorf("waited %s for %s: %w; last seen: %w", waited, what, cause, last)
			}
			return fmt.Errorf("waited %s for %s; last seen: %w", limit, what, last)
		}
	}
}

var errLimit = errors.New("the limit has passed")

// Stop is an error that no other look can change.
func Stop(err error) error { return stopped{err} }

type stopped struct{ error }

func (s stopped) Unwrap() error { return s.error }
