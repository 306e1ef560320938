package harness

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/regionfall/regionfall/scenarios"
	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/runner"
)

// Only what was run whole, by these very sources, of the same text, on the same engine and store, stands for a drill
// that a spec asks for.
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
	serving := map[string]string{"s3": "versitygw", "dynamodb": "moto"}
	whole := evidence.New(evidence.Drill{
		Scenario: runner.ScenarioOf(plan), Status: evidence.Completed,
		Ran: evidence.Ran{Harness: by}, Lab: evidence.Lab{Engine: "docker 26.1.5", Serving: serving},
	})
	now := circumstances{by: by, engine: "docker 26.1.5", serving: serving}
	const folder = "20261130-000000-kyc-zero-loss"
	want := runner.ScenarioOf(plan)
	write := func(t *testing.T, dir string, change func(r *evidence.Result)) {
		t.Helper()
		r := whole
		change(&r)
		if err := errors.Join(os.Mkdir(dir, 0o700), evidence.Write(dir, r, history.History{}, nil)); err != nil {
			t.Fatal(err)
		}
	}
	same := func(*evidence.Result) {}
	for name, c := range map[string]struct {
		change func(r *evidence.Result)
		now    func(c *circumstances)
		want   bool
	}{
		"the same":          {want: true},
		"another store":     {now: func(c *circumstances) { c.serving = map[string]string{"s3": "versitygw"} }},
		"another app":       {change: func(r *evidence.Result) { r.Scenario.AppSHA256 = "0" }},
		"repeated by hand":  {change: func(r *evidence.Result) { r.Scenario.Repeat = "./x.yaml" }, want: true},
		"another engine":    {now: func(c *circumstances) { c.engine = "podman 5.4.2" }},
		"another commit":    {change: func(r *evidence.Result) { r.Harness.Commit = new("abd") }},
		"changed since":     {now: func(c *circumstances) { c.by.Dirty = new(true) }},
		"of nobody knows":   {now: func(c *circumstances) { c.by = evidence.Harness{} }},
		"changed then":      {change: func(r *evidence.Result) { r.Harness.Dirty = new(true) }},
		"interrupted":       {change: func(r *evidence.Result) { r.Status = evidence.Interrupted }},
		"another text":      {change: func(r *evidence.Result) { r.Scenario.FileSHA256 = "0" }},
		"another timescale": {change: func(r *evidence.Result) { r.Scenario.Timescale++ }},
		"another scenario":  {change: func(r *evidence.Result) { r.Scenario.Name = "kyc-zero" }},
	} {
		t.Run(name, func(t *testing.T) {
			out, is, change := t.TempDir(), now, same
			if c.now != nil {
				c.now(&is)
			}
			if c.change != nil {
				change = c.change
			}
			write(t, filepath.Join(out, folder), change)
			if _, _, ok := ranIn(out, s.Name(), want, is); ok != c.want {
				t.Errorf("taken: %t", ok)
			}
		})
	}
	for name, later := range map[string]string{
		"a later one": "20261130-000001-kyc-zero-loss", "another of that second": folder + "-2",
	} {
		t.Run(name, func(t *testing.T) {
			out := t.TempDir()
			write(t, filepath.Join(out, folder), same)
			write(t, filepath.Join(out, "20261130-000002-kyc-zero-loss-of-ours"), same) // somebody else's
			if err := os.Mkdir(filepath.Join(out, later), 0o700); err != nil {          // it was killed
				t.Fatal(err)
			}
			if _, _, ok := ranIn(out, s.Name(), want, now); ok {
				t.Error("the one before it is taken")
			}
		})
	}
}
