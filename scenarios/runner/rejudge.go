package runner

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/regionfall/regionfall/scenarios"
	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// Rejudge computes the verdict of an evidence folder again from its raw history and the scenario beside it. Nothing is
// written. A scenario that is not the one that was run, and a history that lost its end, are errors: what they would be
// judged as is not what was seen.
func Rejudge(dir string) (before, after evidence.Result, err error) {
	if before, err = evidence.ReadResult(dir); err != nil {
		return before, after, err
	}
	source, err := os.ReadFile(filepath.Join(dir, evidence.FileScenario))
	if err != nil {
		return before, after, fmt.Errorf("rejudge: %w", err)
	}
	h, err := history.Load(dir)
	if err != nil {
		return before, after, err
	}
	ran, err := scenarioRun(before, source, h)
	if err == nil && before.Status == evidence.Completed { // what was interrupted, or an error, may have no end
		err = checkComplete(before, h)
	}
	if err != nil {
		return before, after, fmt.Errorf("rejudge %s: %w", dir, err)
	}
	s, err := scenarios.ParseIn(evidence.FileScenario, source, filesRun(dir, ran.AppSHA256))
	if err != nil {
		return before, after, err
	}
	plan, err := s.WithTimescale(ran.Timescale).Compile()
	if err != nil {
		return before, after, err
	}
	ran.Name = plan.Name
	if plan.App.IsCode() {
		ran.Program = cmp.Or(ran.Program, evidence.UnknownProgram)
	}
	d := evidence.Drill{
		Scenario: ran, Status: before.Status, History: h, Report: measure.Judge(h, plan.Judge),
		Expect: evidence.Expect{Fail: plan.Expect.Fail, Findings: plan.Expect.Findings}, Ran: before.Ran(),
		Lab: before.Lab, Leftovers: before.Leftovers,
	}
	if before.Error != "" {
		d.Err = errors.New(before.Error)
	}
	return before, evidence.New(d), nil
}

// scenarioRun is the scenario that was run, as the history has it: its timescale is that of the drill, whatever
// result.json says by now. The error says that the scenario in the folder is another one.
func scenarioRun(before evidence.Result, source []byte, h history.History) (evidence.Scenario, error) {
	ran := before.Scenario
	digest := evidence.ScenarioOf(ran.Name, source, ran.Timescale).FileSHA256
	const remedy = "put the file back as the drill left it; " +
		"to judge by other objectives, run the scenario that has them"
	switch headed := h.Heading != (history.Heading{}); {
	case !headed && before.Schema == evidence.Schema: // the first schema had none
		return ran, fmt.Errorf("%s was cut off: its first line, which says what was run, is missing; what is missing "+
			"may be what failed: put the file back as the drill left it",
			history.EventsFile)
	case headed && h.Heading.ScenarioSHA256 != digest:
		return ran, fmt.Errorf("%s is not the scenario that was run: its SHA-256 is %s, and %s says %s; %s",
			evidence.FileScenario, digest, history.EventsFile, h.Heading.ScenarioSHA256, remedy)
	case ran.FileSHA256 != digest && headed:
		return ran, fmt.Errorf("%s is not of this drill: the SHA-256 of its scenario is %s, that of %s and by %s is "+
			"%s; put %s back as the drill left it",
			evidence.FileResult, ran.FileSHA256, evidence.FileScenario, history.EventsFile, digest, evidence.FileResult)
	case ran.FileSHA256 != digest:
		return ran, fmt.Errorf("%s is not the scenario that was run: its SHA-256 is %s, and %s says %s; %s",
			evidence.FileScenario, digest, evidence.FileResult, ran.FileSHA256, remedy)
	case headed:
		ran.Timescale, ran.AppSHA256 = h.Heading.Timescale, h.Heading.AppSHA256
	}
	return ran, nil
}

// filesRun reads from an evidence folder the files that the scenario names: the app's, and the SQL files that this one
// names. It had them in its own folder, wherever that was.
func filesRun(dir, digest string) scenarios.Folder {
	of := "."
	return func(path string) ([]byte, error) {
		if filepath.Ext(path) != ".sql" {
			of = filepath.Dir(path)
			return appRun(dir, digest)
		}
		name, err := filepath.Rel(of, path)
		if err != nil {
			return nil, err
		}
		return file.ReadPlainIn(dir, name)
	}
}

// appRun is the text of the app's file in an evidence folder. The error says that it is not the one that was run.
func appRun(dir, digest string) ([]byte, error) {
	src, err := os.ReadFile(filepath.Join(dir, evidence.FileApp))
	if err != nil {
		return nil, err
	}
	if is := evidence.Digest(src); is != digest {
		return nil, fmt.Errorf(
			"%s is not the app that was run: its SHA-256 is %s, and %s says %q; put the file back as "+
				"the drill left it", evidence.FileApp, is, history.EventsFile, digest)
	}
	return src, nil
}

// checkComplete is an error if the history of a completed drill is not all that was recorded.
func checkComplete(before evidence.Result, h history.History) error {
	_, ended := h.PhaseAt(history.PhaseEnd)
	cut := ""
	switch c := h.Closing; {
	case c != nil && len(h.Ops) < c.Operations:
		cut = fmt.Sprintf("%s has %d operations, and %d were recorded", history.OpsFile, len(h.Ops), c.Operations)
	case h.Truncated:
		cut = fmt.Sprintf("%s or %s was cut off in the middle", history.OpsFile, history.EventsFile)
	case c != nil:
	case h.Heading != (history.Heading{}):
		cut = fmt.Sprintf("%s was cut off: its last line, which says how much was recorded, is missing",
			history.EventsFile)
	case !ended && before.Verdict != measure.Inconclusive: // a drill that proved nothing ended before its end
		cut = fmt.Sprintf("%s was cut off: the drill was completed, and its history has no end", history.EventsFile)
	}
	if cut == "" {
		return nil
	}
	return fmt.Errorf("%s; what is missing may be what failed: put the file back as the drill left it", cut)
}
