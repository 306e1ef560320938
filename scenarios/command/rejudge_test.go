package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/measure"
)

func TestTheExitCodeIsTheVerdict(t *testing.T) {
	for name, c := range map[string]struct {
		drilled
		code  int
		texts []string
	}{
		"pass": {drilled{}, exitPass, []string{"example: pass"}},
		"fail": {drilled{lost: 30}, exitFail, []string{"example: fail", "30 of 250"}},
		"inconclusive": {
			drilled{unhealed: true},
			exitInconclusive,
			[]string{"example: inconclusive", "was not seen healed"},
		},
		"interrupted": {drilled{status: evidence.Interrupted}, exitInconclusive, []string{"example: inconclusive"}},
		"error":       {drilled{status: evidence.Errored}, exitHarness, []string{"example: inconclusive"}},
		"left over": {
			drilled{leftovers: 3},
			exitHarness,
			[]string{"example: inconclusive", "regionfall down --all"},
		},
		"a lie": {
			drilled{lost: 30, recorded: measure.Pass},
			exitFail,
			[]string{"example: fail", "the folder says pass; its history says fail\n"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := c.folder(t)
			regionfall(t, "rejudge", dir).want(t, c.code, c.texts...)
			var r evidence.Result
			f := regionfall(t, "rejudge", dir, "--json")
			if f.code != c.code {
				t.Errorf("exit code with --json is %d, want %d", f.code, c.code)
			}
			f.code = exitPass
			decode(t, f, &r)
			if r.Schema != evidence.Schema || !strings.Contains(c.texts[0], r.Verdict.String()) {
				t.Errorf("JSON says %s, %s", r.Schema, r.Verdict)
			}
		})
	}
}

func TestReportsAreRenderedAgain(t *testing.T) {
	one, two := drilled{}.folder(t), drilled{lost: 30}.folder(t)
	for _, dir := range []string{one, two} {
		for _, name := range []string{evidence.FileReport, evidence.FileJUnit, evidence.FileSummary} {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	f := regionfall(t, "report", one, two)
	f.want(t, exitPass, "rendered "+filepath.Join(one, "report.html"), "rendered "+filepath.Join(two, "report.html"))
	for dir, verdict := range map[string]string{one: "pass", two: "fail"} {
		for _, name := range []string{evidence.FileReport, evidence.FileJUnit, evidence.FileSummary} {
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil || !strings.Contains(string(data), "example") {
				t.Errorf("%s: %v:\n%s", name, err, data)
			}
		}
		if data, _ := os.ReadFile(filepath.Join(dir, evidence.FileSummary)); !strings.Contains(string(data),
			"example: "+verdict) {
			t.Errorf("want %s:\n%s", verdict, data)
		}
	}
}

func TestAScenarioThatIsNotTheDrillsIsBadInput(t *testing.T) {
	dir := drilled{}.folder(t)
	path := filepath.Join(dir, evidence.FileScenario)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(data, "# no matter what\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	regionfall(t, "rejudge", dir).want(t, exitBadInput, "scenario.yaml is not the scenario that was run",
		"put the file back as the drill left it")
}

func TestReportWithoutHistoryIsBadInput(t *testing.T) {
	dir := drilled{}.folder(t)
	if err := os.Remove(filepath.Join(dir, "events.jsonl")); err != nil {
		t.Fatal(err)
	}
	regionfall(t, "report", dir).want(t, exitBadInput, "events.jsonl: no such file")
	regionfall(t, "rejudge", dir).want(t, exitBadInput, "events.jsonl: no such file")
}
