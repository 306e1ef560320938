package plan

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

var allPlaceholders = "{{." + strings.Join(api.Placeholders(), "}}, {{.") + "}}"

// shop is an app with everything that can be said of one.
var shop = App{
	Image: "acme/shop:1", Port: 9000, Health: "/live", Ready: "/open?deep=1", Cmd: []string{"serve"},
	Env: map[string]string{
		"DATABASE_URL": "postgres://{{.User}}:{{.Secret}}@{{.Postgres}}/{{.Database}}",
		"WHO":          "{{.Node}} in {{.Region}}, {{.ConfigFile}}",
		"STORES":       "{{.Redis}} {{.S3}} {{.DynamoDB}} {{.AccessKey}}",
	},
}

func TestWhatIsWrongWithAnApp(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*App)
		want   string // all of the error, or nothing
	}{
		"nothing":        {func(*App) {}, ""},
		"the sample app": {func(a *App) { *a = App{} }, ""},
		"no ready path":  {func(a *App) { a.Ready = "" }, ""},
		"no image":       {func(a *App) { a.Image = "" }, "app image: it is missing: name one that the engine has"},
		"a host for a path": {
			func(a *App) { a.Ready = "//x/y" },
			`app ready: "//x/y" is no path: name one that GET answers with 2xx, such as /healthz`,
		},
		"the supervisor's port": {
			func(a *App) { a.Port = 28500 },
			"app port: 28500 is taken in each node, by what runs the app: have it listen on another",
		},
		"no way to repoint": {
			func(a *App) { a.Repoint = "file" },
			`app repoint: "file" is no way to repoint: there are restart and endpoint`,
		},
		"a fragment": {
			func(a *App) { a.Health = "/live#now" },
			`app health: "/live#now" is no path: name one that GET answers with 2xx, such as /healthz`,
		},
		"no path at all": {
			func(a *App) { a.Health, a.Ready = "", "" },
			`app health: "" is no path: name one that GET answers with 2xx, such as /healthz`,
		},
		"a process of nothing": {
			func(a *App) { a.Processes = map[string]Process{"worker": {}} }, "app processes.worker: it has no command",
		},
		"a process that is asked where clients are": {
			func(a *App) {
				a.Processes = map[string]Process{"worker": {Cmd: []string{"work"}, Port: 9000, Ready: "/sends"}}
			},
			"app processes.worker: /sends is asked on port 9000: name one of its own that it listens on",
		},
		"a process on the supervisor's port": {
			func(a *App) {
				a.Processes = map[string]Process{"worker": {Cmd: []string{"work"}, Port: 28501, Ready: "sends"}}
			},
			`app processes.worker: "sends" is no path: name one that GET answers with 2xx, such as /healthz` + "\n" +
				"app processes.worker: port 28501 is taken in each node, by what runs the app: have it listen on another",
		},
		"several placeholders": {
			func(a *App) { a.Env = map[string]string{"A": "{{.Nod}}", "B": "{{.Node"} },
			"app env A: unknown placeholder {{.Nod}}: there are " + allPlaceholders + "\n" +
				`app env B: invalid placeholder "{{.Node": it has no closing }}`,
		},
	} {
		app := shop
		c.change(&app)
		said := ""
		if err := app.Validate(); err != nil {
			said = err.Error()
		}
		if said != c.want {
			t.Errorf("%s: got %q", name, said)
		}
	}
}

func TestAnAppIsReachedAndAskedWhereItSays(t *testing.T) {
	top, _ := topology.Preset("two-regions")
	lab := plannedWith(top, shop)
	nodes := nodesOf(t, lab)
	leads := 0
	for _, p := range lab.Paths {
		if strings.Contains(p.Name, SupervisorOf("")) {
			if !strings.HasSuffix(p.Upstream, ":28500") {
				t.Errorf("%s leads to %s", p.Name, p.Upstream)
			}
		} else if p.Service == topology.ServiceApp {
			leads++
			if !strings.HasSuffix(p.Upstream, ":9000") {
				t.Errorf("%s leads to %s", p.Name, p.Upstream)
			}
		} else if strings.HasSuffix(p.Upstream, ":9000") {
			t.Errorf("%s leads to %s", p.Name, p.Upstream)
		}
	}
	// between regions, from clients, from the name service and the taps, two each, and the automation's own
	if leads != 9 {
		t.Errorf("%d links lead to the app", leads)
	}
	ports := func(from, to string, s topology.Service) string { return "hub:" + lab.port(from, to, s) }

	app := nodes[topology.Place{Service: topology.ServiceApp, Region: "us-west-2", Number: 1}.Name()]
	want := map[string]string{
		"NODE": "app-1.us-west-2", "REGION": "us-west-2", "CONFIG_FILE": topology.ConfigFile,
		"DATABASE_URL": "postgres://postgres:regionfall-lab@" +
			ports("us-west-2", "us-east-1", topology.ServicePostgres) + "/kyc",
		"WHO": "app-1.us-west-2 in us-west-2, " + topology.ConfigFile,
		"STORES": ports("us-west-2", "us-east-1", topology.ServiceRedis) +
			" s3.us-west-2:4566 dynamodb.us-west-2:4566 regionfall",
	}
	delete(app.Env, topology.AgentConfigEnv)
	if diff := cmp.Diff(want, app.Env); diff != "" {
		t.Error(diff)
	}
	if app.Foreign != "acme/shop:1" || !slices.Equal(app.Cmd, []string{"supervisor"}) {
		t.Errorf("%+v", app)
	}

	var automation api.AutomationConfig
	var names api.NameserviceConfig
	for node, settings := range map[string]any{"automation.us-west-2": &automation, "nameservice.global": &names} {
		if err := json.Unmarshal([]byte(nodes[node].Env[topology.AgentConfigEnv]), settings); err != nil {
			t.Fatal(err)
		}
	}
	asked := map[string]string{
		"home": automation.HomeHealth, "own": strings.Join(automation.AppsReady, " "), "east": names.Targets[0].Health,
		"west": names.Targets[1].Health,
	}
	if diff := cmp.Diff(map[string]string{
		"home": "http://" + lab.control("us-west-2", "us-east-1", topology.ServiceApp).Address + "/live",
		"own":  "http://app-1.us-west-2:28500/readyz",
		"east": "http://" + ports(topology.Global, "us-east-1", topology.ServiceApp) + "/open?deep=1",
		"west": "http://" + ports(topology.Global, "us-west-2", topology.ServiceApp) + "/open?deep=1",
	}, asked); diff != "" {
		t.Error(diff)
	}
}

func TestEachProcessOfATopologyRunsSomething(t *testing.T) {
	top, _ := topology.Preset("two-regions")
	top.Processes = []topology.Process{{Name: "worker", Count: 1}}
	const want = "app processes: the topology has nodes of worker, and nothing says what they run"
	if err := shop.Runs(top); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	a := shop
	a.Processes = map[string]Process{"worker": {Cmd: []string{"work"}}}
	if err := errors.Join(a.Runs(top), a.Validate()); err != nil {
		t.Error(err)
	}
}
