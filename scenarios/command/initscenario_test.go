package command

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios"
	"github.com/regionfall/regionfall/scenarios/starter"
)

// ownApp is an app file that is good.
const ownApp = `image: shop:1.4
port: 9000
health: /up
operations:
  write: {post: /orders, json: {title: "{{.ID}}"}}
stores: {postgres: select title from orders}
`

// within runs a command in a folder.
func within(t *testing.T, folder string, args ...string) finished {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := command(ctx, t, args...)
	cmd.Dir = folder
	return finish(t, cmd)
}

// put writes a file into a folder.
func put(t *testing.T, folder, name, text string) {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// got is what a file holds.
func got(t *testing.T, folder, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestInitScenarioWritesOneThatIsShown(t *testing.T) {
	folder := t.TempDir()
	within(t, folder, "init", "scenario").want(t, exitPass,
		"region-outage.yaml is written", "scenario.schema.json is written", "regionfall check ./region-outage.yaml")
	if got(t, folder, "scenario.schema.json") != got(t, "../..", scenarios.SchemaFile) {
		t.Error("the schema beside it is another")
	}
	within(t, folder, "show", "./region-outage.yaml").want(t, exitPass, "inject lose_region: us-east-1")

	again := within(t, folder, "init", "scenario", "peak", "--from", "stale-standby", "--regions", "3")
	again.want(t, exitPass, "peak.yaml is written")
	if strings.Contains(again.stderr, "schema") {
		t.Errorf("the same schema is written twice:\n%s", again.stderr)
	}
	within(t, folder, "show", "peak.yaml").want(t, exitPass, "peak: ", "inject blackhole: eu-west-1 to postgres")
}

func TestInitScenarioNamesAnAppOfOnesOwn(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, "apps/my shop.yaml", ownApp)
	within(t, folder, "init", "scenario", "--app", "apps/my shop.yaml").want(t, exitPass)
	text := got(t, folder, "region-outage.yaml")
	if !strings.Contains(text, "\napp: \"./apps/my shop.yaml\"\n") || strings.Contains(text, "reads:") {
		t.Errorf("it is for another app:\n%s", text)
	}
	within(t, folder, "show", "region-outage.yaml").want(t, exitPass, "writes to postgres")

	put(t, folder, "app.yaml", ownApp)
	within(t, folder, "init", "scenario", "--app", "app.yaml", "--out", "apps/x.yaml").want(t, exitBadInput,
		`app "app.yaml": it is not in the folder of the scenario, nor below it`)
	put(t, folder, "todo.yaml", strings.Replace(ownApp, `
  write: {post: /orders, json: {title: "{{.ID}}"}}`, "", 1))
	within(t, folder, "init", "scenario", "t", "--app", "todo.yaml").want(t, exitBadInput,
		"todo.yaml:4:1: operations has no value, such as {write: {post: /orders, ")
	within(t, folder, "init", "scenario", "t", "--app", "none.yaml").want(t, exitBadInput, "none.yaml: no such file")
}

func TestInitScenarioPrints(t *testing.T) {
	folder := t.TempDir()
	f := within(t, folder, "init", "scenario", "--from", "partition", "--out", "-")
	f.want(t, exitPass)
	if _, err := scenarios.Parse("x.yaml", []byte(f.stdout)); err != nil || f.stderr != "" {
		t.Errorf("%v:\n%s%s", err, f.stdout, f.stderr)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("it wrote %v, %v", left, err)
	}
}

func TestInitNeverOverwritesUnasked(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, "region-outage.yaml", "mine")
	put(t, folder, "scenario.schema.json", "{}")
	within(t, folder, "init", "scenario").want(t, exitBadInput,
		"region-outage.yaml is there already: --force overwrites it, --out names another file")
	if text := got(t, folder, "region-outage.yaml"); text != "mine" {
		t.Errorf("it is overwritten:\n%s", text)
	}
	within(t, folder, "init", "scenario", "--out", "o.yaml").want(t, exitPass,
		"scenario.schema.json is another than this version's, and is kept: --force overwrites it")
	within(t, folder, "init", "scenario", "--force").want(t, exitPass, "region-outage.yaml is written")
	if text := got(t, folder, "scenario.schema.json"); text == "{}" {
		t.Error("--force keeps the schema")
	}
}

func TestWhatInitScenarioRefuses(t *testing.T) {
	for args, want := range map[string]string{
		"--from meteor":        `no incident is called "meteor": known are `,
		"--from partiton":      `did you mean "partition"?`,
		"--regions 4":          "4 regions: there can be 2 or 3",
		"Peak":                 `name: "Peak" is no name`,
		"a b":                  "accepts at most 1 arg",
		"--out none/x.yaml":    "no such file or directory",
		"../x --from overload": `name: "../x" is no name`,
	} {
		folder := t.TempDir()
		f := within(t, folder, append([]string{"init", "scenario"}, strings.Fields(args)...)...)
		f.want(t, exitBadInput, want)
		if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
			t.Errorf("%s: it wrote %v, %v", args, left, err)
		}
	}
}

func TestTheHelpOfInitListsTheIncidents(t *testing.T) {
	f := regionfall(t, "init", "scenario", "--help")
	for _, i := range starter.Incidents() {
		f.want(t, exitPass, i.Name, i.About)
	}
	regionfall(t, "init").want(t, exitPass, "scenario", "regionfall init scenario")
}

// `regionfall check` and `regionfall run` refuse what is Go code.
func TestInitScenarioOfGoCodeIsNotSentToTheCommandLine(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, "app.yaml",
		"image: shop:1.4\nport: 9000\nhealth: /up\noperations: {write: {code: on}}\nstores: {code: on}\n")
	f := within(t, folder, "init", "scenario", "--app", "app.yaml")
	f.want(t, exitPass, "go on with: regionfall show ./region-outage.yaml, and run it by the Go program")
	if strings.Contains(f.stderr+f.stdout, "regionfall run") {
		t.Errorf("%s%s", f.stdout, f.stderr)
	}
}
