package runner

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/image"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios"
	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/history"
)

// A lab runs the sample app by itself: its file has to say the same of it.
func TestTheSampleAppIsTheOneThatALabRuns(t *testing.T) {
	a, err := app.Named(app.Default)
	if err != nil {
		t.Fatal(err)
	}
	f, runs := a.File(), lab.App{}.Whole()
	if f.Port != runs.Port || string(f.Health) != runs.Health || string(f.Ready.Path) != runs.Ready {
		t.Errorf("the file says %d, %s, %s, and the lab %+v", f.Port, f.Health, f.Ready.Path, runs)
	}
	s := a.Stores()
	if s.S3.Bucket != topology.Bucket || s.DynamoDB.Table != topology.ItemsTable {
		t.Errorf("the file says %+v", s)
	}
	var stores []string
	for _, r := range readers(s, "v-t-") {
		stores = append(stores, r.store)
	}
	if diff := cmp.Diff([]string{history.StorePostgres, history.StoreObjects, history.StoreItems}, stores); diff != "" {
		t.Errorf("stores (-want +got):\n%s", diff)
	}
}

// What a file may put into the environment is what the lab fills in.
func TestTheEnvironmentHasTheLabsPlaceholders(t *testing.T) {
	if diff := cmp.Diff(api.Placeholders(), app.EnvPlaceholders); diff != "" {
		t.Errorf("placeholders (-lab +file):\n%s", diff)
	}
}

// shop is an app of somebody else's.
const shop = `name: shop
image: shop:1.4
port: 9000
health: /up
repoint: none
env: {DATABASE_URL: "postgres://{{.User}}:{{.Secret}}@{{.Postgres}}/{{.Database}}"}
command: [serve, --verbose]
operations:
  write: {post: /orders, json: {title: "{{.ID}}"}}
  read: {get: "/orders/{{.ID}}"}
stores: {postgres: "select title from orders"}
`

// shopPlan is the example, drilled with an app file that says this.
func shopPlan(t *testing.T, says string) drill.Plan {
	t.Helper()
	source := strings.Replace(example, "steps:", "app: ./shop.yaml\nsteps:", 1)
	s, err := scenarios.ParseIn("example.yaml", []byte(source),
		func(string) ([]byte, error) { return []byte(says), nil })
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Compile()
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestALabRunsTheAppOfTheFile(t *testing.T) {
	kyc, err := app.Named(app.Default)
	if err != nil {
		t.Fatal(err)
	}
	if runs, err := labApp(t.Context(), kyc, image.Packages, nil); err != nil || !reflect.ValueOf(runs).IsZero() {
		t.Errorf("of the sample app a lab is told %+v: %v", runs, err)
	}
	runs, err := labApp(t.Context(), shopPlan(t, shop).App, image.Packages, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(lab.App{
		Image: "shop:1.4", Cmd: []string{"serve", "--verbose"}, Port: 9000, Health: "/up",
		Env: map[string]string{"DATABASE_URL": "postgres://{{.User}}:{{.Secret}}@{{.Postgres}}/{{.Database}}"},
	}, runs); diff != "" {
		t.Errorf("it runs (-want +got):\n%s", diff)
	}
	again := strings.NewReplacer("repoint: none",
		"repoint: restart\nready: {path: /open, holds: '\"db\":true'}").Replace(shop)
	if runs, err = labApp(t.Context(), shopPlan(t, again).App, image.Packages, nil); err != nil ||
		runs.Repoint != lab.RepointRestart ||
		runs.Ready != "/open" || runs.Holds != `"db":true` {
		t.Errorf("an app that is started again is %+v: %v", runs, err)
	}
	direct := strings.Replace(shop, `{get: "/orders/{{.ID}}"}`, `{sql: "select 1 from orders where title = '{{.ID}}'"}`,
		1)
	if runs, err = labApp(t.Context(), shopPlan(t, direct).App, image.Packages, nil); err != nil ||
		!slices.Equal(runs.Direct, []topology.Service{topology.ServicePostgres}) {
		t.Errorf("clients speak to %v themselves: %v", runs.Direct, err)
	}
}

// What can't be built is told at the place that says how.
func TestABuildThatFailsHasAPlace(t *testing.T) {
	for build, want := range map[string]string{
		"{go: ./nowhere}":         "shop.yaml:2:13: build.go: build an image of ./nowhere: ",
		"{dockerfile: ./nowhere}": "shop.yaml:2:21: build.dockerfile: build an image of ./nowhere: open the folder: ",
		"{dockerfile: .}":         "shop.yaml:2:21: build.dockerfile: build an image of .: it has no Dockerfile",
	} {
		says := strings.Replace(shop, "image: shop:1.4", "build: "+build, 1)
		_, err := labApp(t.Context(), shopPlan(t, says).App, image.Packages, nil)
		if err == nil || !strings.Contains(err.Error(), want) || len(file.Problems(err)) != 1 {
			t.Errorf("%s: %v, want a problem with %q", build, err, want)
		}
	}
}

// What this machine lacks is no mistake of the file, and has the place all the same.
func TestABuildThatCannotBeginIsNoProblemOfTheFile(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	says := strings.Replace(shop, "image: shop:1.4", "build: {go: ./cmd}", 1)
	_, err := labApp(t.Context(), shopPlan(t, says).App, image.Packages, nil)
	if err == nil || !strings.HasPrefix(err.Error(), "shop.yaml:2:13: build an image of ./cmd: go is not on this machine") ||
		len(file.Problems(err)) > 0 {
		t.Error(err)
	}
}

func TestALabRunsTheAppWithTheFilesOfTheFile(t *testing.T) {
	says := strings.Replace(workingShop, "health:", `files: {/tmp/db.json: "{{.Postgres}}"}
prepared: {command: [migrate]}
health:`, 1)
	says = strings.NewReplacer("command: [web]", `command: [web], files: {/tmp/web.ini: "web"}`,
		"command: [work]", `command: [work], files: {/tmp/db.json: "none"}`).Replace(says)
	runs, err := labApp(t.Context(), shopPlan(t, says).App, image.Packages, nil)
	if err != nil {
		t.Fatal(err)
	}
	app := map[string]string{"/tmp/db.json": "{{.Postgres}}"}
	for of, c := range map[string]struct{ want, got map[string]string }{
		"web":               {map[string]string{"/tmp/db.json": "{{.Postgres}}", "/tmp/web.ini": "web"}, runs.Files},
		"worker":            {map[string]string{"/tmp/db.json": "none"}, runs.Processes["worker"].Files},
		"mailer":            {app, runs.Processes["mailer"].Files},
		"what comes before": {app, runs.Prepared.Files},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", of, diff)
		}
	}
}

func TestTheStoresThatAreReadAreThoseThatAreJudged(t *testing.T) {
	plan := shopPlan(t, strings.Replace(shop, "stores: {", `stores: {redis: "order:{{.ID}}", `, 1))
	var stores []string
	for _, r := range readers(plan.App.Stores(), "p-") {
		stores = append(stores, r.store)
	}
	if diff := cmp.Diff(plan.Judge.Stores, stores); diff != "" || len(stores) != 2 {
		t.Errorf("stores (-judged +read):\n%s", diff)
	}
}

func TestAnAppThatWasEditedIsNotJudgedBy(t *testing.T) {
	dir := folderOf(t, shopPlan(t, shop), record)
	path := filepath.Join(dir, evidence.FileApp)
	if kept, err := os.ReadFile(path); err != nil || string(kept) != shop {
		t.Fatalf("the evidence has the app %q: %v", kept, err)
	}
	before, after, err := Rejudge(dir)
	if err != nil || after.Scenario.AppSHA256 != evidence.Digest([]byte(shop)) {
		t.Fatalf("the app is %q: %v", after.Scenario.AppSHA256, err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("judged again (-before +after):\n%s", diff)
	}
	edited := strings.Replace(shop, "select title from orders", "select other from orders", 1)
	rewrite(t, path, []byte(edited))
	refused(t, dir, "the app was edited", "app.yaml is not the app that was run", evidence.Digest([]byte(edited)),
		"events.jsonl says")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Rejudge(dir); err == nil || !strings.Contains(err.Error(), "app.yaml: no such file") {
		t.Errorf("without the app: %v", err)
	}
}

// preparedPlan is the example, drilled with the shop in a folder of its own, where the SQL file is.
func preparedPlan(t *testing.T, in scenarios.Folder) drill.Plan {
	t.Helper()
	source := strings.Replace(example, "steps:", "app: ./shop/app.yaml\nsteps:", 1)
	s, err := scenarios.ParseIn("example.yaml", []byte(source), in)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Compile()
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

const preparedShop = shop + "prepared: {sql: [db/schema.sql], command: [migrate]}\n"

func inShop(path string) ([]byte, error) {
	if path == "shop/app.yaml" || path == "./shop/app.yaml" {
		return []byte(preparedShop), nil
	}
	if path == "shop/db/schema.sql" {
		return []byte("create table orders (title text);\n"), nil
	}
	return nil, os.ErrNotExist
}

func TestAnAppIsPreparedAsItsFileSays(t *testing.T) {
	plan := preparedPlan(t, inShop)
	runs, err := labApp(t.Context(), plan.App, image.Packages, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := lab.Prepared{
		SQL:     []lab.Script{{Name: "db/schema.sql", Text: "create table orders (title text);\n"}},
		Command: []string{"migrate"},
	}
	if diff := cmp.Diff(want, runs.Prepared); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for step, want := range map[string]string{
		"sql[0]":  "shop/app.yaml:12:18: prepared.sql[0]: it is wrong",
		"command": "shop/app.yaml:12:34: prepared.command: it is wrong",
	} {
		failed := &lab.NotPrepared{Step: step, Err: errors.New("it is wrong")}
		err := placed(plan.App, runs.Whole(), fmt.Errorf("bring up the lab: %w", failed))
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// Who judges a folder again has all that was run, and nothing else.
func TestTheFilesOfAPreparationAreInTheEvidence(t *testing.T) {
	dir := folderOf(t, preparedPlan(t, inShop), record)
	if kept, err := os.ReadFile(filepath.Join(dir, "db", "schema.sql")); err != nil ||
		string(kept) != "create table orders (title text);\n" {
		t.Fatalf("the evidence has %q: %v", kept, err)
	}
	before, after, err := Rejudge(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("judged again (-before +after):\n%s", diff)
	}
}
