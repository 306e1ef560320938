package plan

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/lab/topology/topologytest"
)

// restarting is an app that is started again with its new environment, and its image's command.
func restarting(t topology.Topology) *Plan {
	a := shop
	a.Repoint, a.Holds = RepointRestart, `"db":true`
	p := plannedWith(t, a)
	p.Commands = map[string][]string{"": {"/shop", "serve"}}
	return p
}

func settingsOf[C any](t *testing.T, n Node) (c C) {
	t.Helper()
	if err := json.Unmarshal([]byte(n.Env[topology.AgentConfigEnv]), &c); err != nil {
		t.Fatalf("%s: %v", n.Name(), err)
	}
	return c
}

func TestASupervisorRunsTheApp(t *testing.T) {
	top, _ := topology.Preset("two-regions")
	lab := restarting(top)
	nodes := nodesOf(t, lab)
	app := nodes["app-1.us-west-2"]
	if diff := cmp.Diff(api.SupervisorConfig{
		Command: []string{"/shop", "serve"}, ConfigFile: topology.ConfigFile, RunsFrom: 1, Restarts: true,
		Env:   shop.Env,
		Ready: "http://app-1.us-west-2:9000/open?deep=1", Holds: `"db":true`,
		In: lab.appEnv("us-west-2", "app-1.us-west-2"),
	}, settingsOf[api.SupervisorConfig](t, app)); diff != "" {
		t.Error(diff)
	}
	if _, is := app.Env["DATABASE_URL"]; is {
		t.Error("what changes with the configuration is in the container's environment, which does not change")
	}
	program, brought := app.Volumes["/regionfall"], nodes["replicator.us-west-2"].Volumes["/regionfall"]
	if program == "" || program != brought || !slices.Equal(app.Entrypoint,
		[]string{"/regionfall/regionfall", "node"}) {
		t.Errorf("it runs %v of %q, and the replicator fills %q", app.Entrypoint, program, brought)
	}
	if got := settingsOf[api.NameserviceConfig](t, nodes["nameservice.global"]).Targets[1].Holds; got != `"db":true` {
		t.Errorf("a healthy answer holds %q", got)
	}
}

func TestAnAppWithEndpointsHasAddressesThatNeverChange(t *testing.T) {
	top, _ := topology.Preset("two-regions")
	a := shop
	a.Repoint = RepointEndpoint
	app := nodesOf(t, plannedWith(top, a))["app-1.us-west-2"]
	c := settingsOf[api.SupervisorConfig](t, app)
	want := map[string]string{
		"postgres": "127.0.0.1:28501", "redis": "127.0.0.1:28502", "s3": "127.0.0.1:28503",
		"dynamodb": "127.0.0.1:28504",
	}
	if diff := cmp.Diff(want, c.Endpoints); diff != "" || c.Restarts || c.Env != nil {
		t.Errorf("%+v\n%s", c, diff)
	}
	if got := app.Env["DATABASE_URL"]; got != "postgres://postgres:regionfall-lab@127.0.0.1:28501/kyc" {
		t.Errorf("it is told %s", got)
	}
}

func TestTheSampleAppHasNoSupervisor(t *testing.T) {
	for name, top := range topologytest.All(t) {
		for _, n := range nodesOf(t, planned(top)) {
			if n.Entrypoint != nil || n.Volumes["/regionfall"] != "" {
				t.Errorf("%s: %+v", name, n)
			}
		}
	}
}

// Whatever the automation waits for answers with the configuration that it runs with: each node of the region that
// takes over, and in those that follow or take over later each by a path of its own.
func TestTheAutomationAsksEverySupervisor(t *testing.T) {
	for name, top := range topologytest.All(t) {
		if top.Automation.Off {
			continue
		}
		lab := restarting(top)
		standby := top.Standby()
		c := settingsOf[api.AutomationConfig](t, nodesOf(t, lab)["automation."+standby.Name])
		if want := lab.appURLs(standby.Name, ""); len(c.AppsReady) != len(want) {
			t.Errorf("%s: it waits for %v", name, c.AppsReady)
		}
		followers := c.Followers
		for _, s := range c.Sides {
			followers = append(followers, s.Follower)
		}
		for _, f := range followers {
			r, _ := top.Region(f.Region)
			if len(f.Apps) != max(r.AppNodes, 1) {
				t.Errorf("%s: of %s it asks %v", name, f.Region, f.Apps)
			}
			for i, url := range f.Apps {
				want := topology.Place{Service: topology.ServiceApp, Region: f.Region, Number: i + 1}.Name() + ":28500"
				if got := upstream(lab, url); got != want {
					t.Errorf("%s: %s leads to %q, want %s", name, url, got, want)
				}
			}
		}
	}
}

// upstream is where a URL that names a supervisor leads in the end.
func upstream(p *Plan, url string) string {
	host, path, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	if path != "readyz" {
		return url
	}
	i := slices.IndexFunc(p.Paths, func(path topology.Path) bool { return host == p.hub(path) })
	if i < 0 {
		return host
	}
	return p.Paths[i].Upstream
}

func (p *Plan) hub(path topology.Path) string { return "hub:" + strconv.Itoa(path.Port) }

// working is an app with workers, two in each region, in a lab whose standby runs one of four app nodes.
func working() *Plan {
	a := shop
	a.Repoint = RepointRestart
	a.Processes = map[string]Process{
		"worker": {Cmd: []string{"work"}}, "mailer": {Cmd: []string{"mail"}, Port: 9100, Ready: "/sends", Holds: "yes"},
	}
	top, _ := topology.Preset("two-regions")
	top.Regions[1].AppNodes, top.Regions[1].AtStart = 4, 1
	top.App = topology.Work{Workers: 4, ServiceTime: 50 * time.Millisecond}
	top.Processes = []topology.Process{
		{Name: "mailer", Count: 1}, {
			Name: "worker", Count: 2, Work: topology.Work{Workers: 1, ServiceTime: 20 * time.Millisecond, Queue: 3},
		},
	}
	p := plannedWith(top, a)
	p.Commands = map[string][]string{"": {"/shop", "serve"}, "worker": {"/shop", "work"}, "mailer": {"/shop", "mail"}}
	return p
}

func TestEachProcessHasNodesOfItsOwn(t *testing.T) {
	lab := working()
	nodes := nodesOf(t, lab)
	for name, want := range map[string]api.SupervisorConfig{
		"app-1.us-west-2": {
			Command: []string{"/shop", "serve"}, RunsFrom: 1, Ready: "http://app-1.us-west-2:9000/open?deep=1",
		},
		"worker.us-west-2":   {Command: []string{"/shop", "work"}, RunsFrom: 1, Service: "worker"},
		"worker-2.us-west-2": {Command: []string{"/shop", "work"}, RunsFrom: 3, Service: "worker"},
		"worker-2.us-east-1": {Command: []string{"/shop", "work"}, RunsFrom: 1, Service: "worker"},
		"mailer.us-east-1": {
			Command: []string{"/shop", "mail"}, RunsFrom: 1, Service: "mailer", Holds: "yes",
			Ready: "http://mailer.us-east-1:9100/sends",
		},
	} {
		n, is := nodes[name]
		if !is {
			t.Fatalf("there is no %s", name)
		}
		_, region, _ := strings.Cut(name, ".")
		want.ConfigFile, want.Restarts, want.Env = topology.ConfigFile, true, shop.Env
		want.In = lab.appEnv(region, name)
		if diff := cmp.Diff(want, settingsOf[api.SupervisorConfig](t, n)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if n.Foreign != shop.Image || n.Volumes["/regionfall"] == "" {
			t.Errorf("%s runs %s with %v", name, n.Foreign, n.Volumes)
		}
	}
	worker := nodes["worker-2.us-west-2"]
	if !slices.Equal(worker.Aliases, []string{"worker-2.us-west-2"}) || worker.Env["SERVICE"] != "worker" ||
		worker.Env["WORKERS"] != "1" || worker.Env["QUEUE"] != "3" {
		t.Errorf("clients may come to %v; it is told %v", worker.Aliases, worker.Env)
	}
	if got := nodes["mailer.us-west-2"].Env["WORKERS"]; got != "" {
		t.Errorf("nobody said how much the mailer is to do, and it is told %s", got)
	}
	if got := lab.AtStart(lab.Topology.Standby()); !slices.Equal(got,
		[]string{"app-1.us-west-2", "mailer.us-west-2", "worker.us-west-2"}) {
		t.Errorf("at the start %v run", got)
	}
}

// Nobody waits for a process that takes no requests, and no fault or gate asks it for its configuration.
func TestProcessesAreAskedThroughTheirSupervisorsOnly(t *testing.T) {
	lab := working()
	lab.Topology.Automation.Preflight = true
	automation := settingsOf[api.AutomationConfig](t, nodesOf(t, lab)["automation.us-west-2"])
	for _, url := range slices.Concat(automation.AppsReady, automation.Preflight) {
		if !strings.HasPrefix(url, "http://app-") {
			t.Errorf("the automation asks %s", url)
		}
	}
	taps := 0
	for _, p := range lab.Paths {
		if p.From == topology.Tap && (strings.HasPrefix(p.Node, "worker") || strings.HasPrefix(p.Node, "mailer")) {
			taps++
			if !strings.HasSuffix(p.Upstream, ":28500") {
				t.Errorf("%s leads to %s", p.Name, p.Upstream)
			}
		}
	}
	if want := 2 * 6; taps != want {
		t.Errorf("%d taps lead to processes, want %d", taps, want)
	}
}
