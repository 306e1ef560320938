package harness

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/regionfall/regionfall/scenarios"
	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/runner"
)

// ran finds a drill of a scenario in the folder that REGIONFALL_DRILLS names: the latest one, if it was run whole, with
// the same text, by the same commit, and with nothing on top of it.
func ran(s *scenarios.Scenario) (evidence.Result, bool) {
	return ranIn(os.Getenv("REGIONFALL_DRILLS"), os.Getenv("REGIONFALL_AWS"), s, runner.Harness())
}

func ranIn(dir, aws string, s *scenarios.Scenario, by evidence.Harness) (evidence.Result, bool) {
	if dir == "" || by.Commit == nil || by.Dirty == nil || *by.Dirty {
		return evidence.Result{}, false
	}
	plan, err := s.Compile()
	if err != nil {
		return evidence.Result{}, false
	}
	want := evidence.ScenarioOf(plan.Name, []byte(plan.Source), plan.Timescale)
	folders, err := filepath.Glob(filepath.Join(dir, "*-"+s.Name()))
	if err != nil {
		return evidence.Result{}, false
	}
	slices.Sort(folders)
	for _, folder := range slices.Backward(folders) {
		r, err := evidence.ReadResult(folder)
		if err != nil || r.Scenario.Name != s.Name() {
			continue
		}
		same := r.Scenario.FileSHA256 == want.FileSHA256 && r.Scenario.Timescale == want.Timescale &&
			(aws == "" || aws == r.Lab.AWS)
		clean := r.Harness.Commit != nil && *r.Harness.Commit == *by.Commit && r.Harness.Dirty != nil &&
			!*r.Harness.Dirty
		if r.Status != evidence.Completed || !same || !clean {
			return evidence.Result{}, false
		}
		return r, true
	}
	return evidence.Result{}, false
}
