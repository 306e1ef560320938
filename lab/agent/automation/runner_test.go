package automation

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/lab/agent/runtime"
)

func TestWhatAStepWaitsOnPurposeIsNotItsTime(t *testing.T) {
	for took, want := range map[time.Duration]bool{29 * time.Second: true, 31 * time.Second: false} {
		synctest.Test(t, func(t *testing.T) {
			a := rig(diesAt(time.Hour))
			step := fakeStep("redirect", func(ctx context.Context) error { return runtime.Pause(ctx, took) }).step("")
			step.Waits = 20 * time.Second
			_, err := a.runner.attempt(t.Context(), step)
			if (err == nil) != want {
				t.Errorf("a step that takes %s of 10 s and 20 s: %v", took, err)
			}
		})
	}
}
