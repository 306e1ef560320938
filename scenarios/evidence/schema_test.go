package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/regionfall/regionfall/scenarios/history"
	regionfall "github.com/regionfall/regionfall/scenarios/jsonschema"
	"github.com/regionfall/regionfall/scenarios/measure"
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
	recorded, gerr := filepath.Glob("../../fixtures/drills/*/" + FileResult)
	if err := errors.Join(err, gerr); err != nil {
		t.Fatal(err)
	}
	files = append(files, recorded...)
	seen := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		err = s.Validate(parsed(t, data))
		if first := bytes.Contains(data, []byte(schemaV1)); first != (err != nil) {
			t.Errorf("%s: %v", file, err)
		}
		seen++
	}
	all := drills(t)
	measured := map[string]int{}
	for _, name := range histories(t) {
		d := judged(t, name)
		d.Report = measure.Judge(d.History, everything())
		all[name] = New(d)
		metrics := reflect.ValueOf(all[name].Metrics)
		for i := range metrics.NumField() {
			if !metrics.Field(i).IsNil() {
				measured[metrics.Type().Field(i).Name]++
			}
		}
	}
	for name, r := range all {
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(parsed(t, data)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		seen++
	}
	for i := range reflect.TypeFor[measure.Metrics]().NumField() {
		f := reflect.TypeFor[measure.Metrics]().Field(i)
		if never := f.Type == reflect.TypeFor[*measure.NotMeasured](); (measured[f.Name] == 0) != never {
			t.Errorf("%s was measured in %d of the histories", f.Name, measured[f.Name])
		}
	}
	if seen < 10 {
		t.Errorf("only %d results were seen", seen)
	}
}

// histories are the names of all that are recorded.
func histories(t *testing.T) []string {
	t.Helper()
	dirs, err := filepath.Glob("../../fixtures/histories/*/" + history.EventsFile)
	if err != nil || len(dirs) == 0 {
		t.Fatal(err)
	}
	for i, path := range dirs {
		dirs[i] = filepath.Base(filepath.Dir(path))
	}
	return dirs
}

// everything is promised.
func everything() measure.Spec {
	stores := []string{history.StorePostgres, history.StoreObjects, history.StoreItems}
	return measure.Spec{
		Timescale: 60, Stores: stores, Ordered: stores[:1], Survivor: "us-west-2", MinAcked: 10, StandbyCapacity: 0.5,
		LocalReads: time.Second,
		RecoveryTime: &measure.RecoveryTimeObjective{
			Within: 2 * time.Second, Window: time.Second, Success: 0.99, Quantile: 0.99,
			Latency: 250 * time.Millisecond, Capacity: 0.9,
		},
		RecoveryPoint: &measure.RecoveryPointObjective{Within: 400 * time.Millisecond}, StaleClients: 1,
		Given:       []string{"promoted"},
		Consistency: measure.Linearizable, Sessions: []string{
			measure.FindingReadYourWrites,
			measure.FindingMonotonicReads,
		},
		StaleConfig: new(time.Second), WriteGap: new(time.Second), JointRecoveryPoint: new(time.Second),
		Decisions: true, Replicated: stores[1:],
		Manifests: true, Restores: 1, Claims: []measure.Claim{
			{RecoveryPoint: time.Second},
			{Of: stores[0], RecoveryPoint: time.Second},
		},
		Conservation: &measure.Pipeline{Stages: []string{"clean", "enrich", "score"}},
		Deadline:     &measure.DeadlineObjective{Within: 4 * time.Second},
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
