package steps

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/agent/automation/automationtest"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// A step that nobody makes would be left out of every failover, and a maker that nobody asks for would be too.
func TestEachStepAfterTheDecisionIsMade(t *testing.T) {
	var names []string
	for _, s := range api.FailoverSteps() {
		names = append(names, s.Name)
		if _, ok := makers[s.Name]; !ok && s.Name != api.StepDetect && s.Name != api.StepDecide {
			t.Errorf("nobody makes step %s", s.Name)
		}
	}
	for name := range makers {
		if !slices.Contains(names, name) {
			t.Errorf("step %s is made, and has no place in a failover", name)
		}
	}
}

func TestStepsOfAFailover(t *testing.T) {
	type made struct {
		Name, Mark  string
		MarksItself bool
		Waits       time.Duration
	}
	for name, c := range map[string]struct {
		change func(cfg *api.AutomationConfig)
		want   []made
	}{
		"two regions, and no more": {
			func(cfg *api.AutomationConfig) { cfg.Shift.Lasts = time.Minute }, // of no use without a share
			[]made{
				{Name: "fence", Mark: "fenced"},
				{Name: "promote", Mark: "promoted"},
				{Name: "repoint", Mark: "repointed"},
				{Name: "scale_out", Mark: "scaled_out"},
				{Name: "redirect", Mark: "redirected"},
			},
		},
		"all that there is": {
			func(cfg *api.AutomationConfig) {
				cfg.Strategy, cfg.RestoreFile = topology.BackupRestore, "base.tar"
				cfg.Preflight = cfg.AppsReady
				cfg.Shift.Shift, cfg.Shift.Lasts = topology.Shift{Share: 0.25, Hold: time.Second}, 40*time.Second
				cfg.Followers = []api.Follower{{Region: "south"}}
			},
			[]made{
				{Name: "fence", Mark: "fenced"},
				{Name: "restore", Mark: "restored"},
				{Name: "promote", Mark: "promoted"},
				{Name: "repoint", Mark: "repointed"},
				{Name: "scale_out", Mark: "scaled_out"},
				{Name: "preflight", Mark: "preflight"},
				{Name: "redirect", Mark: "redirected", Waits: 40 * time.Second},
				{Name: "follow", MarksItself: true},
			},
		},
	} {
		cfg := automationtest.Settings()
		c.change(&cfg)
		var got []made
		for _, s := range failover(cfg) {
			got = append(got, made{s.Name, s.Mark, s.MarksItself, s.Waits})
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A failover that waits for a dead node in each of its steps keeps clients waiting twice.
func TestOneStepOfAFailoverKnowsWhoWasLateInAnother(t *testing.T) {
	cfg := standby(t)
	good := cfg.AppsReady[0]
	cfg.AppsReady = []string{good, good}
	if _, err := newScaleOut(cfg, map[string]bool{}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	cfg.AppsReady = []string{good, "http://127.0.0.1:1"}
	all := failover(cfg)
	attempt := func(name string, limit time.Duration) (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		return stepOf(t, all, name).Run(ctx)
	}
	if _, err := attempt("repoint", time.Second); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Fatalf("with a dead node it ends with %v", err)
	}
	const want = "revision 6, was so already, 1 ready"
	if detail, err := attempt("scale_out", 10*time.Second); err != nil || detail != want {
		t.Errorf("the step after it says %q, %v, want %q", detail, err, want)
	}
}

func TestThePromotionOfAFailoverGathersFromThoseThatMayHaveMore(t *testing.T) {
	var arrives atomic.Int64
	arrives.Store(1500)
	own, south, north := replicaWith(1000, &arrives), replicaWith(1500, &arrives), replicaWith(2000, &arrives)
	cfg := automationtest.Settings()
	cfg.StepTimeout = time.Minute
	cfg.Postgres = automationtest.Listen(t, own.Serve)
	cfg.Followers = []api.Follower{
		{Region: "south", Postgres: automationtest.Listen(t, south.Serve)},
		{Region: "north", Postgres: automationtest.Listen(t, north.Serve), Cascades: true},
	}
	// It ends with an error: this database can't be promoted.
	_, _ = stepOf(t, failover(cfg), "promote").Run(t.Context())
	if own.Asked("alter system set primary_conninfo") < 0 || south.Sessions() != 1 || north.Sessions() != 0 {
		t.Errorf("south was asked %d times, north, which streams from here, %d times, and here %q", south.Sessions(),
			north.Sessions(), own.Statements())
	}
}

func failover(cfg api.AutomationConfig) []Step {
	return NewFailover(cfg, runtime.NewMarks("automation.west")).Steps()
}

func stepOf(t *testing.T, all []Step, name string) Step {
	t.Helper()
	i := slices.IndexFunc(all, func(s Step) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("the failover has no step %s", name)
	}
	return all[i]
}
