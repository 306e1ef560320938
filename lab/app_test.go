package lab

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/regionfall/regionfall/lab/api"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/link"
	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/topology"
)

// shop is an app with everything that can be said of one.
var shop = App{
	Image: "acme/shop:1", Port: 9000, Health: "/live", Ready: "/open?deep=1", Cmd: []string{"serve"},
	Env: map[string]string{
		"DATABASE_URL": "postgres://{{.User}}:{{.Secret}}@{{.Postgres}}/{{.Database}}",
		"WHO":          "{{.Node}} in {{.Region}}, {{.ConfigFile}}",
		"STORES":       "{{.Redis}} {{.S3}} {{.DynamoDB}} {{.AccessKey}}",
	},
}

func TestAWrongAppIsRefusedBeforeAnythingIsStarted(t *testing.T) {
	engine := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.41")
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			t.Errorf("the engine was asked to %s %s", r.Method, r.URL.Path)
		case strings.Contains(r.URL.Path, "/images/"):
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"message":"No such image"}`))
		case strings.HasSuffix(r.URL.Path, "/networks"):
			_, _ = w.Write([]byte(`[]`))
		default:
			_, _ = w.Write([]byte(`{}`))
		}
	}))
	defer engine.Close()
	t.Setenv("DOCKER_HOST", "tcp://"+engine.Listener.Addr().String())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())

	top, _ := topology.Preset("two-regions")
	top.Regions[0].AppNodes = 0
	_, err := Up(t.Context(), Options{Topology: top, App: App{
		Image: "acme/shop:1", Port: 70000, Health: "live", Needs: node.Needs{Scratch: []string{"run"}}, Env: map[string]string{"A": "{{.Postgress}}", "B": "{{.Redis", "REGION": "here", "C=D": ""},
	}})
	if err == nil {
		t.Fatal("it was brought up")
	}
	for _, want := range []string{
		"topology regions[0].app_nodes: 0 app nodes",
		"app image: the engine has no acme/shop:1: pull it (docker pull acme/shop:1), build it",
		"app port: 70000 is none",
		`app health: "live" is no path`,
		`app needs.scratch: "run" is no folder`,
		"app env A: ", "can't evaluate field Postgress", "there are .Region, .Node, .Postgres, .Redis, .S3, .DynamoDB, ",
		"app env B: ", "unclosed action",
		"app env C=D: that is no name of a variable",
		"app env REGION: the lab sets that itself",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing of %q in:\n%v", want, err)
		}
	}
	if dir, derr := stateDir(); derr != nil {
		t.Error(derr)
	} else if left, derr := os.ReadDir(dir); derr != nil || len(left) > 0 {
		t.Errorf("a lab was begun: %v, %v", left, derr)
	}
}

func TestWhatIsWrongWithAnApp(t *testing.T) {
	top, _ := topology.Preset("two-regions")
	for name, c := range map[string]struct {
		change func(*App)
		want   string // all of the error, or nothing
	}{
		"nothing":           {func(*App) {}, ""},
		"the sample app":    {func(a *App) { *a = App{} }, ""},
		"no ready path":     {func(a *App) { a.Ready = "" }, ""},
		"no image":          {func(a *App) { a.Image = "" }, "app image: it is missing: name one that the engine has"},
		"a host for a path": {func(a *App) { a.Ready = "//x/y" }, `app ready: "//x/y" is no path: name one that GET answers with 2xx, such as /healthz`},
		"a fragment":        {func(a *App) { a.Health = "/live#now" }, `app health: "/live#now" is no path: name one that GET answers with 2xx, such as /healthz`},
		"no path at all":    {func(a *App) { a.Health, a.Ready = "", "" }, `app health: "" is no path: name one that GET answers with 2xx, such as /healthz`},
		"wrong in one region": {
			func(a *App) {
				a.Env = map[string]string{"A": `{{if eq .Region "us-west-2"}}{{index .Region 99}}{{end}}`}
			},
			`app env A: value:1:31: executing "value" at <index .Region 99>: error calling index: index out of range: 99`,
		},
	} {
		app := shop
		c.change(&app)
		said := ""
		if err := app.validate(top); err != nil {
			said = err.Error()
		}
		if said != c.want {
			t.Errorf("%s: got %q", name, said)
		}
	}
}

func TestAnAppIsReachedAndAskedWhereItSays(t *testing.T) {
	top, _ := topology.Preset("two-regions")
	b := plannedWith(top, "packages", shop)
	specs := specsOf(t, b)
	leads := 0
	for _, p := range b.plan {
		if p.Service == topology.ServiceApp {
			leads++
			if !strings.HasSuffix(p.Upstream, ":9000") {
				t.Errorf("%s leads to %s", p.Name, p.Upstream)
			}
		} else if strings.HasSuffix(p.Upstream, ":9000") {
			t.Errorf("%s leads to %s", p.Name, p.Upstream)
		}
	}
	if leads != 9 { // between regions, from clients, from the name service and the taps, two each, and the automation's own
		t.Errorf("%d links lead to the app", leads)
	}
	ports := func(from, to string, s topology.Service) string { return "hub:" + b.port(from, to, s) }

	app := specs[link.NodeName(topology.ServiceApp, "us-west-2", 1)]
	want := map[string]string{
		"NODE": "app-1.us-west-2", "REGION": "us-west-2", "CONFIG_FILE": topology.ConfigFile,
		"DATABASE_URL": "postgres://postgres:regionfall-lab@" + ports("us-west-2", "us-east-1", topology.ServicePostgres) + "/kyc",
		"WHO":          "app-1.us-west-2 in us-west-2, " + topology.ConfigFile,
		"STORES":       ports("us-west-2", "us-east-1", topology.ServiceRedis) + " s3.us-west-2:4566 dynamodb.us-west-2:4566 regionfall",
	}
	if diff := cmp.Diff(want, app.Env); diff != "" {
		t.Error(diff)
	}
	if app.Image != "acme/shop:1" || !slices.Equal(app.Cmd, []string{"serve"}) || app.Volatile {
		t.Errorf("%+v", app)
	}

	var automation api.AutomationConfig
	var names api.NameserviceConfig
	for node, settings := range map[string]any{"automation.us-west-2": &automation, "nameservice.global": &names} {
		if err := json.Unmarshal([]byte(specs[node].Env[topology.AgentConfigEnv]), settings); err != nil {
			t.Fatal(err)
		}
	}
	asked := map[string]string{
		"home": automation.HomeHealth, "own": strings.Join(automation.AppsReady, " "), "east": names.Targets[0].Health, "west": names.Targets[1].Health,
	}
	if diff := cmp.Diff(map[string]string{
		"home": "http://" + b.control("us-west-2", "us-east-1", topology.ServiceApp).Address + "/live",
		"own":  "http://app-1.us-west-2:9000/open?deep=1",
		"east": "http://" + ports(topology.Global, "us-east-1", topology.ServiceApp) + "/open?deep=1",
		"west": "http://" + ports(topology.Global, "us-west-2", topology.ServiceApp) + "/open?deep=1",
	}, asked); diff != "" {
		t.Error(diff)
	}
}

// Another process that takes hold of the lab has to know where the app listens, and nothing that may be secret.
func TestTheHubSaysWhatAppItIs(t *testing.T) {
	label, err := json.Marshal(shop.whole())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(label), "DATABASE_URL") {
		t.Errorf("the label tells the environment: %s", label)
	}
	got, err := appOf(string(label))
	if err != nil || got.Port != 9000 || got.Health != "/live" || got.Ready != "/open?deep=1" || got.Image != "acme/shop:1" {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err = appOf(""); err != nil || got.Port != topology.PortApp {
		t.Errorf("without a label: %+v, %v", got, err)
	}
	if _, err = appOf("{"); err == nil {
		t.Error("a broken label is taken")
	}
}

func TestEndpointsAreTheDoorAndTheTaps(t *testing.T) {
	top, _ := topology.Preset("two-regions")
	l := planned(top, "packages").Lab
	e, err := l.Endpoints("us-west-2")
	if err != nil {
		t.Fatal(err)
	}
	door, _ := l.Door("us-west-2")
	tap, _ := l.Tap("postgres.us-west-2")
	if e.Door != door || e.Postgres != tap || e.Region != "us-west-2" {
		t.Errorf("%+v; the door is %s, the tap %s", e, door, tap)
	}
	all := map[string]bool{e.Door: true, e.App: true, e.Postgres: true, e.Redis: true, e.S3: true, e.DynamoDB: true}
	if len(all) != 6 || all[""] {
		t.Errorf("not every endpoint has an address of its own: %v", slices.Sorted(maps.Keys(all)))
	}
	if _, err := l.Endpoints("eu-west-1"); err == nil || !strings.Contains(err.Error(), `no region "eu-west-1"`) {
		t.Errorf("got %v", err)
	}
}

func TestAFaultThatAsksTheSampleAppSaysSo(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	top, _ := topology.Preset("two-regions")
	for want, app := range map[bool]App{true: shop, false: {}} {
		l := plannedWith(top, "packages", app).Lab
		for _, k := range l.links {
			if k.From == link.Tap && k.Node == "app-1.us-west-2" {
				l.published[fmt.Sprintf("%d/tcp", k.Port)] = server.Listener.Addr().String()
			}
		}
		n := &heldHTTP{heldNode{held: &held{Lab: l}, place: fault.Place{Name: "app-1.us-west-2", Service: topology.ServiceApp}}}
		err := n.Call(t.Context(), http.MethodGet, "/config", nil, nil)
		if err == nil || strings.Contains(err.Error(), "acme/shop:1 need not answer that") != want {
			t.Errorf("want a word on it: %t; got %v", want, err)
		}
	}
}
