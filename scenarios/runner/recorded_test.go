package runner

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

var update = flag.Bool("update", false, "write what the README shows of a drill anew")

// Recorded drills: one by a version whose results were of the first schema, and the one that the README shows.
const (
	recordedDrill = "../../fixtures/drills/kyc-region-outage"
	unheadedDrill = "../../fixtures/drills/config-stale-endpoints"
	shownDrill    = "../../fixtures/drills/readme"
)

// What a version left whose results were of the first schema is judged as it was.
func TestARecordedDrillIsJudgedAsItWas(t *testing.T) {
	before, after, err := Rejudge(recordedDrill)
	if err != nil {
		t.Fatal(err)
	}
	if before.Verdict != measure.Pass || after.Verdict != measure.Pass || !after.Expected.Met || after.Began == nil ||
		after.Ended != nil {
		t.Errorf("it was %s, and is %s: %v", before.Verdict, after.Verdict, after.Reasons)
	}
	if diff := cmp.Diff(before.Metrics.RecoveryPoint.Interval, after.Metrics.RecoveryPoint.Interval); diff != "" {
		t.Errorf("its recovery point is another one:\n%s", diff)
	}
	if !slices.ContainsFunc(after.Lab.Images, func(i evidence.Image) bool {
		return i.For == "postgres" &&
			strings.HasPrefix(i.Digest, "sha256:")
	}) {
		t.Errorf("its images are %+v", after.Lab.Images)
	}
}

// So is what one left before its recordings said what was run, and how much was recorded.
func TestADrillWithoutAHeadingIsJudgedAsItWas(t *testing.T) {
	h, err := history.Load(unheadedDrill)
	if err != nil || h.Heading != (history.Heading{}) || h.Closing != nil {
		t.Fatalf("it has a heading, or an end: %+v, %v", h.Heading, err)
	}
	before, after, err := Rejudge(unheadedDrill)
	if err != nil {
		t.Fatal(err)
	}
	if before.Verdict != measure.Fail || after.Verdict != measure.Fail || !after.Expected.Met ||
		after.Scenario.Timescale != 60 {
		t.Errorf("it was %s, and is %s: %v", before.Verdict, after.Verdict, after.Reasons)
	}
	for _, r := range []evidence.Result{before, after} {
		if len(r.Incidents) != 1 || r.Incidents[0].Cause != "lose_region on us-east-1" ||
			r.Metrics.StaleConfig.Verdict != measure.Fail {
			t.Errorf("its incidents are %+v", r.Incidents)
		}
	}
	var table strings.Builder
	if err := evidence.Table(&table, before, false); err != nil ||
		!strings.Contains(table.String(), "164 operations failed at 1 node") {
		t.Errorf("shown as it was: %v\n%s", err, table.String())
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
