package scenarios

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/fixtures"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// shop is an app of somebody else's that writes to one store, and can't be read.
const shop = `name: shop
image: shop:1.4
port: 9000
health: /up
repoint: none
operations:
  write: {post: /orders, json: {title: "{{.ID}}"}, acknowledged: [201]}
stores: {postgres: "select title from orders where title like '{{.Prefix}}%'"}
`

// withApp is the example with an app, which stands in one line or below the key.
func withApp(says string) string {
	if strings.Contains(says, "\n") {
		says = "\n  " + strings.ReplaceAll(strings.TrimSpace(says), "\n", "\n  ")
	}
	return strings.Replace(example, "workload:", "app: "+says+"\nworkload:", 1)
}

// withoutReads is the example with an app that can't be read.
func withoutReads(says string) string { return strings.Replace(withApp(says), ", reads: 15/s", "", 1) }

// folderOf has these files.
func folderOf(files map[string]string) Folder {
	return func(path string) ([]byte, error) {
		if src, is := files[path]; is {
			return []byte(src), nil
		}
		return nil, os.ErrNotExist
	}
}

func compile(t *testing.T, src string, in Folder) drill.Plan {
	t.Helper()
	s, err := ParseIn("incidents/f.yaml", []byte(src), in)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Compile()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// samePlan compares plans but for the text they were read from, and the app in another place.
func samePlan(t *testing.T, want, got drill.Plan) {
	t.Helper()
	got.Source = want.Source
	if diff := cmp.Diff(want, got, withoutApp); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want.App.File(), got.App.File(), cmp.Comparer(func(a, b app.Format) bool {
		return a.Port == b.Port && a.Image == b.Image && a.Name == b.Name
	})); diff != "" {
		t.Errorf("app (-want +got):\n%s", diff)
	}
}

func TestWhoNamesTheSampleAppGetsThePlanOfWhoNamesNone(t *testing.T) {
	none, named := compile(t, example, nil), compile(t, withApp("kyc"), nil)
	samePlan(t, none, named)
	if none.App != named.App || none.App.BuiltIn() != app.Default || none.App.Source() != nil {
		t.Errorf("the apps are %q and %q", none.App.BuiltIn(), named.App.BuiltIn())
	}
	_, src, err := fixtures.AppFile(app.Default)
	if err != nil {
		t.Fatal(err)
	}
	samePlan(t, none, compile(t, withApp(string(src)), nil)) // it is a file like any other
}

func TestAnAppStandsInItsFileOrInTheScenario(t *testing.T) {
	inside := compile(t, withoutReads(shop), nil)
	outside := compile(t, withoutReads("apps/shop.yaml"), folderOf(map[string]string{"apps/shop.yaml": shop}))
	samePlan(t, inside, outside)
	if inside.App.Source() != nil || string(outside.App.Source()) != shop || outside.App.BuiltIn() != "" {
		t.Errorf("the app's own file is %q, and %q", inside.App.Source(), outside.App.Source())
	}
	if inside.Protocol == nil || outside.Protocol == nil {
		t.Error("the plan has no protocol")
	}
}

func TestWhatAScenarioLeavesOutFitsTheApp(t *testing.T) {
	p := compile(t, withoutReads(shop), nil)
	if p.Workload.Reads != 0 {
		t.Errorf("%g/s are read of what can't be", p.Workload.Reads)
	}
	if diff := cmp.Diff([]string{"postgres"}, p.Judge.Stores); diff != "" {
		t.Errorf("stores (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"postgres"}, p.Judge.Ordered); diff != "" {
		t.Errorf("ordered stores (-want +got):\n%s", diff)
	}
	keys := strings.Replace(shop, `postgres: "select title from orders where title like '{{.Prefix}}%'"`,
		`redis: "order:{{.ID}}"`, 1)
	p = compile(t, withoutReads(keys), nil)
	if diff := cmp.Diff([]string{"redis"}, p.Judge.Stores); diff != "" || len(p.Judge.Ordered) > 0 {
		t.Errorf("ordered %v, stores (-want +got):\n%s", p.Judge.Ordered, diff)
	}
}

func TestWhatAnAppCantDoIsNotAskedOfIt(t *testing.T) {
	lose := "{lose_region: {region: us-east-1}}"
	for name, c := range map[string]struct{ old, new, want string }{
		"reads": {"", "", "workload.reads: the app has no operation read"},
		"store": {
			"recovery_point: 15m", "recovery_point: 15m\n  stores: [postgres, items]",
			"objectives.stores: the app does not say how it writes to items: it has postgres",
		},
		"sessions": {"recovery_point: 15m", "sessions: [monotonic_reads]", "tells no client how far"},
		"config":   {lose, "{freeze_config: {region: us-east-1}}", "freeze_config asks the app for GET /config"},
		"capacity": {lose, "{squeeze: {region: us-east-1, workers: 1}}", "squeeze asks the app for GET /capacity"},
		"stale":    {"recovery_point: 15m", "stale_config: 0s", "objectives.stale_config asks the app for GET /config"},
		"preflight": {
			"preset: two-regions", "preset: two-regions\n  automation: {preflight: on}",
			"f.yaml:6:27: topology.automation.preflight asks the app for GET /config",
		},
		"shift": {
			"preset: two-regions", "preset: two-regions\n  automation: {shift: {hold: 1m}}",
			"topology.automation.shift asks the app for GET /metrics",
		},
	} {
		src := strings.Replace(withApp(shop), c.old, c.new, 1)
		_, err := Parse("f.yaml", []byte(src))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		// The sample app can do all of it; what else is wrong with it is another matter.
		if _, err := Parse("f.yaml", []byte(strings.Replace(example, c.old, c.new, 1))); err != nil &&
			strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: of the sample app too it is said: %v", name, err)
		}
	}
}

// What a store may lose is said of any that the app writes to, Redis too.
func TestStoresHaveLimitsOfTheirOwn(t *testing.T) {
	both := strings.Replace(shop, "stores: {", `stores: {redis: "order:{{.ID}}", `, 1)
	src := strings.Replace(withoutReads(both), "recovery_point: 15m",
		"recovery_point: {within: 15m, stores: {redis: 1h}}", 1)
	p := compile(t, src, nil)
	want := &measure.RecoveryPointObjective{
		Within: 2500 * time.Millisecond, Stores: map[string]time.Duration{"redis": 10 * time.Second},
	}
	if diff := cmp.Diff(want, p.Judge.RecoveryPoint); diff != "" {
		t.Errorf("recovery point (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"postgres", "redis"}, p.Judge.Stores); diff != "" {
		t.Errorf("stores (-want +got):\n%s", diff)
	}
	var b strings.Builder
	s, err := Parse("f.yaml", []byte(src))
	if err == nil {
		err = s.Describe(&b)
	}
	rows := strings.Join(strings.Fields(b.String()), " ")
	for _, row := range []string{"recovery point (postgres) 15m 2.5s", "recovery point (redis) 1h 10s"} {
		if err != nil || !strings.Contains(rows, row) {
			t.Errorf("%v: no row %q in\n%s", err, row, b.String())
		}
	}
}

func TestMistakesInAnAppAreComplainedAboutAtTheirPlace(t *testing.T) {
	files := folderOf(map[string]string{
		"good.yaml": shop, "apps/bad.yaml": strings.Replace(shop, "/up", "up", 1),
	})
	for says, want := range map[string]string{
		"kcy":                  `f.yaml:7:6: app: no app is called "kcy": did you mean "kyc"?`,
		"gone.yaml":            "f.yaml:7:6: app: read the app: ",
		"/good.yaml":           `f.yaml:7:6: app: "/good.yaml" is not in the folder of the scenario`,
		"../good.yaml":         `f.yaml:7:6: app: "../good.yaml" is not in the folder of the scenario`,
		"apps/bad.yaml":        `incidents/apps/bad.yaml:4:9: health: "up" is no path`,
		"[kyc]":                "f.yaml:7:1: app takes a text, or a mapping (",
		"{port: 80}":           "f.yaml:7:1: app: missing health and operations and stores",
		shop + "prot: 1\n":     `f.yaml:16:3: unknown key "prot" in app: did you mean "port"?`,
		whole("/up", "up"):     `f.yaml:11:11: app.health: "up" is no path`,
		whole("ID", "Id"):      "f.yaml:14:42: app.operations.write.json.title: unknown placeholder {{.Id}}",
		whole("none", "once"):  `f.yaml:12:12: app.repoint: unknown way to repoint "once": known are `,
		whole("1.4", "1.4 -v"): `f.yaml:9:10: app.image: "shop:1.4 -v" is no name of an image`,
		whole("image: shop:1.4", "build: {go: ../shop}"): `app.build.go: "../shop" is no package of Go`,
		whole("image: shop:1.4\n", ""):                   "f.yaml:7:1: missing: app.image, or app.build",
		whole("select title", "delete"):                  "f.yaml:15:22: app.stores.postgres: ",
	} {
		_, err := ParseIn("incidents/f.yaml", []byte(withApp(says)), files)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("app: %s: %v, want %q", says, err, want)
		}
		if err != nil && len(file.Problems(err)) == 0 {
			t.Errorf("app: %s: it has no place: %v", says, err)
		}
	}
}

// What is shown of clients that go past the app runs as the ledger does, whose file is the one that says how.
func TestTheScenariosPastTheAppRunTheLedger(t *testing.T) {
	ledger, err := app.Named("ledger")
	if err != nil {
		t.Fatal(err)
	}
	runs := func(f app.Format) map[string]any {
		env := map[string]string{}
		for name, value := range f.Env {
			env[name] = value.String()
		}
		return map[string]any{
			"build": *f.Build, "port": f.Port, "health": f.Health, "ready": f.Ready, "env": env, "repoint": f.Repoint,
			"command": f.Command,
		}
	}
	for _, name := range []string{"payments-sql", "jobs-redis", "ledger-code"} {
		s, err := Load("../suites/ownapp/testdata/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Compile()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(runs(ledger.File()), runs(p.App.File())); diff != "" {
			t.Errorf("%s runs (-ledger +it):\n%s", name, diff)
		}
	}
}

// whole is the shop with something else in it.
func whole(old, other string) string { return strings.Replace(shop, old, other, 1) }

func TestAnAppFileIsInTheScenariosFolder(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	write := func(path, src string) {
		if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(elsewhere, "shop.yaml"), shop)
	write(filepath.Join(dir, "shop.yaml"), shop)
	if err := os.Symlink(elsewhere, filepath.Join(dir, "apps")); err != nil {
		t.Fatal(err)
	}
	for app, want := range map[string]string{"./shop.yaml": "", "apps/shop.yaml": "path escapes"} {
		path := filepath.Join(dir, "f.yaml")
		write(path, withoutReads(app))
		_, err := Load(path)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", app, err, want)
		}
	}
}

func TestADescriptionNamesAnAppOfSomebodyElses(t *testing.T) {
	var b strings.Builder
	s, err := Parse("f.yaml", []byte(withoutReads(shop)))
	if err == nil {
		err = s.Describe(&b)
	}
	if err != nil || !strings.Contains(b.String(), "  app ") || !strings.Contains(b.String(), "writes to postgres") {
		t.Errorf("%v:\n%s", err, b.String())
	}
}

// processes are what an app's file may say in place of a command.
const processes = `processes:
  web: {command: [web], port: 9000, count: 2, capacity: {workers: 4, service_time: 50ms}}
  worker: {command: [work], count: 3}
`

func TestATopologyHasTheNodesOfTheAppsProcesses(t *testing.T) {
	with := func(topologyHas string) topology.Topology {
		src := strings.Replace(withApp("./shop.yaml"), "preset: two-regions", topologyHas, 1)
		return compile(t, strings.Replace(src, ", reads: 15/s", "", 1),
			folderOf(map[string]string{"./shop.yaml": shop + processes})).Topology
	}
	got := with("preset: two-regions")
	want := []topology.Process{{Name: "worker", Count: 3}}
	if diff := cmp.Diff(want, got.Processes); diff != "" {
		t.Errorf("processes (-want +got):\n%s", diff)
	}
	if got.Regions[0].AppNodes != 2 || got.Regions[1].AppNodes != 2 || got.App.Workers != 4 {
		t.Errorf("of what clients are sent to it has %+v, %+v", got.Regions, got.App)
	}
	got = with("regions: [us-east-1, {name: us-west-2, app_nodes: 3}]\n  app: {workers: 1, service_time: 20ms}")
	if got.Regions[0].AppNodes != 2 || got.Regions[1].AppNodes != 3 || got.App.Workers != 1 {
		t.Errorf("what the topology says goes before: %+v, %+v", got.Regions, got.App)
	}
}

func TestProcessesAndATopologyThatDoNotFit(t *testing.T) {
	files := folderOf(map[string]string{"./shop.yaml": shop + processes})
	for name, c := range map[string]struct{ old, new, want string }{
		"a service of that name": {
			"preset: two-regions", "services: [worker]", `app.processes: "worker" is there twice`,
		},
		"a process that is none": {
			"lose_region: {region: us-east-1}", "kill: {node: wroker.us-east-1}", `did you mean "worker.us-east-1"?`,
		},
		"another node of a process": {
			"lose_region: {region: us-east-1}", "kill: {node: worker-4.us-east-1}", `"worker-4.us-east-1" can't be one`,
		},
		"a section of nobody": {
			"preset: two-regions", "overrides: [{in: us-west-2, service: wroker, key: postgres, to: us-east-1}]",
			`did you mean "worker"?`,
		},
	} {
		src := strings.Replace(withoutReads("./shop.yaml"), c.old, c.new, 1)
		_, err := ParseIn("f.yaml", []byte(src), files)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %s", name, err, c.want)
		}
	}
	killed := strings.Replace(withoutReads("./shop.yaml"), "lose_region: {region: us-east-1}",
		"kill: {node: worker-3.us-west-2}", 1)
	if _, err := ParseIn("f.yaml", []byte(killed), files); err != nil {
		t.Errorf("one that is there: %v", err)
	}
}
