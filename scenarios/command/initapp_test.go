package command

import (
	"os"
	"strings"
	"testing"

	"github.com/regionfall/regionfall/scenarios"
)

// composeFile is of an app that has a database and nothing else.
const composeFile = `services:
  web:
    image: shop:1.4
    ports: ["8080:80"]
    environment: {DATABASE_URL: "postgres://u:p@db:5432/shop", GREETING: hi}
    healthcheck: {test: curl -f http://localhost:80/up}
    volumes: ["./data:/data"]
  db:
    image: postgres:17
`

// From a compose file to a plan in three commands, with the TODOs done in between.
func TestInitAppThenInitScenario(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, "docker-compose.yml", composeFile)
	f := within(t, folder, "init", "app") // it is found
	f.want(t, exitPass, "app.yaml is written", "app.schema.json is written",
		"docker-compose.yml:7: web.volumes is not carried over: ", "regionfall init scenario --app app.yaml")
	if f.stdout != "" || got(t, folder, "app.schema.json") != got(t, "../..", scenarios.AppSchemaFile) {
		t.Errorf("it prints %q, or the schema is another", f.stdout)
	}
	text := got(t, folder, "app.yaml")
	for _, want := range []string{
		"# yaml-language-server: $schema=app.schema.json\n", "\nimage: shop:1.4\n", "\nport: 80 ", "\nhealth: /up ",
		`DATABASE_URL: "postgres://{{.User}}:{{.Secret}}@{{.Postgres}}/{{.Database}}"`, `GREETING: "hi"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing:\n%s", want, text)
		}
	}

	put(t, folder, "early.yaml", strings.Replace(example, "steps:", "app: ./app.yaml\nsteps:", 1))
	within(t, folder, "check", "./early.yaml").want(t, exitBadInput,
		"operations has no value, such as {write: {post: /orders, ", "stores has no value, such as {postgres: ")

	put(t, folder, "app.yaml", strings.NewReplacer(
		"\noperations:\n", "\noperations:\n  write: {post: /orders, json: {title: \"{{.ID}}\"}}\n",
		"\nstores:\n", "\nstores:\n  postgres: select title from orders\n").Replace(text))
	within(t, folder, "init", "scenario", "--app", "app.yaml").want(t, exitPass, "region-outage.yaml is written")
	within(t, folder, "show", "./region-outage.yaml").want(t, exitPass, "web", "writes to postgres")
}

func TestInitAppPrints(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, "c.yml", composeFile)
	f := within(t, folder, "init", "app", "--compose", "c.yml", "--service", "web", "--out", "-")
	f.want(t, exitPass)
	if !strings.HasPrefix(f.stdout, "# yaml-language-server: ") || strings.Contains(f.stderr, "written") ||
		!strings.Contains(f.stderr, "c.yml:7: ") {
		t.Errorf("it prints\n%s\nand tells\n%s", f.stdout, f.stderr)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("it wrote %v, %v", left, err)
	}
}

func TestWhatInitAppRefuses(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, "c.yml", composeFile)
	put(t, folder, "bad.yml", "services: {web: [}\n")
	put(t, folder, "two.yml", "services:\n  a: {image: a}\n  b: {image: b}\n")
	put(t, folder, "none.yml", "services:\n  db: {image: postgres}\n")
	put(t, folder, "there.yaml", "mine")
	for args, want := range map[string]string{
		"": "no compose file is here (compose.yaml, compose.yml, " +
			"docker-compose.yaml, docker-compose.yml): name one with --compose",
		"--compose no.yml":              "no.yml: no such file",
		"--compose .":                   "it is a folder, not a file",
		"--compose bad.yml":             "bad.yml:1:1: no compose file that can be read: ",
		"--compose two.yml":             "two.yml:1:1: which service is the app, a or b? Say it with --service a",
		"--compose none.yml":            "none.yml:1:1: no service could be the app: db is PostgreSQL",
		"--compose c.yml --service wbe": `no service is called "wbe": did you mean "web"?`,
		"--compose c.yml --out there.yaml": "there.yaml is there already: --force overwrites it, --out names " +
			"another file",
		"--compose c.yml --out none/x.yaml": "no such file or directory",
		"--compose c.yml web":               `unknown command "web"`,
	} {
		within(t, folder, append([]string{"init", "app"}, strings.Fields(args)...)...).want(t, exitBadInput, want)
	}
	if got(t, folder, "there.yaml") != "mine" {
		t.Error("it overwrote a file")
	}
}
