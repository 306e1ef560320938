package automation

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/lab/agent/agenttest"
	"github.com/regionfall/regionfall/lab/agent/configs"
	"github.com/regionfall/regionfall/lab/agent/runtime"

	"github.com/regionfall/regionfall/lab/api"

	"github.com/regionfall/regionfall/lab/topology"
)

// A region that can't be reached keeps nobody waiting, and follows when it is back.
func TestARegionThatIsAwayFollowsLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := settings()
		cfg.StepTimeout = 10 * time.Second
		cfg.Followers = []api.Follower{{Region: "south"}, {Region: "north"}}
		a := rig(diesAt(time.Second))
		a.follow = newFollow(cfg, a.marks)
		began := time.Now()
		asked := map[string]*atomic.Int64{"south": {}, "north": {}}
		a.follow.bring = func(ctx context.Context, f api.Follower) (string, error) {
			asked[f.Region].Add(1)
			if f.Region == "north" && time.Since(began) < 9*time.Second {
				return "", errors.New("connection refused")
			}
			return "follows", nil
		}
		a.stages = append(a.stages, stage{step: a.follow})
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

// One that hangs is given half the time of the step.
func TestARegionThatHangsEndsNotTheStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := settings()
		cfg.StepTimeout, cfg.Followers = 10*time.Second, []api.Follower{{Region: "south"}}
		m := runtime.NewMarks("automation.west")
		f := newFollow(cfg, m)
		f.bring = func(ctx context.Context, _ api.Follower) (string, error) { <-ctx.Done(); return "", ctx.Err() }
		ctx, cancel := context.WithTimeout(t.Context(), cfg.StepTimeout)
		defer cancel()
		began := time.Now()
		_, err := f.Do(ctx)
		if left := agenttest.Marks(m); err != nil || len(left) != 1 || left[0].Name != api.MarkFailed ||
			time.Since(began) != 5*time.Second {
			t.Errorf("after %s: %v, %v", time.Since(began), left, err)
		}
	})
}

func TestAutomationThatIsStartedAgainLooksAfterThoseThatFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := settings()
		cfg.Followers = []api.Follower{{Region: "south"}}
		a := rig(diesAt(0))
		a.world, a.follow = fakeWorld{progress: progressDone}, newFollow(cfg, a.marks)
		a.follow.bring = func(context.Context, api.Follower) (string, error) { return "follows already", nil }
		got, _ := runFor(t, a, time.Second)
		if !slices.ContainsFunc(got, func(m agenttest.Mark) bool { return m.Name == api.MarkFollowed }) {
			t.Errorf("marks are %v, want one that says that south follows", got)
		}
	})
}

// The configuration of a region is published by its replicator, with the stores of the region that took over.
func TestConfigurationOfAFollower(t *testing.T) {
	dir := t.TempDir()
	published, delivered := filepath.Join(dir, "published.json"), filepath.Join(dir, "region.json")
	east := topology.Endpoint{Region: "east", Address: "hub:1"}
	own := topology.Endpoint{Region: "south", Address: "s3.south:1"}
	before := topology.Config{
		Revision: 3, Region: "south", AppNodes: 1, Postgres: east, Redis: east, S3: own, DynamoDB: own,
		Reads: topology.ReadsLocal, LocalPostgres: &own,
	}
	if err := configs.WriteConfig(published, before); err != nil {
		t.Fatal(err)
	}
	d := configs.NewDelivery("south", configs.NewLineage(startRepository(t, before), "replicator.south"), published,
		delivered)
	d.Deliver(time.Now())
	mux := http.NewServeMux()
	d.Routes(mux)
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		c, err := configs.ReadConfig(delivered)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set(api.HeaderRevision, strconv.Itoa(c.Revision))
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	f := newFollow(settings(), runtime.NewMarks("automation.west"))
	to := api.Follower{
		Region: "south", Config: server.URL + "/config", App: server.URL + "/readyz",
		Primary: topology.Endpoint{Region: "west", Address: "hub:2"},
		Cache:   topology.Endpoint{Region: "west", Address: "hub:3"},
	}
	for _, want := range []string{"revision 4, rewritten", "revision 4, was so already"} {
		if detail, err := f.configOf(t.Context(), to); err != nil || detail != want {
			t.Fatalf("it says %q, %v, want %q", detail, err, want)
		}
	}
	got, err := configs.ReadConfig(delivered)
	if err != nil {
		t.Fatal(err)
	}
	if got.Postgres != to.Primary || got.Redis != to.Cache || got.S3 != own || got.Reads != topology.ReadsLocal ||
		*got.LocalPostgres != own {
		t.Errorf("the configuration has become %+v", got)
	}
}
