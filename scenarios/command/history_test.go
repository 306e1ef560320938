package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/runner"
)

func TestTheHistoryOfAProgramme(t *testing.T) {
	dir := drilled{}.folder(t)
	r, err := evidence.ReadResult(dir)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), historyFile)
	f := runFlags{programme: "quarterly", history: path}
	for range 2 {
		if err := f.checkHistory(); err != nil {
			t.Fatal(err)
		}
		if err := f.remember(runner.Outcome{Result: r, Dir: dir}); err != nil {
			t.Fatal(err)
		}
	}
	regionfall(t, "history", "trend", path).want(t, exitPass, r.Scenario.Name+", recovery time: objective 2 h")
	regionfall(t, "history", "verify", path).want(t, exitPass, "2 drills, each as it was written")
	regionfall(t, "history", "verify", path, "--out", filepath.Dir(dir)).want(t, exitPass,
		"2 drills and their evidence")
	regionfall(t, "history", "verify", path, "--out", t.TempDir()).want(t, exitFail, "it is not in ")

	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	altered := strings.Replace(string(data), `"quarterly"`, `"Quarterly"`, 1)
	if err := os.WriteFile(path, []byte(altered), 0o644); err != nil {
		t.Fatal(err)
	}
	regionfall(t, "history", "verify", path).want(t, exitFail, path+":2: it does not follow the line above")
	regionfall(t, "history", "trend", path).want(t, exitBadInput, path+":2: it does not follow the line above")
	regionfall(t, "run", "kyc-region-outage", "--programme", "quarterly", "--history", path).want(t, exitBadInput,
		path+":2: it does not follow the line above")
	regionfall(t, "run", "kyc-region-outage", "--programme", "Q 1").want(t, exitBadInput, "is no name")
	regionfall(t, "history", "trend", filepath.Join(t.TempDir(), "none")).want(t, exitBadInput,
		"run a drill with --programme NAME")
}
