package runner

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/measure"
)

var update = flag.Bool("update", false, "write what the README shows of a drill anew")

// Recorded drills: one by a version whose results were of the first schema, and the one that the README shows.
const (
	recordedDrill = "../../fixtures/drills/kyc-region-outage"
	shownDrill    = "../../fixtures/drills/readme"
)

// What a version left whose results were of the first schema is judged as it was.
func TestARecordedDrillIsJudgedAsItWas(t *testing.T) {
	before, after, err := Rejudge(recordedDrill)
	if err != nil {
		t.Fatal(err)
	}
	if before.Verdict != measure.Pass || after.Verdict != measure.Pass || !after.Expected.Met || after.Began == nil || after.Ended != nil {
		t.Errorf("it was %s, and is %s: %v", before.Verdict, after.Verdict, after.Reasons)
	}
	if diff := cmp.Diff(before.Metrics.RecoveryPoint.Interval, after.Metrics.RecoveryPoint.Interval); diff != "" {
		t.Errorf("its recovery point is another one:\n%s", diff)
	}
	if !slices.ContainsFunc(after.Lab.Images, func(i evidence.Image) bool { return i.For == "postgres" && strings.HasPrefix(i.Digest, "sha256:") }) {
		t.Errorf("its images are %+v", after.Lab.Images)
	}
}

// The README shows what a drill says in the end: a real one.
func TestTheREADMEShowsARealDrill(t *testing.T) {
	_, r, err := Rejudge(shownDrill)
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	if err := evidence.Table(&table, r, false); err != nil {
		t.Fatal(err)
	}
	const path = "../../README.md"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(data), "\n"+r.Scenario.Name+": ")
	shown, after, ended := strings.Cut(rest, "```\n")
	if !found || !ended {
		t.Fatal("the README shows no drill")
	}
	shown = r.Scenario.Name + ": " + shown
	if *update {
		if err := os.WriteFile(path, []byte(before+"\n"+table.String()+"```\n"+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(table.String(), shown); diff != "" {
		t.Errorf("the README (-drill +README; -update writes it anew):\n%s", diff)
	}
}
