package steps

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/agent/automation/automationtest"
	"github.com/regionfall/regionfall/lab/agent/automation/world"
)

func TestRedirect(t *testing.T) {
	service, url := automationtest.Names(t)
	step := Redirect{Names: world.Names{URL: url}, Region: "west"}
	for _, want := range []string{"west, instead of east", "west, was so already"} {
		if detail, err := step.Run(t.Context()); err != nil || detail != want {
			t.Errorf("it says %q, %v, want %q", detail, err, want)
		}
	}
	if got := service.RecordHealth(); got.Primary != "west" || got.Answer != "west" || got.Generation != 2 {
		t.Errorf("the name service is at %+v", got)
	}
}

func TestRedirectAgain(t *testing.T) {
	for name, c := range map[string]struct {
		ordered string // since the name service started
		want    string
	}{
		"forgotten": {"", "west, instead of east"},
		"in force":  {"west", ""},
		"overruled": {"east", ""}, // by a failback
	} {
		t.Run(name, func(t *testing.T) {
			service, url := automationtest.Names(t)
			if c.ordered != "" && !service.Redirect(c.ordered) {
				t.Fatalf("no redirect to %s", c.ordered)
			}
			step := Redirect{Names: world.Names{URL: url}, Region: "west"}
			for _, want := range []string{c.want, ""} {
				if detail, err := step.Again(t.Context()); err != nil || detail != want {
					t.Errorf("it says %q, %v, want %q", detail, err, want)
				}
			}
			if got := service.RecordHealth().Answer; (got == "west") != (c.ordered != "east") {
				t.Errorf("the answer is %s", got)
			}
		})
	}
	if _, err := (Redirect{
		Names:  world.Names{URL: "http://127.0.0.1:1"},
		Region: "west",
	}).Again(t.Context()); err == nil {
		t.Error("no error from a name service that is gone")
	}
}

func TestRedirectWaitsForTheAnswer(t *testing.T) {
	service, url := automationtest.Names(t)
	service.Observe(1, errors.New("not ready")) // west fails its checks, so east is answered whoever is primary
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := (Redirect{Names: world.Names{URL: url}, Region: "west"}).Run(ctx); err == nil ||
		!strings.Contains(err.Error(), "it answers east") {
		t.Errorf("the error is %v, want what the name service answers", err)
	}
}
