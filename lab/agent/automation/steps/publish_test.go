package steps

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/agent/automation/automationtest"
	"github.com/regionfall/regionfall/lab/agent/configs"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// standby is a region whose configuration leads to the home region, with an app that takes each new revision when asked
// a second time.
func standby(t *testing.T) api.AutomationConfig {
	t.Helper()
	cfg := automationtest.Settings()
	east := topology.Endpoint{Region: "east", Address: "hub:20001"}
	cfg.Repository = automationtest.Repository(t, topology.Config{
		Revision: 4, Region: "west", AppNodes: 1, Postgres: east, Redis: east, S3: cfg.S3, DynamoDB: cfg.DynamoDB,
		MirrorS3: &east, MirrorDynamoDB: &east,
	})
	var inForce atomic.Int64
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _, err := configs.NewLineage(cfg.Repository, "").Read(r.Context(), "west")
		if err != nil && r.Context().Err() == nil {
			t.Errorf("the app read: %v", err)
		}
		w.Header().Set(api.HeaderRevision, strconv.FormatInt(inForce.Swap(int64(c.Revision)), 10))
	}))
	t.Cleanup(app.Close)
	cfg.AppsReady = []string{app.URL}
	return cfg
}

// published is what a region is to have.
func published(t *testing.T, cfg api.AutomationConfig) (topology.Config, string) {
	t.Helper()
	c, commit, err := configs.NewLineage(cfg.Repository, "").Read(t.Context(), cfg.Region)
	if err != nil {
		t.Fatal(err)
	}
	return c, commit
}

func TestRepointLeavesNoOtherRegion(t *testing.T) {
	cfg := standby(t)
	detail, err := newRepoint(cfg, map[string]bool{}).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, before := published(t, cfg)
	want := topology.Config{
		Revision: 5, Region: "west", AppNodes: 1, Postgres: cfg.Postgres, Redis: cfg.Redis, S3: cfg.S3,
		DynamoDB: cfg.DynamoDB,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
	if detail != "revision 5, rewritten" {
		t.Errorf("the detail is %q", detail)
	}

	detail, err = newRepoint(cfg, map[string]bool{}).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, after := published(t, cfg); before != after || detail != "revision 5, was so already" {
		t.Errorf("done again, it changed something: %q", detail)
	}
}

// An app that takes addresses only when it starts is said to have been started again.
func TestRepointSaysThatNodesWereStartedAgain(t *testing.T) {
	cfg := standby(t)
	cfg.Restarts = true
	for _, want := range []string{
		"revision 5, rewritten; nodes with other addresses were started again", "revision 5, was so already",
	} {
		detail, err := newRepoint(cfg, map[string]bool{}).Run(t.Context())
		if err != nil || detail != want {
			t.Errorf("it says %q, want %q: %v", detail, want, err)
		}
	}
}

func TestRepointWaitsForTheRevision(t *testing.T) {
	cfg := standby(t)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter,
		_ *http.Request,
	) {
		w.Header().Set(api.HeaderRevision, "4")
	}))
	defer app.Close()
	cfg.AppsReady = []string{app.URL}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := newRepoint(cfg, map[string]bool{}).Run(ctx); err == nil ||
		!strings.Contains(err.Error(), "ready with revision 4") {
		t.Errorf("the error is %v, want that the app has the old revision", err)
	}
}

// A dead node costs the failover one deadline, and not the failover; nor does another step wait for it.
func TestStepsGoOnWithTheNodesThatAreReady(t *testing.T) {
	cfg := standby(t)
	const dead = "http://127.0.0.1:1"
	good := cfg.AppsReady[0]
	late := map[string]bool{}
	attempt := func(step *publishing) (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		return step.Run(ctx)
	}
	cfg.AppsReady = []string{dead}
	if _, err := attempt(newRepoint(cfg, late)); err == nil || len(late) > 0 {
		t.Errorf("no node is ready: %v, and late are %v", err, late)
	}
	cfg.AppsReady = []string{good, dead}
	out := newScaleOut(cfg, late)
	if _, err := attempt(out); err == nil || !strings.Contains(err.Error(), "connection refused") || !late[dead] {
		t.Errorf("one of two is dead, and the first attempt ends with %v", err)
	}
	if detail, err := attempt(out); err != nil || detail != "revision 6, was so already, 1 ready" {
		t.Errorf("the second attempt ends with %q, %v", detail, err)
	}
	if detail, err := attempt(newRepoint(cfg, late)); err != nil || detail != "revision 6, was so already, 1 ready" {
		t.Errorf("another step ends with %q, %v", detail, err)
	}
	late[good], late[dead] = false, true
	cfg.AppsReady = []string{dead, good} // who was late is the only one
	out = newScaleOut(cfg, map[string]bool{good: true})
	if _, err := attempt(out); err == nil {
		t.Error("no node that is waited for is ready, and the step is done")
	}
	if _, err := attempt(out); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("the one that is back is not looked at: %v", err)
	}
	if detail, err := attempt(out); err != nil || !strings.HasSuffix(detail, "1 ready") {
		t.Errorf("the one that is back does not count: %q, %v", detail, err)
	}
}

func TestScaleOutHasAllNodesRun(t *testing.T) {
	cfg := standby(t)
	cfg.AppsReady = []string{cfg.AppsReady[0], cfg.AppsReady[0]}
	for _, want := range []string{"revision 5, app nodes: 2 instead of 1", "revision 5, was so already"} {
		if detail, err := newScaleOut(cfg, map[string]bool{}).Run(t.Context()); err != nil || detail != want {
			t.Errorf("it says %q, %v, want %q", detail, err, want)
		}
	}
	if got, _ := published(t, cfg); got.AppNodes != 2 || got.Postgres.Region != "east" {
		t.Errorf("the configuration has become %+v", got)
	}
}

// An app that is not the sample app names no revision, and may say in another way that it is ready.
func TestRepointTakesAnAppAtItsWord(t *testing.T) {
	cfg := standby(t)
	says := http.StatusServiceUnavailable
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(says)
		says = http.StatusNoContent
	}))
	defer app.Close()
	cfg.AppsReady = []string{app.URL}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := newRepoint(cfg, map[string]bool{}).Run(ctx); err != nil {
		t.Error(err)
	}
}
