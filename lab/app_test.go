package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/plan"
	"github.com/regionfall/regionfall/lab/state"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/lab/wait"
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
		Image: "acme/shop:1", Port: 70000, Health: "live", Needs: plan.Needs{Scratch: []string{"run"}},
		Env: map[string]string{"A": "{{.Postgress}}", "B": "{{.Redis", "REGION": "here", "C=D": ""},
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
		"app env A: unknown placeholder {{.Postgress}}: there are {{.Region}}, {{.Node}}, {{.Postgres}}, ",
		`app env B: invalid placeholder "{{.Redis": it has no closing }}`,
		"app env C=D: that is no name of a variable",
		"app env REGION: the lab sets that itself",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing of %q in:\n%v", want, err)
		}
	}
	if dir, derr := state.Dir(); derr != nil {
		t.Error(derr)
	} else if left, derr := os.ReadDir(dir); derr != nil || len(left) > 0 {
		t.Errorf("a lab was begun: %v, %v", left, derr)
	}
}

// Another process that takes hold of the lab has to know where the app listens, and nothing that may be secret.
func TestTheHubSaysWhatAppItIs(t *testing.T) {
	label, err := json.Marshal(shop.Whole())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(label), "DATABASE_URL") {
		t.Errorf("the label tells the environment: %s", label)
	}
	got, err := appOf(string(label))
	if err != nil || got.Port != 9000 || got.Health != "/live" || got.Ready != "/open?deep=1" ||
		got.Image != "acme/shop:1" {
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
	e, err := l.Addresses().Endpoints("us-west-2")
	if err != nil {
		t.Fatal(err)
	}
	door, _ := l.Addresses().Door("us-west-2")
	tap, _ := l.Addresses().Tap("postgres.us-west-2")
	if e.Door != door || e.Postgres != tap || e.Region != "us-west-2" {
		t.Errorf("%+v; the door is %s, the tap %s", e, door, tap)
	}
	all := map[string]bool{e.Door: true, e.App: true, e.Postgres: true, e.Redis: true, e.S3: true, e.DynamoDB: true}
	if len(all) != 6 || all[""] {
		t.Errorf("not every endpoint has an address of its own: %v", slices.Sorted(maps.Keys(all)))
	}
	if _, err := l.Addresses().Endpoints("eu-west-1"); err == nil ||
		!strings.Contains(err.Error(), `no region "eu-west-1"`) {
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
			if k.From == topology.Tap && k.Node == "app-1.us-west-2" {
				l.published[fmt.Sprintf("%d/tcp", k.Port)] = server.Listener.Addr().String()
			}
		}
		n := &httpNode{faultNode{lab: &faultLab{Lab: l}, place: fault.Place{
			Name:    "app-1.us-west-2",
			Service: topology.ServiceApp,
		}}}
		err := n.Call(t.Context(), http.MethodGet, "/config", nil, nil)
		if err == nil || strings.Contains(err.Error(), "acme/shop:1 need not answer that") != want {
			t.Errorf("want a word on it: %t; got %v", want, err)
		}
	}
}

// What an app says of itself when it exits is told as soon as nobody can expect it to do better.
func TestAnAppThatExitsIsNotWaitedForInVain(t *testing.T) {
	failures := 0
	supervisor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/state":
			failures++
			_, _ = fmt.Fprintf(w, `{"failures": %d, "last": "the app ended with exit code 3"}`, failures)
		case failures >= 20:
			w.WriteHeader(http.StatusOK)
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `{"lacks": "process", "why": "it waits"}`)
		}
	}))
	defer supervisor.Close()
	top, _ := topology.Preset("two-regions")
	l := plannedWith(top, "packages", shop).Lab
	for _, k := range l.links {
		if k.From == topology.Tap && k.Node == plan.SupervisorOf("app-1.us-west-2") {
			l.published[fmt.Sprintf("%d/tcp", k.Port)] = supervisor.Listener.Addr().String()
		}
	}
	n := &node.Node{Spec: node.Spec{Name: "app-1.us-west-2"}}
	err := wait.Until(t.Context(), time.Minute, "the app", func(ctx context.Context) error { return l.appReady(ctx, n) })
	var ended Reported
	if !errors.As(err, &ended) || ended != "the app ended with exit code 3" {
		t.Errorf("after %d failures: %v", failures, err)
	}
	// A database may need 25 seconds to come up: all but the last pause are over then.
	paused := func(failures int) (all time.Duration) {
		for n := range failures - 1 {
			all += api.AppPause(n + 1)
		}
		return all
	}
	if paused(failures) < 25*time.Second || paused(failures-1) >= 25*time.Second {
		t.Errorf("it was waited for %d failures, which take it %s", failures, paused(failures))
	}
	failures = 0
	err = l.appReady(t.Context(), n)
	var notReady AppNotReady
	if !errors.As(err, &notReady) || notReady != (AppNotReady{Lacks: api.LacksProcess, Why: "it waits"}) {
		t.Errorf("what it lacks is told as %v", err)
	}
	failures = 20
	if err := l.appReady(t.Context(), n); err != nil {
		t.Errorf("it is ready in the end: %v", err)
	}
}

// A process of an app may listen on nothing: who asks its node asks what runs it.
func TestTheNodesOfProcessesAreKnown(t *testing.T) {
	top, _ := topology.Preset("two-regions")
	top.Services, top.Processes = []string{"lookup"}, []topology.Process{{Name: "worker", Count: 2}}
	a := shop
	a.Processes = map[string]Process{"worker": {Cmd: []string{"work"}}}
	l := plannedWith(top, "packages", a).Lab
	for _, at := range plan.Places(top) {
		l.nodes = append(l.nodes, &node.Node{Spec: node.Spec{Name: at.Name(), Service: at.Service, Region: at.Region}})
	}
	nodes, err := (&faultLab{Lab: l}).Nodes(func(p fault.Place) bool { return p.Process })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range nodes {
		got = append(got, n.Place().Name)
	}
	slices.Sort(got)
	want := []string{"worker-2.us-east-1", "worker-2.us-west-2", "worker.us-east-1", "worker.us-west-2"}
	if !slices.Equal(got, want) {
		t.Errorf("of processes are %v", got)
	}
}
