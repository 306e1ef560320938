package steps

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/lab/agent/agenttest"
	"github.com/regionfall/regionfall/lab/agent/automation/automationtest"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
)

// One that hangs is given half the time of the step.
func TestARegionThatHangsEndsNotTheStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := automationtest.Settings()
		cfg.StepTimeout, cfg.Followers = 10*time.Second, []api.Follower{{Region: "south"}}
		m := runtime.NewMarks("automation.west")
		hangs := func(ctx context.Context, _ api.Follower) (string, error) { <-ctx.Done(); return "", ctx.Err() }
		f := NewFollow(cfg, hangs, m)
		ctx, cancel := context.WithTimeout(t.Context(), cfg.StepTimeout)
		defer cancel()
		began := time.Now()
		_, err := f.Run(ctx)
		if left := agenttest.Marks(m); err != nil || len(left) != 1 || left[0].Name != api.MarkFailed ||
			time.Since(began) != 5*time.Second {
			t.Errorf("after %s: %v, %v", time.Since(began), left, err)
		}
	})
}
