package automation

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/lab/agent/agenttest"
	"github.com/regionfall/regionfall/lab/agent/automation/automationtest"
	"github.com/regionfall/regionfall/lab/agent/automation/steps"
	"github.com/regionfall/regionfall/lab/api"
)

// A region that can't be reached keeps nobody waiting, and follows when it is back.
func TestARegionThatIsAwayFollowsLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := automationtest.Settings()
		cfg.StepTimeout = 10 * time.Second
		cfg.Followers = []api.Follower{{Region: "south"}, {Region: "north"}}
		a := rig(diesAt(time.Second))
		began := time.Now()
		asked := map[string]*atomic.Int64{"south": {}, "north": {}}
		a.follow = steps.NewFollow(cfg, func(_ context.Context, f api.Follower) (string, error) {
			asked[f.Region].Add(1)
			if f.Region == "north" && time.Since(began) < 9*time.Second {
				return "", errors.New("connection refused")
			}
			return "follows", nil
		}, a.marks)
		a.plan = append(a.plan, steps.Step{Name: api.StepFollow, Run: a.follow.Run})
		got, state := runFor(t, a, 20*time.Second)
		agenttest.Expect(t, got,
			agenttest.At(1200*ms, api.MarkDetected, "gone"), agenttest.At(1700*ms, api.MarkDecided,
				"the witness sees the loss too"), agenttest.At(1700*ms, api.MarkFenced, "read only"),
			agenttest.At(1700*ms, api.MarkFailed, "follow, and goes on behind: north: connection refused"),
			agenttest.At(9700*ms, api.MarkFollowed, "south: follows; north: follows"),
		)
		if state != api.PhaseDone || asked["south"].Load() != 1 {
			t.Errorf("state %s, and south was brought along %d times", state, asked["south"].Load())
		}
	})
}

func TestAutomationThatIsStartedAgainLooksAfterThoseThatFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := automationtest.Settings()
		cfg.Followers = []api.Follower{{Region: "south"}}
		a := rig(diesAt(0))
		a.traces = fakeTraces{progress: progressDone}
		follows := func(context.Context, api.Follower) (string, error) { return "follows already", nil }
		a.follow = steps.NewFollow(cfg, follows, a.marks)
		got, _ := runFor(t, a, time.Second)
		if !slices.ContainsFunc(got, func(m agenttest.Mark) bool { return m.Name == api.MarkFollowed }) {
			t.Errorf("marks are %v, want one that says that south follows", got)
		}
	})
}
