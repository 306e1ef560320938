package compose

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/file"
)

// read makes a draft from a text.
func read(t *testing.T, text, service string) (Draft, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "compose.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Read(t.Context(), Options{File: path, Service: service})
}

func TestWhatNoDraftIsMadeFrom(t *testing.T) {
	for name, c := range map[string]struct {
		text, service, want string // the complaint, from the line on
	}{
		"no YAML": {
			"services:\n  web: {image: a\n", "",
			":3:1: no compose file that can be read: did not find expected",
		},
		"no mapping":  {"- a\n- b\n", "", ":1:1: no compose file that can be read: "},
		"nothing":     {"", "", ":1:1: "},
		"no services": {"volumes: {a: {}}\n", "", ":1:1: no service is in it: is it a compose file?"},
		"a wrong key": {
			"services:\n  web:\n    imige: a\n", "",
			":3:5: services.web.imige: compose knows no such key",
		},
		"a loop":       {"services:\n  web:\n    extends: web\n", "", "no compose file that can be read: "},
		"no such file": {"services:\n  web:\n    extends: {file: no.yaml, service: x}\n", "", "no.yaml"},
		"no such value": {
			"services:\n  web: {image: \"${TAG:?say it}\"}\n", "",
			":2:3: no compose file that can be read: ",
		},
		"stores alone": {
			"services:\n  db: {image: postgres}\n  x: {image: nginx}\n", "",
			":1:1: no service could be the app: db is PostgreSQL, x is nginx: name one with --service",
		},
		"two": {"services:\n  a: {image: a, ports: [\"80\"]}\n  b: {image: b, expose: [\"80\"]}\n  c: " +
			"{image: c}\n", "", ":1:1: which service is the app, a or b? Say it with --service a"},
		"two, of none": {"services:\n  a: {image: a}\n  b: {image: b}\n", "", "which service is the app, a or b?"},
		"a misspelt one": {
			"services:\n  web: {image: a}\n", "wbe",
			`:1:1: no service is called "wbe": did you mean "web"?`,
		},
		"a store": {
			"services:\n  web: {image: a}\n  ddb: {image: amazon/dynamodb-local}\n", "ddb",
			":3:3: ddb is DynamoDB, which the lab has: name the service that is the app",
		},
		"too much": {"services:\n" + strings.Repeat("# x\n", 17_000), "", ":1:1: the file has more than 64 KiB"},
	} {
		_, err := read(t, c.text, c.service)
		if err == nil || len(file.Problems(err)) != 1 || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := Read(t.Context(), Options{File: filepath.Join(t.TempDir(), "no.yml")}); err == nil ||
		!strings.Contains(err.Error(), "no.yml: no such file") {
		t.Errorf("a file that is not there: %v", err)
	}
}

// What the compose file does not say is a TODO, of which the reader of the app file says what to write.
func TestWhatIsNotKnownIsRefusedUntilItIsWritten(t *testing.T) {
	d, err := read(t, "services:\n  web: {build: {context: ., dockerfile_inline: FROM scratch}}\n", "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = app.Parse("app.yaml", []byte(d.Text), nil)
	for _, want := range []string{
		"port has no value, such as 8080", "health has no value, such as /healthz",
		"operations has no value, such as {write",
		"stores has no value, such as {postgres",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not told: %v", want, err)
		}
	}
}

func TestWhatTheLabHasNot(t *testing.T) {
	d, err := read(t, `services:
  web: {image: a, ports: ["80"], environment: {QUEUE_URL: "http://aws:4566/q"}}
  aws: {image: localstack/localstack, environment: [SERVICES=sqs]}
  db: {image: mysql:9}
  cache: {image: redis}
  odd: {image: example/odd}
`, "")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, r := range d.Remarks {
		b.WriteString(strings.TrimPrefix(r.String(), r.File) + "\n")
	}
	const want = `:3: aws serves neither S3 nor DynamoDB, and the lab has no other of AWS's services
:4: db: the lab has no such service
:5: cache is Redis, and no variable of web leads there: if it is used, say how in env
:6: odd is not understood, and not started
`
	if b.String() != want {
		t.Errorf("it says\n%swant\n%s", b.String(), want)
	}
}

// What a compose file holds stays a value of the app file.
func TestNothingOfAComposeFileBecomesAKey(t *testing.T) {
	d, err := read(t, `services:
  "web":
    image: "a\nrepoint: endpoint"
    command: ["x\nrandom: [a]", "`+strings.Repeat("y", 200)+`"]
    environment: {"A": "b\nextras: {region: X}", "LONG": "`+strings.Repeat("z", 1000)+`", "BELL": "\a"}
    ports: ["80"]
    healthcheck: {test: "curl localhost:80/up\nname:"}
  other:
    image: "a\nrepoint: endpoint"
    command: "b\n\nname: c"
`, "web")
	if err != nil {
		t.Fatal(err)
	}
	_, err = app.Parse("app.yaml", []byte(filledIn(d.Text, "{post: /a, body: \"{{.ID}}\"}", "redis: \"{{.ID}}\"")), nil)
	if problems := file.Problems(err); len(problems) != 2 ||
		problems[0].Message != "missing: image, or build: what do its "+
			"nodes run?" || !strings.HasPrefix(problems[1].Message,
		`image: "a\nrepoint: endpoint" is no name of an image`) {
		t.Errorf("of it is said %v:\n%s", err, d.Text)
	}
}

// A compose file is often somebody else's. It must not cost much, or leave its folder unasked.
func TestHostileComposeFiles(t *testing.T) {
	bomb := "x-a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 9; i++ {
		a, b := itoa(i), itoa(i-1)
		bomb += "x-a" + a + ": &a" + a + " [" + strings.Repeat("*a"+b+", ", 8) + "*a" + b + "]\n"
	}
	for name, text := range map[string]string{
		"aliases of aliases": bomb + "services: {web: {image: a, command: *a8}}\n",
		"itself":             "services: &s {web: {image: a, x-a: *s}}\n",
		"an image elsewhere": "services: {web: {image: a}}\ninclude: [\"https://host.invalid/compose.yaml\"]\n",
		"a repository":       "services: {web: {image: a}}\ninclude: [\"git@host.invalid:a/b.git\"]\n",
	} {
		if d, err := read(t, text, ""); err == nil && len(d.Text) > 10_000 {
			t.Errorf("%s: it makes %d bytes", name, len(d.Text))
		}
	}
}
