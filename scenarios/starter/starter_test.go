package starter

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/regionfall/regionfall/scenarios"
	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/file/filetest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// promised are the faults of each incident, in the order in which they come.
var promised = map[string][]string{
	"region-outage":   {"lose_region: us-east-1"},
	"partition":       {"partition: us-east-1 and STANDBY"},
	"stale-standby":   {"BEHIND", "lose_region: us-east-1"},
	"overload":        {"lose_region: us-east-1"},
	"failing-runbook": {"fail_step: step promote of the automation", "lose_region: us-east-1"},
	"stale-dns":       {"lose_region: us-east-1"},
	"database-crash":  {"CRASH"},
	"nightly-backup":  {"lose_region: us-east-1"},
}

// apps are those that scenarios are written for, by their stores, and what keeps the copies of these from going on.
var apps = map[string]struct{ operations, stores, behind, crash string }{
	"postgres": {
		reading, "postgres: select title from orders", "blackhole: STANDBY to postgres in us-east-1",
		"kill: the primary of postgres",
	},
	"silent": {
		writing, "postgres: select title from orders", "blackhole: STANDBY to postgres in us-east-1",
		"kill: the primary of postgres",
	},
	"redis": {
		reading, `redis: "order:{{.ID}}"`, "blackhole: STANDBY to redis in us-east-1",
		"kill: the primary of redis",
	},
	"s3": {
		reading, `s3: {bucket: documents, key: "o/{{.ID}}"}`, "pause_replication: objects to STANDBY",
		"pause: s3 in us-east-1",
	},
	"dynamodb": {
		reading, "dynamodb: {table: decisions, key: id}", "pause_replication: items to STANDBY",
		"pause: dynamodb in us-east-1",
	},
}

const (
	writing = `  write: {post: /orders, json: {title: "{{.ID}}"}}`
	reading = writing + "\n  read: {get: \"/orders/{{.ID}}\"}"
)

func TestEveryIncidentIsAScenarioThatBreaksWhatItSays(t *testing.T) {
	schema, err := validator.NewCompiler().Compile(filepath.Join("..", "..", scenarios.SchemaFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, incident := range Incidents() {
		for _, regions := range []int{2, 3} {
			if incident.Name == "nightly-backup" && regions == 3 {
				continue // it is refused
			}
			check(t, schema, Options{From: incident.Name, Regions: regions}, "")
			for name, of := range apps {
				check(t, schema, Options{
					From: incident.Name, Regions: regions, App: "./app.yaml", Name: name + "-" + incident.Name,
				}, "image: shop:1\nport: 80\nhealth: /up\noperations:\n"+of.operations+"\nstores: {"+of.stores+"}\n")
			}
		}
	}
	if len(Incidents()) != len(promised) || len(promised) < 6 {
		t.Errorf("there are %d incidents, and %d are tried", len(Incidents()), len(promised))
	}
}

// The comment on what asynchronous commit can lose is a step that can be taken as it is, and is in time.
func TestTheStandbyCanBeCutOffFirst(t *testing.T) {
	for name, of := range apps {
		file := "image: shop:1\nport: 80\nhealth: /up\noperations:\n" + of.operations + "\nstores: {" + of.stores + "}\n"
		a, err := app.Parse("app.yaml", []byte(file), nil)
		if err != nil {
			t.Fatal(err)
		}
		text, err := Scenario(Options{From: "region-outage", Regions: 2, App: "./app.yaml", Name: "ours"}, a)
		if err != nil {
			t.Fatal(err)
		}
		cut := strings.NewReplacer("  # - at:", "  - at:", "  #   inject:", "    inject:").Replace(text)
		s, err := scenarios.ParseIn("x.yaml", []byte(cut), func(string) ([]byte, error) { return []byte(file), nil })
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, cut)
		}
		plan, err := s.Compile()
		if err != nil || len(plan.Steps) != 2 || len(s.Warnings()) > 0 {
			t.Errorf("%s: %d steps, %v, %v\n%s", name, len(plan.Steps), s.Warnings(), err, cut)
		}
	}
}

// check reads what is written as a scenario would be read.
func check(t *testing.T, schema *validator.Schema, o Options, appFile string) {
	t.Helper()
	o.Schema = "scenario.schema.json"
	a, err := app.Named(app.Default)
	if appFile != "" {
		a, err = app.Parse("app.yaml", []byte(appFile), nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := Scenario(o, a)
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenarios.ParseIn("x.yaml", []byte(text), func(string) ([]byte, error) { return []byte(appFile), nil })
	if err != nil {
		t.Errorf("%+v: %v\n%s", o, err, text)
		return
	}
	for _, w := range s.Warnings() {
		t.Errorf("%+v: %v", o, w)
	}
	if !strings.HasPrefix(text, "# yaml-language-server: $schema=scenario.schema.json\n") {
		t.Errorf("%+v: it names no schema for editors:\n%s", o, text)
	}
	if err := schema.Validate(filetest.JSON(t, []byte(text))); err != nil {
		t.Errorf("%+v: %v", o, err)
	}
	for line := range strings.Lines(text) {
		if len([]rune(line)) > 121 || strings.Contains(line, "HOME") || strings.Contains(line, "STANDBY") {
			t.Errorf("%+v: a line is %q", o, line)
		}
	}
	plan, err := s.Compile()
	if err != nil {
		t.Fatal(err)
	}
	var faults []string
	for _, step := range plan.Steps {
		for _, f := range step.Inject {
			faults = append(faults, f.Kind()+": "+f.Target())
		}
	}
	if diff := cmp.Diff(wanted(o, plan.Topology.Standby().Name), faults); diff != "" {
		t.Errorf("%+v: faults (-promised +planned):\n%s", o, diff)
	}
	if len(plan.Topology.Regions) != o.Regions || (o.App == "") != (plan.App.BuiltIn() == app.Default) {
		t.Errorf("%+v: it has %d regions and the app %q", o, len(plan.Topology.Regions), plan.App.Name())
	}
	if j := plan.Judge; j.RecoveryTime == nil || j.RecoveryPoint == nil && o.From != "overload" {
		t.Errorf("%+v: it promises too little: %+v", o, j)
	}
	if want := o.Name; want != "" && s.Name() != want || want == "" && s.Name() != o.From {
		t.Errorf("%+v: it is called %q", o, s.Name())
	}
}

func wanted(o Options, standby string) []string {
	of := apps["postgres"] // the sample app has one too
	if name, _, is := strings.Cut(o.Name, "-"); is {
		of = apps[name]
	}
	want := slices.Clone(promised[o.From])
	for i := range want {
		want[i] = strings.NewReplacer("BEHIND", of.behind, "CRASH", of.crash).Replace(want[i])
		want[i] = strings.ReplaceAll(want[i], "STANDBY", standby)
	}
	return want
}

// The whole of one is held by a golden file, so that whoever changes the texts reads what users will.
func TestTheTextOfAScenario(t *testing.T) {
	sample, err := app.Named(app.Default)
	if err != nil {
		t.Fatal(err)
	}
	for _, incident := range Incidents() {
		got, err := Scenario(Options{From: incident.Name, Regions: 2, Schema: "scenario.schema.json"}, sample)
		if err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", incident.Name+".yaml")
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got; -update writes it anew):\n%s", golden, diff)
		}
	}
}

func TestWhatNoScenarioIsWrittenFrom(t *testing.T) {
	sample, err := app.Named(app.Default)
	if err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]Options{
		`no incident is called "region-outge": did you mean "region-outage"?`: {From: "region-outge", Regions: 2},
		"nightly-backup has 2 regions (got 3): a backup job knows one target": {From: "nightly-backup", Regions: 3},
		"4 regions: there can be 2 or 3":                                      {From: "partition", Regions: 4},
	} {
		if _, err := Scenario(o, sample); err == nil || err.Error() != want {
			t.Errorf("%+v: %v, want %s", o, err, want)
		}
	}
}
