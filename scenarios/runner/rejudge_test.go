package runner

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

func failing(r evidence.Result) []string {
	var ids []string
	for _, f := range r.Findings {
		if f.Verdict == measure.Fail {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

func TestAFolderIsJudgedAsItWas(t *testing.T) {
	dir := folder(t, example, 360)
	files := contents(t, dir)
	before, after, err := Rejudge(dir)
	if err != nil {
		t.Fatal(err)
	}
	if before.Verdict != measure.Pass || !before.Expected.Met {
		t.Fatalf("the folder says %s: %v", before.Verdict, before.Reasons)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("judged again:\n%s", diff)
	}
	if diff := cmp.Diff(files, contents(t, dir)); diff != "" {
		t.Errorf("judging wrote into the folder:\n%s", diff)
	}
}

// contents of every file of a folder by name.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(data)
	}
	return files
}

func TestTheVerdictIsThatOfTheRawHistory(t *testing.T) {
	for name, c := range map[string]struct {
		store   string
		at      time.Duration
		failing []string
	}{
		"an old write is lost": {history.StoreItems, time.Second, []string{measure.FindingRecoveryPoint}},
		"a write since is lost": {
			history.StoreObjects, 8 * time.Second,
			[]string{measure.FindingLostAfterFailover},
		},
		"an old write leaves a hole": {
			history.StorePostgres, time.Second,
			[]string{measure.FindingRecoveryPoint, measure.FindingHole},
		},
		"one within what was promised": {history.StoreItems, 3 * time.Second, nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, example, 360)
			id := lose(t, dir, c.store, c.at)
			before, after, err := Rejudge(dir)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.failing, failing(after)); diff != "" {
				t.Errorf("findings that fail:\n%s", diff)
			}
			want := measure.Pass
			if c.failing != nil {
				want = measure.Fail
			}
			if before.Verdict != measure.Pass || after.Verdict != want || after.Expected.Met != (want == measure.Pass) {
				t.Errorf("the folder says %s, the history %s (expectation met: %t)", before.Verdict, after.Verdict,
					after.Expected.Met)
			}
			reported := slices.ContainsFunc(after.Findings,
				func(f measure.Finding) bool { return slices.Contains(f.Evidence, id) })
			if !reported {
				t.Errorf("no finding names %s, which is lost", id)
			}
		})
	}
}

func TestAFailureThatWasExpectedIsMet(t *testing.T) {
	dir := folder(t, strings.Replace(example, "expect: pass", "expect: {fail: [recovery_point]}", 1), 360)
	lose(t, dir, history.StoreItems, time.Second)
	before, after, err := Rejudge(dir)
	if err != nil {
		t.Fatal(err)
	}
	if before.Expected.Met || !after.Expected.Met || after.Verdict != measure.Fail {
		t.Errorf("met before: %t, after: %t, verdict %s", before.Expected.Met, after.Expected.Met, after.Verdict)
	}
}

// Each store is judged again by its own limit.
func TestALimitOfAStoreIsKeptInTheFolder(t *testing.T) {
	for limit, want := range map[string]measure.Verdict{"1h": measure.Pass, "5m": measure.Fail} {
		source := strings.Replace(example, "recovery_point: 15m",
			"recovery_point: {within: 10m, stores: {items: "+limit+"}}", 1)
		dir := folder(t, source, 360)
		lose(t, dir, history.StoreItems, 3*time.Second)
		_, after, err := Rejudge(dir)
		if err != nil {
			t.Fatal(err)
		}
		p := after.Metrics.RecoveryPoint
		if after.Verdict != want || p.Within != nil || p.Verdict != want {
			t.Errorf("%s: %s: %v", limit, after.Verdict, after.Reasons)
		}
		for _, store := range p.Stores {
			items := store.Name == history.StoreItems
			if (store.Lost > 0) != items || items != (*store.WithinFull != measure.Near(10*time.Minute)) {
				t.Errorf("%s: %s lost %d of what may be %s old", limit, store.Name, store.Lost, store.MayLose())
			}
		}
	}
}

// Two seconds of lost writes are within 15 minutes when a second stands for six minutes, and not when it stands for
// twelve.
func TestTheTimescaleIsTheOneTheDrillHad(t *testing.T) {
	dir := folder(t, example, 720)
	lose(t, dir, history.StoreItems, 3*time.Second)
	_, after, err := Rejudge(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{measure.FindingRecoveryPoint}, failing(after)); diff != "" ||
		after.Scenario.Timescale != 720 {
		t.Errorf("at timescale %g:\n%s", after.Scenario.Timescale, diff)
	}
	if o := after.Metrics.RecoveryPoint.Within; o == nil || *o != measure.High(1250*time.Millisecond) {
		t.Errorf("15 minutes are %v ms of lab time, want 1250", o)
	}
}

func TestADrillThatDidNotCompleteNeverPasses(t *testing.T) {
	for _, status := range []evidence.Status{evidence.Interrupted, evidence.Errored} {
		dir := folder(t, example, 360)
		replace(t, dir, evidence.FileResult, `"status": "completed"`, `"status": "`+string(status)+`"`)
		_, after, err := Rejudge(dir)
		if err != nil {
			t.Fatal(err)
		}
		if after.Status != status || after.Verdict != measure.Inconclusive || after.Expected.Met {
			t.Errorf("%s: %s, verdict %s, met %t", status, after.Status, after.Verdict, after.Expected.Met)
		}
	}
}

func TestWhyADrillWasAnErrorIsKept(t *testing.T) {
	dir := folder(t, example, 360)
	replace(t, dir, evidence.FileResult, `"status": "completed"`, `"status": "error", "error": "the engine went away"`)
	if _, after, err := Rejudge(dir); err != nil || after.Error != "the engine went away" {
		t.Errorf("it says %q: %v", after.Error, err)
	}
}

// A harness that failed may have been cut off while it recorded.
func TestARecordingThatWasCutOffProvesNothing(t *testing.T) {
	dir := folder(t, example, 360)
	replace(t, dir, evidence.FileResult, `"status": "completed"`, `"status": "error", "error": "the engine went away"`)
	path := filepath.Join(dir, history.OpsFile)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()*3/4); err != nil {
		t.Fatal(err)
	}
	_, after, err := Rejudge(dir)
	if err != nil {
		t.Fatal(err)
	}
	if after.Verdict != measure.Inconclusive || !strings.Contains(strings.Join(after.Reasons, "\n"),
		"the recording was cut off") {
		t.Errorf("verdict %s: %v", after.Verdict, after.Reasons)
	}
}

func TestAFolderThatCannotBeJudgedSaysWhy(t *testing.T) {
	remove := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	change := func(name, old, with string) func(*testing.T, string) {
		return func(t *testing.T, dir string) { replace(t, dir, name, old, with) }
	}
	for name, c := range map[string]struct {
		damage func(*testing.T, string)
		want   []string
	}{
		"no result":     {remove(evidence.FileResult), []string{"result.json", "no such file"}},
		"no scenario":   {remove(evidence.FileScenario), []string{"rejudge: ", "scenario.yaml", "no such file"}},
		"no operations": {remove(history.OpsFile), []string{"read history: ", "ops.jsonl.gz", "no such file"}},
		"no events":     {remove(history.EventsFile), []string{"read history: ", "events.jsonl", "no such file"}},
		"another schema": {
			change(evidence.FileResult, evidence.Schema, "another/v9"),
			[]string{`its schema is "another/v9"`, evidence.Schema},
		},
		"half a result":  {change(evidence.FileResult, "}", ""), []string{"result.json: "}},
		"no such status": {change(evidence.FileResult, `"completed"`, `"done"`), []string{`status "done" is none of`}},
		"no such event": {
			change(history.EventsFile, `"type":"fault"`, `"type":"fautl"`),
			[]string{"events.jsonl: line 4: ", "no such type"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, example, 360)
			c.damage(t, dir)
			_, after, err := Rejudge(dir)
			if err == nil || after.Verdict == measure.Pass {
				t.Fatalf("judged: %v, %s", err, after.Verdict)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is missing in %q", want, err)
				}
			}
		})
	}
}

// A scenario may be of a version that knew other keys.
func TestAScenarioThatIsBrokenIsPointedAt(t *testing.T) {
	dir := oldFolder(t, example, 360)
	broken := strings.Replace(example, "timescale:", "timescal:", 1)
	rewrite(t, filepath.Join(dir, evidence.FileScenario), []byte(broken))
	replace(t, dir, evidence.FileResult, digest(example), digest(broken))
	_, _, err := Rejudge(dir)
	problems := file.Problems(err)
	if len(problems) == 0 || problems[0].File != evidence.FileScenario ||
		!strings.Contains(err.Error(), `did you mean "timescale"?`) {
		t.Errorf("got %v", err)
	}
}

// A folder that a version left which knew of no incidents is judged as any other.
func TestAResultOfTheFirstSchemaIsJudgedAgain(t *testing.T) {
	dir := oldFolder(t, example, 360)
	before, after, err := Rejudge(dir)
	if err != nil {
		t.Fatal(err)
	}
	if before.Verdict != measure.Pass || after.Verdict != measure.Pass || !after.Expected.Met ||
		after.Schema != evidence.Schema || len(after.Incidents) != 1 {
		t.Errorf("it was %s, and is %s with %d incidents (%s)", before.Verdict, after.Verdict, len(after.Incidents),
			after.Schema)
	}
	want := []evidence.Image{{For: "app", Name: "regionfall/app:12", Digest: "sha256:ab"}}
	if diff := cmp.Diff(want, after.Lab.Images); diff != "" || after.Lab.Engine != before.Lab.Engine {
		t.Errorf("the lab is another one:\n%s", diff)
	}
}
