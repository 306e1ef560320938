package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", name, diff)
	}
}

func drills(t *testing.T) map[string]Result {
	t.Helper()
	pass, _ := outage()
	met, _ := nightlyBackup()
	broken, _ := outage()
	broken.Status, broken.Leftovers = Completed, 3
	stopped, _ := outage()
	stopped.Status = Interrupted
	halfway, _ := nightlyBackup()
	halfway.Err = errors.New("read items in us-west-2: connection refused")
	other, _ := nightlyBackup()
	other.Expect.Findings = []string{"recovery_time", "fencing"}
	unmet, _ := nightlyBackup()
	unmet.Report.Given = []measure.Precondition{{Name: "decided", Met: true}, {Name: "redirected"}}
	unsure, _ := outage()
	unsure.Report.Verdict, unsure.Report.Metrics.RecoveryPoint.Verdict = measure.Inconclusive, measure.Inconclusive
	unsure.Report.Reasons = []string{"Only 3 writes were acknowledged | before the fault; 100 are needed."}
	return map[string]Result{
		"two-incidents": New(judged(t, "two-failovers")), "no-cause": New(judged(t, "outage-without-a-cause")),
		"store-limits": New(judgedBy(t, "store-limit-missed", func(s *measure.Spec) {
			s.Stores = append(s.Stores, history.StoreRedis)
			s.RecoveryPoint = &measure.RecoveryPointObjective{
				Within: 320 * time.Millisecond,
				Stores: map[string]time.Duration{history.StoreRedis: 350 * time.Millisecond},
			}
		})),
		"late": New(judged(t, "late-and-lost-as-much")),
		"pass": New(pass), "expected-fail": New(met), "leftovers": New(broken), "interrupted": New(stopped),
		"other-fail": New(other), "unmet": New(unmet),
		"inconclusive": New(unsure), "failed-halfway": New(halfway), "failed-harness": New(Drill{
			Scenario: Scenario{Name: "kyc-zero-loss", Timescale: 1},
			Err:      errors.New("start postgres.us-east-1: engine went away"),
		}),
	}
}

func TestRenderings(t *testing.T) {
	for name, r := range drills(t) {
		t.Run(name, func(t *testing.T) {
			var plain, summary, junit bytes.Buffer
			if err := errors.Join(Table(&plain, r, false), writeSummary(&summary, r),
				writeJUnit(&junit, r, 20*time.Second)); err != nil {
				t.Fatal(err)
			}
			golden(t, name+".table.txt", plain.Bytes())
			golden(t, name+".summary.md", summary.Bytes())
			golden(t, name+".junit.xml", junit.Bytes())
			if red := strings.Contains(junit.String(), "<failure") ||
				strings.Contains(junit.String(), "<error"); red == r.Expected.Met {
				t.Errorf("junit is red: %v, expectation met: %v", red, r.Expected.Met)
			}
		})
	}
}

// The timeline has when a step was due that began late, beside when it began; one that was in time is not told twice.
func TestALateStepIsOnTheTimeline(t *testing.T) {
	d := judged(t, "late-and-lost-as-much")
	r := New(d)
	var flags, events []string
	for _, f := range newChart(r, d.History).Flags {
		if strings.HasSuffix(f.Label, " due") {
			flags = append(flags, f.Label)
		}
	}
	for _, e := range eventsOf(r, d.History) {
		if strings.HasSuffix(e.What, " due") {
			events = append(events, e.When+" "+e.What+": "+e.Detail)
		}
	}
	if diff := cmp.Diff([]string{"lose_region due"}, flags); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"+480 ms lose_region due: it began 1 s later"}, events); diff != "" {
		t.Error(diff)
	}
	if len(r.Steps) != 2 || r.Steps[1].Late.MS() != 1000 {
		t.Errorf("the result has %+v", r.Steps)
	}
}

func TestOverview(t *testing.T) {
	byName := drills(t)
	var all, some []Result
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		if all = append(all, byName[name]); byName[name].Expected.Met {
			some = append(some, byName[name])
		}
	}
	var plain, good bytes.Buffer
	if err := errors.Join(Overview(&plain, all, len(all), false), Overview(&good, some, len(some), false)); err != nil {
		t.Fatal(err)
	}
	golden(t, "overview.txt", plain.Bytes())
	if want := fmt.Sprintf("\n%d of %d drills ended as expected.\n", len(some),
		len(some)); !strings.HasSuffix(good.String(), want) {
		t.Errorf("it ends with %q, want %q", good.String()[good.Len()-60:], want)
	}
	var short bytes.Buffer
	if err := Overview(&short, some, len(some)+1, true); err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("%d of %d drills ended as expected.", len(some), len(some)+1); !strings.Contains(
		short.String(), ansiRed+want) {
		t.Errorf("where one left nothing it ends with %q, want %q in red", short.String()[short.Len()-60:], want)
	}
}

func TestTableColor(t *testing.T) {
	r := drills(t)["expected-fail"]
	var plain, color bytes.Buffer
	if err := errors.Join(Table(&plain, r, false), Table(&color, r, true)); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(plain.String(), "\x1b") {
		t.Error("color without being asked for")
	}
	text := color.String()
	for _, code := range []string{ansiBold, ansiDim, ansiRed, ansiGreen, ansiAmber, ansiReset} {
		text = strings.ReplaceAll(text, code, "")
	}
	if diff := cmp.Diff(plain.String(), text); diff != "" || !strings.Contains(color.String(), ansiRed) {
		t.Errorf("color changes more than the color (-plain +color):\n%s", diff)
	}
}

func TestNew(t *testing.T) {
	all := drills(t)
	for name, want := range map[string]struct {
		status  Status
		verdict measure.Verdict
		met     bool
	}{
		"pass":           {Completed, measure.Pass, true},
		"expected-fail":  {Completed, measure.Fail, true},
		"other-fail":     {Completed, measure.Fail, false},
		"unmet":          {Completed, measure.Fail, false},
		"inconclusive":   {Completed, measure.Inconclusive, false},
		"leftovers":      {Errored, measure.Inconclusive, false},
		"interrupted":    {Interrupted, measure.Inconclusive, false},
		"failed-harness": {Errored, measure.Inconclusive, false},
		"failed-halfway": {Errored, measure.Inconclusive, false},
	} {
		r := all[name]
		if r.Status != want.status || r.Verdict != want.verdict || r.Expected.Met != want.met {
			t.Errorf("%s: %s, %s, met %v; want %+v", name, r.Status, r.Verdict, r.Expected.Met, want)
		}
		if want.status != Completed && r.Reasons[0] != r.Why() {
			t.Errorf("%s says first %q, not why it did not complete", name, r.Reasons[0])
		}
	}
	if zero := New(Drill{}); zero.Status != Errored || zero.Verdict != measure.Inconclusive || zero.Expected.Met {
		t.Errorf("a drill of which nothing is known is %s, %s", zero.Status, zero.Verdict)
	}
}

// What broke the harness or stopped the drill is never held against the system, and what was seen until then is kept.
func TestNothingFailsThatDidNotComplete(t *testing.T) {
	for _, how := range []Drill{
		{Status: Interrupted},
		{Err: errors.New("engine went away")},
		{Status: Completed, Leftovers: 1},
	} {
		d, _ := nightlyBackup()
		seen := d.Report.Reasons
		d.Status, d.Err, d.Leftovers = how.Status, how.Err, how.Leftovers
		r := New(d)
		if diff := cmp.Diff(append([]string{r.Why()}, seen...), r.Reasons); diff != "" {
			t.Errorf("%s: reasons (-want +got):\n%s", r.Status, diff)
		}
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if text := strings.Replace(string(data), `"expected":{"verdict":"fail"`, "", 1); strings.Contains(text,
			`"verdict":"fail"`) {
			t.Errorf("%s, and something fails: %s", r.Status, text)
		}
	}
}

// A drill that proves nothing is not the failure that was expected, though that was found.
func TestExpectedFailOfADrillThatProvesNothing(t *testing.T) {
	d, _ := nightlyBackup()
	d.Report.Findings = append(d.Report.Findings, measure.Finding{ID: measure.FindingDrill})
	r := New(d)
	if want := "expected fail: recovery_point, recovery_time: not met (the drill proves nothing)"; r.Expected.Met ||
		r.Expectation() != want {
		t.Errorf("met %v: %s", r.Expected.Met, r.Expectation())
	}
}

// Evidence judged again keeps the text of its error, whose places are gone already.
func TestErrorIsKeptWhenJudgedAgain(t *testing.T) {
	for _, text := range []string{
		"open /home/ann/out/ops.jsonl.gz: dial tcp://build-7:2375/v1.41: refused",
		`read "C:\Users\ann\x.yaml" (/a/b, /c/d)`,
	} {
		before := New(Drill{Status: Errored, Err: errors.New(text)})
		again := New(Drill{Status: before.Status, Err: errors.New(before.Error)})
		if diff := cmp.Diff(before, again); diff != "" {
			t.Errorf("judged again (-before +after):\n%s", diff)
		}
	}
}

// An objective of 15 min is 312.5 ms of a lab at x2880, and still 15 min.
func TestObjectiveInTheTimeOfTheStory(t *testing.T) {
	d, _ := outage()
	d.Scenario.Timescale = 2880
	d.Report.Metrics.RecoveryTime.Objective, d.Report.Metrics.RecoveryPoint.Objective = promised(312.5, 2880),
		promised(312.5, 2880)
	for _, r := range New(d).rows()[:2] {
		if r.Objective != "313 ms" || r.FullObjective != "15 min" {
			t.Errorf("the objective of the %s is %s, %s", r.Name, r.Objective, r.FullObjective)
		}
	}
}

func TestFaultsOf(t *testing.T) {
	us := time.Microsecond
	got := FaultsOf(history.History{Faults: []history.Fault{
		{
			Name: "lose_region", Target: "us-east-1", Command: 100_400 * us,
			Effective: &history.Interval{Lo: 120_900 * us, Hi: 121_001 * us},
		},
	}})
	want := []Fault{{
		Name: "lose_region", Target: "us-east-1", Role: measure.RoleCause,
		Command: measure.Low(100_400 * us), Effective: &measure.Span{Lo: 120_900 * us, Hi: 121_001 * us},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWithoutPlaces(t *testing.T) {
	for in, want := range map[string]string{
		"open /home/ann/out/ops.jsonl.gz: no such file":       "open …/ops.jsonl.gz: no such file",
		"ask engine: dial tcp://build-7:2375/v1.41: refused":  "ask engine: dial tcp://… refused",
		"connect postgres://kyc:secret@10.0.0.1:5432/kyc now": "connect postgres://… now",
		"promote postgres in us-west-2: read/write timeout":   "promote postgres in us-west-2: read/write timeout",
		`read "C:\Users\ann\x.yaml"`:                          `read "…/x.yaml"`,
	} {
		if got := withoutPlaces(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

// failing writes some, then says what a full disk says.
type failing struct{ err error }

func (f failing) Read(p []byte) (int, error) { return copy(p, "half a log"), f.err }

func TestFullDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "drill")
	err := WriteLog(dir, "app.us-east-1", failing{&os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}})
	if want := "write evidence to " + dir + ": the disk is full, " + filepath.Join("logs", "app.us-east-1.log") +
		" was not written"; err == nil ||
		err.Error() != want || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a full disk is said %v, want %s", err, want)
	}
	if left, err := os.ReadDir(filepath.Join(dir, DirLogs)); err != nil || len(left) > 0 {
		t.Errorf("a full disk leaves %v, %v", left, err)
	}
	if err := WriteLog(dir, "app.us-east-1", failing{io.EOF}); err != nil {
		t.Error(err)
	}
}
