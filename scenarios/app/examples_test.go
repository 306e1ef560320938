package app

import (
	"slices"
	"strings"
	"testing"

	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/file/filetest"
)

// minimal is an app that says no more than it has to.
const minimal = `image: shop:1.4
port: 8080
health: /healthz
operations: {write: {post: /orders, json: {id: "{{.ID}}"}}}
stores: {postgres: select id from orders}
`

// Whoever copies an example from the documentation has an app file that is good.
func TestEveryExampleIsGood(t *testing.T) {
	requests := []string{"get", "post", "put", "patch", "delete", "sql", "redis"}
	e := filetest.Examples{
		Base: minimal, Keys: file.Keys(Format{}), Names: map[string]string{
			"processes": "web", "operations.setup.keep": "Store", "operations.write.keep": "Upload", "jobs": "nightly",
		},
		Rivals: map[string][]string{
			"image": {"build"}, "build": {"image"}, "go": {"dockerfile"}, "dockerfile": {"go"},
			"number": {"text"}, "text": {"number"},
			"json": {"body", "header", "cookie", "location"}, "body": {"json"},
			"header": {"json"}, "cookie": {"json"}, "location": {"json"},
			"sql": slices.Concat(requests, httpKeys), "redis": slices.Concat(requests, httpKeys),
		},
	}
	e.Rivals["code"] = slices.Concat(requests, httpKeys)
	for _, method := range requests[:5] {
		e.Rivals[method] = requests
	}
	tried := 0
	for _, k := range e.Keys {
		if k.Example == "" {
			continue
		}
		tried++
		with := e
		if strings.HasSuffix(k.Path, ".expired") { // which only a setup can
			with.Base = strings.Replace(minimal, "operations: {", "operations: {setup: {post: /login}, ", 1)
		}
		if k.Path == "pipeline.job" { // which there has to be
			with.Base += "jobs: {nightly: {post: /jobs/nightly}}\n"
		}
		src := with.File(t, k)
		if _, err := Parse("app.yaml", []byte(src), anyFile); err != nil {
			t.Errorf("%s: %s is refused: %v\n%s", k.Path, k.Example, err, src)
		}
	}
	if tried < 80 {
		t.Errorf("only %d examples were tried", tried)
	}
}

// anyFile is in every folder.
func anyFile(string) ([]byte, error) { return []byte("create table orders (id text)"), nil }
