package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// workingShop is the shop with a worker in each region, on lines 7 to 9.
var workingShop = strings.Replace(shop, "command: [serve, --verbose]\n", `processes:
  web: {command: [web], port: 9000, ready: {path: /open, holds: "yes"}}
  worker: {command: [work]}
  mailer: {command: [mail], port: 9100, ready: /sends, count: 2}
`, 1)

func TestALabRunsTheProcessesOfTheFile(t *testing.T) {
	plan := shopPlan(t, workingShop)
	runs, err := labApp(t.Context(), plan.App, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]lab.Process{
		"worker": {Cmd: []string{"work"}}, "mailer": {Cmd: []string{"mail"}, Port: 9100, Ready: "/sends"},
	}
	if diff := cmp.Diff(want, runs.Processes); diff != "" {
		t.Errorf("processes (-want +got):\n%s", diff)
	}
	if !slices.Equal(runs.Cmd, []string{"web"}) || runs.Ready != "/open" || runs.Holds != "yes" || runs.Port != 9000 {
		t.Errorf("clients are sent to %+v", runs)
	}
	if err := runs.Runs(plan.Topology); err != nil {
		t.Error(err)
	}
}

// states are what supervisors say, by node; those that are not there run.
type states map[string]api.AppState

func (s states) of(_ context.Context, node string) (api.AppState, error) {
	is, known := s[node]
	switch {
	case !known:
		return api.AppState{Running: true, Runs: 1}, nil
	case is.Runs < 0:
		return is, errors.New("it can't be reached")
	}
	return is, nil
}

func TestACheckSaysOfEachProcessWhetherItRuns(t *testing.T) {
	plan := shopPlan(t, workingShop)
	c := checker{plan: plan, app: plan.App, seen: &Checked{}, state: states{
		"worker.us-west-2": {
			Running: true, Runs: 2,
			Last: "the app ended with exit code 1 after 0.1 s; it left no last words",
		},
	}.of}
	if err := c.lastingly(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range c.seen.Running {
		got = append(got, fmt.Sprintf("%s %s: %s", r.Process, r.Node, r))
	}
	want := []string{
		"web app-1.us-east-1: it runs", "mailer mailer.us-east-1: it runs", "mailer mailer-2.us-east-1: it runs",
		"worker worker.us-east-1: it runs", "web app-1.us-west-2: it runs", "mailer mailer.us-west-2: it runs",
		"mailer mailer-2.us-west-2: it runs",
		"worker worker.us-west-2: it runs; before, the app ended with exit code 1 after 0.1 s; it left no last words",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAProcessThatDoesNotGoOnRunningIsComplainedAbout(t *testing.T) {
	const ended = "the app ended with exit code 3 after 0.2 s; its last lines: no table"
	const at = "shop.yaml:9:3: processes.worker: worker.us-east-1 does not go on running: "
	for name, c := range map[string]struct {
		before, after states
		want          string
	}{
		"it ran on":           {nil, nil, ""},
		"it ended":            {nil, states{"worker.us-east-1": {Runs: 1, Last: ended}}, at + ended},
		"it was started anew": {nil, states{"worker.us-east-1": {Running: true, Runs: 2, Last: ended}}, at + ended},
		"it ended once, long ago": {
			states{"worker.us-east-1": {Running: true, Runs: 2, Last: ended}},
			states{"worker.us-east-1": {Running: true, Runs: 2, Last: ended}},
			"",
		},
		"nobody knows": {nil, states{"worker.us-east-1": {Runs: -1}}, at + "not known: it can't be reached"},
		"the one that clients are sent to": {
			nil,
			states{"app-1.us-west-2": {Runs: 1, Last: ended}},
			"shop.yaml:8:3: processes.web: app-1.us-west-2 does not go on running: " + ended,
		},
	} {
		plan := shopPlan(t, workingShop)
		c2 := checker{plan: plan, app: plan.App, seen: &Checked{}, state: c.before.of}
		if err := c2.lastingly(t.Context()); err != nil {
			t.Errorf("%s: before: %v", name, err)
		}
		c2.state = c.after.of
		switch err := c2.lastingly(t.Context()); {
		case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v\nwant %s", name, err, c.want)
		}
	}
}

func TestNodesThatAFailoverStartsNeedNotRun(t *testing.T) {
	plan := shopPlan(t, workingShop)
	plan.Topology.Strategy = topology.PilotLight
	waiting := states{}
	for _, at := range plan.Topology.AppPlaces(plan.Topology.Standby()) {
		waiting[at.Name()] = api.AppState{}
	}
	c := checker{plan: plan, app: plan.App, seen: &Checked{}, state: waiting.of}
	if err := errors.Join(c.lastingly(t.Context()), c.lastingly(t.Context())); err != nil {
		t.Error(err)
	}
	for _, r := range c.seen.Running {
		if _, waits := waiting[r.Node]; waits != (r.String() == "it waits for a failover") {
			t.Errorf("%s: %s", r.Node, r)
		}
	}
	if len(waiting) != 4 {
		t.Errorf("of the standby there are %v", slices.Sorted(maps.Keys(waiting)))
	}
}

func TestANodeOfAProcessThatDoesNotComeUpIsPlaced(t *testing.T) {
	plan := shopPlan(t, workingShop)
	for want, late := range map[string]*lab.NotReady{
		"shop.yaml:9:3: processes.worker: worker.us-east-1 does not stay up: the app ended with exit code 3": {
			Node: "worker.us-east-1", Err: lab.Reported("the app ended with exit code 3"),
		},
		"shop.yaml:10:3: processes.mailer: mailer-2.us-east-1 is not ready: status 503": {
			Node: "mailer-2.us-east-1", Err: errors.New("status 503"),
		},
		"shop.yaml:8:3: processes.web: app-1.us-east-1 does not stay up: the app ended with exit code 3": {
			Node: "app-1.us-east-1", Err: lab.Reported("the app ended with exit code 3"),
		},
	} {
		late.Service = topology.ServiceApp
		if err := placed(plan.App, lab.App{}.Whole(), late); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
