package runtime

import (
	"context"
	"time"
)

// Poll asks until the answer is nil, and says what the last answer was when ctx ends first. What is waited for is the
// caller's to add.
func Poll(ctx context.Context, every time.Duration, ask func(ctx context.Context) error) error {
	var last error
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		// What the end of ctx itself made fail says less than the answer before.
		if ctx.Err() == nil || last == nil {
			last = err
		}
		if Pause(ctx, every) != nil {
			return last
		}
	}
}

// Pause waits, or returns the error of ctx as soon as that ends.
func Pause(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
