package scenarios

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/file"
)

func TestLibrary(t *testing.T) {
	got := Library()
	want := []Info{
		{Name: "analytics-bad-overwrite", Expect: "pass", Timescale: 600, Longest: 197600 * time.Millisecond},
		{Name: "analytics-hot-cold", Expect: "pass", Timescale: 1800, Longest: 82 * time.Second},
		{
			Name: "analytics-stale-replication", Expect: "fail: recovery_point, claim", Timescale: 1800,
			Longest: 87 * time.Second,
		},
		{Name: "batch-checkpoint-store-down", Expect: "pass", Timescale: 1200, Longest: 41750 * time.Millisecond},
		{Name: "batch-resume", Expect: "pass", Timescale: 1200, Longest: 41750 * time.Millisecond},
		{Name: "batch-silent-drop", Expect: "fail: conservation", Timescale: 1200, Longest: 41750 * time.Millisecond},
		{Name: "config-active-passive", Expect: "pass", Timescale: 60, Longest: 22500 * time.Millisecond},
		{
			Name: "config-stale-endpoints", Expect: "fail: stale_config, recovery_time", Timescale: 60,
			Longest: 22500 * time.Millisecond,
		},
		{Name: "geo-causal-reads", Expect: "pass", Timescale: 60, Longest: 15500 * time.Millisecond},
		{Name: "geo-failover", Expect: "pass", Timescale: 30, Longest: 54000 * time.Millisecond},
		{
			Name: "geo-read-your-writes", Expect: "fail: read_your_writes", Timescale: 60,
			Longest: 15500 * time.Millisecond,
		},
		{
			Name: "kyc-nightly-backup", Expect: "fail: recovery_point, recovery_time", Timescale: 3000,
			Longest: 26600 * time.Millisecond,
		},
		{Name: "kyc-region-outage", Expect: "pass", Timescale: 360, Longest: 33333 * time.Millisecond},
		{Name: "kyc-replay", Expect: "pass", Timescale: 90, Longest: 128 * time.Second},
		{Name: "kyc-stale-standby", Expect: "fail: decisions", Timescale: 90, Longest: 128 * time.Second},
		{Name: "kyc-zero-loss", Expect: "pass", Timescale: 360, Longest: 33333 * time.Millisecond},
		{Name: "saas-prescaled", Expect: "pass", Timescale: 180, Longest: 21833 * time.Millisecond},
		{Name: "saas-role-rotation", Expect: "pass", Timescale: 60, Longest: 48250 * time.Millisecond},
		{
			Name: "saas-standby-overload", Expect: "fail: recovery_time, standby_capacity", Timescale: 180,
			Longest: 21833 * time.Millisecond,
		},
	}
	for i := range got {
		if got[i].Summary == "" {
			t.Errorf("%s has no summary", got[i].Name)
		}
		got[i].Summary, got[i].Longest = "", got[i].Longest.Truncate(time.Millisecond)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("library (-want +got):\n%s", diff)
	}
}

// The promises of the stories, so that nobody relaxes a scenario to make it green.
func TestTheLibraryPromisesWhatItsStoriesSay(t *testing.T) {
	type promise struct {
		Strategy    topology.Strategy
		Commit      topology.Commit
		Items       topology.ReplicationMode
		Point, Time time.Duration // real-world
		Fault       fault.Spec
	}
	lost, europe := &fault.LoseRegion{Region: "us-east-1"}, &fault.LoseRegion{Region: "eu-west-1"}
	for name, want := range map[string]promise{
		"kyc-region-outage": {
			topology.WarmStandby, topology.CommitLocal, topology.Continuous, 15 * time.Minute,
			2 * time.Hour, lost,
		},
		"kyc-zero-loss": {
			topology.WarmStandby, topology.CommitRemote, topology.Continuous, 0, 2 * time.Hour,
			lost,
		},
		"kyc-stale-standby": {
			topology.WarmStandby, topology.CommitLocal, topology.Continuous, 15 * time.Minute,
			2 * time.Hour, lost,
		},
		"kyc-replay": {
			topology.WarmStandby, topology.CommitLocal, topology.Continuous, 15 * time.Minute,
			2 * time.Hour, lost,
		},
		"saas-prescaled": {
			topology.WarmStandby, topology.CommitLocal, topology.Continuous, 0, 30 * time.Minute,
			europe,
		},
		"saas-standby-overload": {
			topology.WarmStandby, topology.CommitLocal, topology.Continuous, 0, 30 * time.Minute,
			europe,
		},
		"kyc-nightly-backup": {
			topology.BackupRestore, topology.CommitLocal, topology.OnBackup, 15 * time.Minute,
			2 * time.Hour, lost,
		},
	} {
		s, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Compile()
		if err != nil {
			t.Fatal(err)
		}
		got := promise{
			p.Topology.Strategy, p.Topology.Postgres.Commit, p.Topology.Items.Mode,
			0, time.Duration(s.format.Objectives.RecoveryTime.Within), p.Steps[len(p.Steps)-1].Inject[0],
		}
		if o := s.format.Objectives.RecoveryPoint; o != nil {
			got.Point = time.Duration(o.Within)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if p.Judge.Survivor != p.Topology.Standby().Name || p.Topology.Automation.Off {
			t.Errorf("%s: survivor %q, automation off: %t", name, p.Judge.Survivor, p.Topology.Automation.Off)
		}
		// 10 to 30 lab seconds when all goes well: a recovery takes a few of them, not all that are waited.
		if quick := longestDrill(p) - p.Observe; quick < 5*time.Second || quick > 25*time.Second {
			t.Errorf("%s: %s of lab time without the recovery", name, quick)
		}
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir) // away from the library's files
	good := filepath.Join(dir, "good.yaml")
	if err := os.WriteFile(good, []byte(example), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Load(good); err != nil || s.Name() != "example" || s.Summary() != "a region is lost" {
		t.Errorf("load a file: %v", err)
	}
	large := filepath.Join(dir, "large.yml")
	if err := os.WriteFile(large, []byte(strings.Repeat("#", 2*file.MaxSize)), 0o600); err != nil {
		t.Fatal(err)
	}
	for arg, want := range map[string]string{
		"kyc-region-outge":                 `no scenario is called "kyc-region-outge": did you mean "kyc-region-outage"?`,
		"meteor":                           `no scenario is called "meteor": known are analytics-bad-overwrite, analytics-hot-cold`,
		"":                                 `no scenario is called "": known are analytics-bad-overwrite`,
		"kyc-zero-loss.yaml":               "(the library has it as kyc-zero-loss)",
		filepath.Join(dir, "missing.yaml"): "no such file",
		dir + "/":                          "it is a folder, not a file",
		large:                              "large.yml:1:1: the file has more than 64 KiB",
	} {
		if _, err := Load(arg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Load(%q): %v; want %q", arg, err, want)
		}
	}
	if _, err := Load(filepath.Join(dir, "missing.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file is not os.ErrNotExist: %v", err)
	}
}

func TestDescribe(t *testing.T) {
	s, err := Load("kyc-nightly-backup")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := s.Describe(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"kyc-nightly-backup: us-east-1 is lost;", "The incident that started it.", "One lab second stands for 50m.",
		"must end fail: recovery_point",
		"inject lose_region: us-east-1, after backup_done", "8h ", "9.6s\n", "run job backup, after steady state",
		"2h15m ", "2.7s\n", "backup, backup",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in:\n%s", want, b.String())
		}
	}
	for line := range strings.Lines(b.String()) {
		if strings.HasSuffix(line, " \n") {
			t.Errorf("blanks at the end of %q", line)
		}
	}
	if err := s.WithTimescale(0).Describe(&b); err == nil {
		t.Error("a plan that can't be compiled was described")
	}
}

var keyForm = regexp.MustCompile(`^[a-z][a-z_]*$`)

// Every fault of the catalogue can be asked for in a file: its example is read into its own struct, and all its
// parameters have keys.
func TestEveryFaultOfTheCatalogueCanBeWritten(t *testing.T) {
	for _, e := range fault.Catalogue() {
		source := strings.Replace(example, "lose_region: {region: us-east-1}", e.Example, 1)
		// what is scheduled is divided by it, and must be long enough then
		source = strings.Replace(source, "timescale: 360", "timescale: 60", 1)
		if e.Kind == "drop_records" { // which the usual app has none of
			source = "app: batch\n" + strings.Replace(strings.Replace(source, ", reads: 15/s", "", 1), "score", "4", 1)
		}
		if e.Kind == "purge_objects" {
			source = strings.Replace(source, "preset: two-regions", "preset: two-regions\n  replication: {versions: on}", 1)
		}
		s, err := Parse("f.yaml", []byte(source))
		if err != nil {
			t.Errorf("%s: %v", e.Kind, err)
			continue
		}
		got := s.format.Steps[0].Inject[0].Spec
		if got.Kind() != e.Kind {
			t.Errorf("%s was read as %s", e.Kind, got.Kind())
		}
		empty, _ := fault.New(e.Kind)
		if reflect.DeepEqual(got, empty) {
			t.Errorf("%s: nothing of the example was read", e.Kind)
		}
		for _, k := range file.Keys(empty) { // panics at a type that files can't give
			if !keyForm.MatchString(k.Path) || k.About == "" {
				t.Errorf("%s: %q is no key, or nothing is said about it", e.Kind, k.Path)
			}
		}
	}
}

// The public incidents are scenarios whose story says where it is told.
func TestThePublicIncidentsAreScenarios(t *testing.T) {
	files, err := filepath.Glob("incidents/*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("found %v: %v", files, err)
	}
	for _, path := range files {
		s, err := Load(path)
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := s.Compile(); err != nil {
			t.Error(err)
		}
		for _, w := range s.Warnings() {
			t.Errorf("%v", w)
		}
		if name := strings.TrimSuffix(filepath.Base(path), ".yaml"); s.Name() != name {
			t.Errorf("%s is called %s", path, s.Name())
		}
		if story := string(s.format.Story); !strings.Contains(story, "Source: ") && !strings.Contains(story, "-20") {
			t.Errorf("%s: its story names no source, and no other incident", path)
		}
	}
}
