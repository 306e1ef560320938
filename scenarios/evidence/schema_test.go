package evidence

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	regionfall "github.com/regionfall/regionfall/scenarios/jsonschema"
)

var updateSchema = flag.Bool("update-schema", false, "write docs/schema/result.schema.json anew")

const schemaFile = "../../docs/schema/result.schema.json"

// The published schema is what the types and their comments say.
func TestTheSchemaIsThatOfTheTypes(t *testing.T) {
	docs, err := regionfall.Docs(".", "../measure")
	if err != nil {
		t.Fatal(err)
	}
	s, err := ResultSchema(docs)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.File()
	if err != nil {
		t.Fatal(err)
	}
	if *updateSchema {
		if err := os.WriteFile(schemaFile, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("schema (-want +got; -update-schema writes it anew):\n%s", diff)
	}
}

func resultSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func parsed(t *testing.T, data []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Whatever a drill leaves is what the schema says: every recorded result, and those of every kind of drill.
func TestResultsAreAsTheSchemaSays(t *testing.T) {
	s := resultSchema(t)
	files, err := filepath.Glob("testdata/*.result.json")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		err = s.Validate(parsed(t, data))
		if first := strings.HasPrefix(filepath.Base(file), "v1."); first != (err != nil) {
			t.Errorf("%s: %v", file, err)
		}
		seen++
	}
	for name, r := range drills(t) {
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(parsed(t, data)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		seen++
	}
	if seen < 10 {
		t.Errorf("only %d results were seen", seen)
	}
}

// The schema says something: what no drill leaves is refused.
func TestTheSchemaRefuses(t *testing.T) {
	s := resultSchema(t)
	good, err := os.ReadFile("testdata/pass.result.json")
	if err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{
		Schema:                    "regionfall-result/v3",
		`"status": "completed"`:   `"status": "done"`,
		`"verdict": "pass"`:       `"verdict": "green"`,
		`"role": "cause"`:         `"role": "culprit"`,
		`"leftovers": 0`:          `"leftovers": null`,
		`"command_ms": 5940`:      `"command_ms": 5940.5`,
		`"first_success_ms": `:    `"first_success": `,
		`"began": "2026-08-01`:    `"began": 20260801, "x": "`,
		`"lost": 0,`:              ``,
		`"fault": 0,`:             `"fault": "lose_region",`,
		`"sessions": null`:        `"sessions": {}`,
		`"dynamodb": "moto 5.1.1`: `"dynamodb": 5, "x": "`,
	} {
		bad := strings.Replace(string(good), from, to, 1)
		if bad == string(good) {
			t.Fatalf("%s is not in the result", from)
		}
		if s.Validate(parsed(t, []byte(bad))) == nil {
			t.Errorf("it takes %s", to)
		}
	}
}
