package harness

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/regionfall/regionfall/scenarios"
	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/history"
)

// Only what was run whole, by these very sources, of the same text and on the same store stands for a drill that a spec
// asks for.
func TestADrillThatWasRunStandsForItself(t *testing.T) {
	s, err := scenarios.Load("kyc-zero-loss")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Compile()
	if err != nil {
		t.Fatal(err)
	}
	by := evidence.Harness{Commit: new("abc"), Dirty: new(false)}
	whole := evidence.New(evidence.Drill{
		Scenario: evidence.ScenarioOf(plan.Name, []byte(plan.Source), plan.Timescale), Status: evidence.Completed,
		Ran: evidence.Ran{Harness: by}, Lab: evidence.Lab{AWS: "packages"},
	})
	for name, c := range map[string]struct {
		change func(r *evidence.Result)
		by     evidence.Harness
		aws    string
		want   bool
	}{
		"the same":       {func(*evidence.Result) {}, by, "packages", true},
		"any store":      {func(*evidence.Result) {}, by, "", true},
		"another store":  {func(*evidence.Result) {}, by, "localstack", false},
		"another commit": {func(r *evidence.Result) { r.Harness.Commit = new("abd") }, by, "", false},
		"changed since": {
			func(*evidence.Result) {},
			evidence.Harness{Commit: new("abc"), Dirty: new(true)},
			"",
			false,
		},
		"of nobody knows":   {func(*evidence.Result) {}, evidence.Harness{}, "", false},
		"changed then":      {func(r *evidence.Result) { r.Harness.Dirty = new(true) }, by, "", false},
		"interrupted":       {func(r *evidence.Result) { r.Status = evidence.Interrupted }, by, "", false},
		"another text":      {func(r *evidence.Result) { r.Scenario.FileSHA256 = "0" }, by, "", false},
		"another timescale": {func(r *evidence.Result) { r.Scenario.Timescale++ }, by, "", false},
		"another scenario":  {func(r *evidence.Result) { r.Scenario.Name = "kyc-zero" }, by, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			out := t.TempDir()
			dir := filepath.Join(out, "20261130-000000-kyc-zero-loss")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			r := whole
			c.change(&r)
			if err := evidence.Write(dir, r, history.History{}, nil); err != nil {
				t.Fatal(err)
			}
			if _, ok := ranIn(out, c.aws, s, c.by); ok != c.want {
				t.Errorf("taken: %t", ok)
			}
		})
	}
}
