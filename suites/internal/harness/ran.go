package harness

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/image"
	"github.com/regionfall/regionfall/scenarios"
	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/runner"
)

// circumstances are what a drill has to have been run in to stand for one that would be run now.
type circumstances struct {
	by      evidence.Harness
	engine  string
	serving map[string]string // S3 and DynamoDB
}

// ran finds a drill of a scenario in the folder that REGIONFALL_DRILLS names: the latest one, if it was run whole, with
// the same text, by the same commit with nothing on top of it, on this engine and on the same stores. The error says
// that there is no knowing what would be run now.
func ran(ctx context.Context, s *scenarios.Scenario) (folder string, r evidence.Result, ok bool, err error) {
	dir := os.Getenv("REGIONFALL_DRILLS")
	if dir == "" {
		return "", r, false, nil
	}
	plan, err := s.Compile()
	if err != nil {
		return "", r, false, err
	}
	options := wanted()
	options.AWS = options.AWS.Or(plan.Topology.AWS)
	images, err := image.Ensure(ctx, options)
	if err != nil {
		return "", r, false, err
	}
	engine, err := lab.Connect(ctx)
	if err != nil {
		return "", r, false, err
	}
	defer func() { _ = engine.Close() }()
	now := circumstances{by: runner.Harness(), engine: engine.About().String(), serving: runner.Serving(images.Servers)}
	folder, r, ok = ranIn(dir, s.Name(), runner.ScenarioOf(plan), now)
	return folder, r, ok, nil
}

// ranIn asks the latest drill of that name alone: one of which nothing can be read may have been killed.
func ranIn(dir, name string, want evidence.Scenario, now circumstances) (string, evidence.Result, bool) {
	if now.by.Commit == nil || now.by.Dirty == nil || *now.by.Dirty {
		return "", evidence.Result{}, false
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", evidence.Result{}, false
	}
	// Two that begin in the same second are told apart by a number.
	form := regexp.MustCompile(`^[0-9]{8}-[0-9]{6}-` + regexp.QuoteMeta(name) + `(-[0-9]+)?$`)
	latest := ""
	for _, e := range slices.Backward(entries) { // they are in the order of their names
		if e.IsDir() && form.MatchString(e.Name()) {
			latest = filepath.Join(dir, e.Name())
			break
		}
	}
	if latest == "" {
		return "", evidence.Result{}, false
	}
	r, err := evidence.ReadResult(latest)
	if err != nil {
		return "", evidence.Result{}, false
	}
	is := r.Scenario
	is.Repeat = want.Repeat // which is how to run it by hand
	clean := r.Harness.Commit != nil && *r.Harness.Commit == *now.by.Commit && r.Harness.Dirty != nil &&
		!*r.Harness.Dirty
	here := r.Lab.Engine == now.engine && maps.Equal(r.Lab.Serving, now.serving)
	return latest, r, r.Status == evidence.Completed && is == want && clean && here
}
