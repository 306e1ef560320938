package runner

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios"
	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

func digest(source string) string { return evidence.ScenarioOf("", []byte(source), 1).FileSHA256 }

// refused wants a folder not to be judged, and the sentence to say what differs and what to do.
func refused(t *testing.T, dir, when string, want ...string) {
	t.Helper()
	_, after, err := Rejudge(dir)
	if err == nil {
		t.Errorf("%s: judged %s", when, after.Verdict)
		return
	}
	for _, w := range append(want, "as the drill left it") {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%s: %q is missing in %q", when, w, err)
		}
	}
}

func TestADrillsRecordingBeginsWithWhatIsRun(t *testing.T) {
	s, err := scenarios.Parse("example.yaml", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.WithTimescale(720).Compile()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	rec, err := record(dir, plan)
	if err != nil {
		t.Fatal(err)
	}
	rec.Phase(history.PhaseWorkload)
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	h, err := history.Load(dir)
	if err != nil || h.Heading.ScenarioSHA256 != digest(example) || h.Heading.Timescale != 720 ||
		h.Heading.Began.IsZero() {
		t.Errorf("it says %+v: %v", h.Heading, err)
	}
	if first := eventsOf(t, dir)[0]; !bytes.Contains(first, []byte(`"type":"heading"`)) {
		t.Errorf("the first line is %s", first)
	}
}

func TestAScenarioThatWasEditedIsNotJudgedBy(t *testing.T) {
	lenient := strings.Replace(example, "recovery_point: 15m", "recovery_point: 2h", 1)
	dir := folder(t, example, 360)
	lose(t, dir, history.StoreItems, time.Second)
	rewrite(t, filepath.Join(dir, evidence.FileScenario), []byte(lenient))
	refused(t, dir, "the scenario was edited", "scenario.yaml is not the scenario that was run", digest(lenient),
		digest(example), "events.jsonl says")

	replace(t, dir, evidence.FileResult, digest(example), digest(lenient))
	refused(t, dir, "and the digest with it", "scenario.yaml is not the scenario that was run", "events.jsonl says")

	rewrite(t, filepath.Join(dir, evidence.FileScenario), []byte(example))
	refused(t, dir, "only the digest was edited", "result.json is not of this drill", digest(lenient),
		"put result.json back")

	dir = oldFolder(t, example, 360)
	rewrite(t, filepath.Join(dir, evidence.FileScenario), []byte(lenient))
	refused(t, dir, "the scenario of an old folder was edited", "scenario.yaml is not the scenario that was run",
		"result.json says")
}

// The history says what the timescale was; what somebody makes of result.json changes nothing.
func TestATimescaleThatWasEditedChangesNothing(t *testing.T) {
	for _, edited := range []string{"180", "0", "3600"} {
		dir := folder(t, example, 360)
		lose(t, dir, history.StoreItems, 3*time.Second)
		_, want, err := Rejudge(dir)
		if err != nil {
			t.Fatal(err)
		}
		replace(t, dir, evidence.FileResult, `"timescale": 360`, `"timescale": `+edited)
		_, after, err := Rejudge(dir)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, after); diff != "" {
			t.Errorf("with timescale %s in result.json:\n%s", edited, diff)
		}
	}
}

func TestAnOldFolderIsJudgedAsItWas(t *testing.T) {
	dir := oldFolder(t, example, 720)
	before, after, err := Rejudge(dir)
	if err != nil {
		t.Fatal(err)
	}
	// Nobody noted which outages there were, nor of what schema it is now.
	after.Schema, after.Incidents[0].Outages = before.Schema, nil
	if diff := cmp.Diff(before, after); diff != "" || after.Verdict != measure.Pass || after.Scenario.Timescale != 720 {
		t.Errorf("judged again:\n%s", diff)
	}
	replace(t, dir, evidence.FileResult, `"timescale": 720`, `"timescale": 0`)
	if _, _, err := Rejudge(dir); err == nil || !strings.Contains(err.Error(), "timescale: 0 must be 1 to") {
		t.Errorf("without a timescale: %v", err)
	}
}

// What result.json says is believed only of what was recorded before recordings had a heading.
func TestARecordingWithoutItsHeadingIsNotJudged(t *testing.T) {
	dir := folder(t, example, 360)
	lines := eventsOf(t, dir)
	rewrite(t, filepath.Join(dir, history.EventsFile), slices.Concat(lines[1:len(lines)-1]...))
	refused(t, dir, "without heading and closing line", "its first line, which says what was run, is missing")
}

func TestADrillKeepsTheNameOfItsScenario(t *testing.T) {
	dir := folder(t, example, 360)
	replace(t, dir, evidence.FileResult, `"name": "example"`, `"name": "kyc-zero-loss"`)
	if _, after, err := Rejudge(dir); err != nil || after.Scenario.Name != "example" {
		t.Errorf("it is %s by now; %v", after.Scenario.Name, err)
	}
}

func TestAHistoryThatLostItsEndIsNotJudged(t *testing.T) {
	for name, leave := range map[string]func(*testing.T, string, float64) string{
		"now":               folder,
		"of an old version": oldFolder,
	} {
		dir := leave(t, example, 360)
		lines := eventsOf(t, dir)
		for n := range len(lines) {
			rewrite(t, filepath.Join(dir, history.EventsFile), slices.Concat(lines[:n]...))
			when := fmt.Sprintf("%s: the first %d of %d events", name, n, len(lines))
			refused(t, dir, when, "events.jsonl was cut off", "what is missing may be what failed")
		}
		half := slices.Concat(lines...)
		rewrite(t, filepath.Join(dir, history.EventsFile), half[:len(half)-len(lines[len(lines)-1])/2])
		refused(t, dir, name+": half a line", "was cut off in the middle")
	}
}

func TestAHistoryThatLacksEventsIsNotJudged(t *testing.T) {
	dir := folder(t, example, 360)
	lines := eventsOf(t, dir)
	for i := range len(lines) - 1 {
		rewrite(t, filepath.Join(dir, history.EventsFile), slices.Concat(slices.Delete(slices.Clone(lines), i, i+1)...))
		if _, after, err := Rejudge(dir); err == nil || !strings.Contains(err.Error(),
			fmt.Sprintf("%d events were recorded, and %d are here", len(lines)-1, len(lines)-2)) {
			t.Errorf("without event %d: judged %s, %v", i+1, after.Verdict, err)
		}
	}
	slices.Reverse(lines[1 : len(lines)-1])
	rewrite(t, filepath.Join(dir, history.EventsFile), slices.Concat(lines...))
	if _, after, err := Rejudge(dir); err == nil || !strings.Contains(err.Error(),
		"the lines are in another order than they were") {
		t.Errorf("in another order: judged %s, %v", after.Verdict, err)
	}
}

func TestAHistoryThatLacksOperationsIsNotJudged(t *testing.T) {
	dir := folder(t, example, 360)
	lines := opsOf(t, dir)
	for name, left := range map[string][][]byte{
		"the last is missing":       lines[:len(lines)-1],
		"the last 5 s are missing":  lines[:len(lines)-5*45],
		"one in the middle is gone": slices.Delete(slices.Clone(lines), 100, 101),
		"none is left":              nil,
	} {
		rewriteOps(t, dir, left)
		refused(t, dir, name, fmt.Sprintf("ops.jsonl.gz has %d operations, and %d were recorded", len(left),
			len(lines)))
	}
	rewriteOps(t, dir, append(slices.Clone(lines), lines[0]))
	if _, after, err := Rejudge(dir); err == nil || !strings.Contains(err.Error(), "that were recorded") {
		t.Errorf("one too many: judged %s, %v", after.Verdict, err)
	}
	for name, leave := range map[string]func(*testing.T, string, float64) string{
		"now":               folder,
		"of an old version": oldFolder,
	} {
		dir := leave(t, example, 360)
		path := filepath.Join(dir, history.OpsFile)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		// a gzip file ends with eight bytes of its own
		for _, n := range []int{len(whole) - 1, len(whole) - 8, len(whole) / 2, 10, 0} {
			rewrite(t, path, whole[:n])
			refused(t, dir, fmt.Sprintf("%s: %d of %d bytes of operations", name, n, len(whole)))
		}
	}
}

// It ended before its end, and says so.
func TestADrillThatProvedNothingIsJudgedAgain(t *testing.T) {
	dir := t.TempDir()
	s, err := scenarios.Parse("example.yaml", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Compile()
	if err != nil {
		t.Fatal(err)
	}
	rec, err := record(dir, plan)
	if err != nil {
		t.Fatal(err)
	}
	rec.Phase(history.PhaseWorkload)
	rec.Phase(history.PhaseStop)
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	h := rec.Snapshot()
	r := evidence.New(evidence.Drill{
		Scenario: evidence.ScenarioOf(plan.Name, []byte(example), plan.Timescale), Status: evidence.Completed,
		History: h,
		Report:  measure.Judge(h, plan.Judge), Lab: evidence.Lab{Engine: "docker 20.10", AWS: "packages"},
	})
	if err := evidence.Write(dir, r, h, map[string][]byte{evidence.FileScenario: []byte(example)}); err != nil {
		t.Fatal(err)
	}
	if _, after, err := Rejudge(dir); err != nil || after.Verdict != measure.Inconclusive {
		t.Errorf("verdict %s: %v", after.Verdict, err)
	}
}
