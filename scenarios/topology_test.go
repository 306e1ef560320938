package scenarios

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/file"
)

const exampleTopology = `# three coasts
preset: three-regions
strategy: hot-standby
regions: [us-east-1, {name: eu-west-1, app_nodes: 2}, {name: sa-east-1, follows: eu-west-1}]
latency: 60ms
latencies:
  - {between: [sa-east-1, us-east-1], latency: 55ms}
routing: {policy: failover, ttl: 30s}
automation: {decide: 5m}
`

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadTopology(t *testing.T) {
	for _, name := range topology.PresetNames() {
		want, _ := topology.Preset(name)
		if got, err := LoadTopology(name); err != nil || !cmp.Equal(want, got) {
			t.Errorf("preset %s: %v\n%s", name, err, cmp.Diff(want, got))
		}
		// And each can be the base of a file that changes nothing.
		want.Name = "mine"
		if got, err := LoadTopology(write(t, "mine.yml", "preset: "+name+"\n")); err != nil || !cmp.Equal(want, got) {
			t.Errorf("file with preset %s: %v\n%s", name, err, cmp.Diff(want, got))
		}
	}
	want, _ := topology.Preset("three-regions")
	want.Name, want.Strategy, want.Latency = "coasts", topology.HotStandby, 60*time.Millisecond
	want.Regions = []topology.Region{
		{Name: "us-east-1", AppNodes: 1},
		{Name: "eu-west-1", AppNodes: 2},
		{Name: "sa-east-1", AppNodes: 1, Follows: "eu-west-1"},
	}
	want.Latencies = []topology.PairLatency{{
		Between: [2]string{"sa-east-1", "us-east-1"},
		Latency: 55 * time.Millisecond,
	}}
	want.Routing.Policy, want.Routing.TTL, want.Automation.Decide = topology.Failover, 30*time.Second, 5*time.Minute
	got, err := LoadTopology(write(t, "coasts.yaml", exampleTopology))
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v; topology (-want +got):\n%s", err, diff)
	}
}

func TestAPresetsPairsGoWithItsRegions(t *testing.T) {
	got, err := LoadTopology(write(t, "x.yaml", "preset: three-regions\nregions: [us-east-1, eu-west-1, sa-east-1]\n"))
	want := []topology.PairLatency{{Between: [2]string{"us-east-1", "eu-west-1"}, Latency: 40 * time.Millisecond}}
	if diff := cmp.Diff(want, got.Latencies); err != nil || diff != "" {
		t.Errorf("%v; latencies (-want +got):\n%s", err, diff)
	}
	if preset, _ := topology.Preset("three-regions"); len(preset.Latencies) != 3 {
		t.Errorf("the preset has lost its own: %v", preset.Latencies)
	}
}

func TestAFileThatIsNoTopologySaysWhy(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"unknown key": {
			"preset: two-regions\nregoins: [a, b]\n",
			"f.yaml:2:1: unknown key \"regoins\" in a topology: did you mean \"regions\"?\n    2 | regoins: [a, b]\n " +
				"     | ^",
		},
		"a scenario's key": {
			"topology: {preset: two-regions}\n",
			`f.yaml:1:1: unknown key "topology" in a topology: known are app, automation, aws, bandwidth, commit, latencies,`,
		},
		"unknown preset": {
			"preset: thre-regions\n",
			`f.yaml:1:9: preset: unknown preset "thre-regions": did you mean "three-regions"?`,
		},
		"bad combination": {
			"strategy: active-active\n",
			"f.yaml:1:1: routing.policy: active-active sends clients to every region: use multivalue",
		},
		"follows nobody": {
			"regions: [a, {name: b, follows: c}]\n",
			`f.yaml:1:33: regions[1].follows: "c" is no region of the topology`,
		},
		"a pair there twice": {
			"latencies:\n  - {between: [us-east-1, us-west-2], latency: 1ms}\n  - {between: " +
				"[us-west-2, us-east-1], latency: 1ms}\n",
			"f.yaml:3:6: latencies[1].between: us-east-1 and us-west-2 are there twice",
		},
		"everything at once": {"latency: 7\nregions: [a]\ncommit: remot\n", "f.yaml:3:9: commit: unknown commit mode"},
		"empty":              {"# nothing\n", "f.yaml:1:1: the file is empty: a topology has at least a preset"},
		"no mapping":         {"- a\n", "f.yaml:1:1: a topology is not a mapping"},
		"two documents": {
			"preset: two-regions\n---\npreset: two-regions\n",
			"a second document begins here: one topology per file",
		},
		"too large": {
			strings.Repeat("#", 2*file.MaxSize),
			"f.yaml:1:1: the file has more than 64 KiB: a topology is a page or two",
		},
		"a path in a file":    {"preset: ../../etc/passwd\n", `unknown preset "../../etc/passwd"`},
		"fractions of a wait": {"latency: 1.5ms\n", "f.yaml:1:10: latency: 1.5ms: whole milliseconds only"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(filepath.Dir(write(t, "f.yaml", c.src)))
			_, err := LoadTopology("f.yaml")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v\nwant %s", err, c.want)
			}
			if p := (*file.Problem)(nil); !errors.As(err, &p) {
				t.Errorf("%T is no *file.Problem", err)
			}
			if name == "everything at once" && len(file.Problems(err)) != 3 {
				t.Errorf("%d complaints, want 3: %v", len(file.Problems(err)), err)
			}
		})
	}
}

func TestOnlyPathsOfYAMLAreRead(t *testing.T) {
	t.Chdir(filepath.Dir(write(t, "secret", "preset: two-regions\n")))
	for arg, want := range map[string]string{
		"./secret":           `no topology is called "./secret": known are active-active, backup-restore,`,
		"three-region":       `no topology is called "three-region": did you mean "three-regions"?`,
		"":                   `no topology is called ""`,
		"missing.yaml":       "read topology: missing.yaml: no such file",
		"three-regions.yaml": "(there is a preset three-regions)",
		".":                  `no topology is called "."`,
	} {
		if _, err := LoadTopology(arg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("LoadTopology(%q): %v; want %q", arg, err, want)
		}
	}
	if err := os.Mkdir("folder.yaml", 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadTopology("folder.yaml"); err == nil {
		t.Error("a folder was read as a topology")
	}
}

func TestAFilesNameThatIsNoneIsLeftOut(t *testing.T) {
	for file, want := range map[string]string{
		"My Lab.yaml": "two-regions", "global.yaml": "two-regions",
		"my-lab.yml": "my-lab",
	} {
		if got, err := LoadTopology(write(t, file, "latency: 5ms\n")); err != nil || got.Name != want {
			t.Errorf("%s: name %q, %v", file, got.Name, err)
		}
	}
}

// In a scenario the third region is read and aimed at like the others, and the standby is what takes over.
func TestTheSurvivorOfThreeRegionsIsWhoTakesOver(t *testing.T) {
	lose := func(regions ...string) string {
		src := strings.Replace(example, "preset: two-regions", "preset: three-regions-cascading", 1)
		var steps strings.Builder
		for _, region := range regions {
			steps.WriteString("  - at: 18m\n    inject: {lose_region: {region: " + region + "}}\n")
		}
		return strings.Replace(src, "  - at: 18m\n    inject: {lose_region: {region: us-east-1}}\n", steps.String(), 1)
	}
	const us, eu, ap = "us-east-1", "eu-west-1", "ap-southeast-1"
	for _, c := range []struct {
		lost []string
		want string // empty: nobody
	}{
		{[]string{us}, eu},
		{[]string{ap}, eu},
		{[]string{eu}, us},
		{[]string{eu, ap}, us},
		{[]string{us, ap}, eu},
		{[]string{us, eu}, ""},
	} {
		s, err := Parse("f.yaml", []byte(lose(c.lost...)))
		switch {
		case c.want == "":
			if err == nil || !strings.Contains(err.Error(), "home and standby are lost by now") {
				t.Errorf("%v lost: %v", c.lost, err)
			}
		case err != nil || s.plan().Judge.Survivor != c.want:
			t.Errorf("%v lost: survivor %+v, want %s; %v", c.lost, s, c.want, err)
		default:
			var b strings.Builder
			if err := s.Describe(&b); err != nil {
				t.Error(err)
			}
			for _, want := range []string{
				"third region", "1 app, follows eu-west-1", "eu-west-1, ap-southeast-1",
				"55ms",
			} {
				if !strings.Contains(b.String(), want) {
					t.Errorf("%q is not in:\n%s", want, b.String())
				}
			}
		}
	}
}

// FuzzTopology looks for a file on which the reader crashes or hangs, or that it takes without its being a topology.
func FuzzTopology(f *testing.F) {
	f.Add([]byte(exampleTopology))
	for _, name := range topology.PresetNames() {
		f.Add([]byte("preset: " + name + "\nlatencies: [{between: [us-east-1, us-west-2], latency: 5ms}]\n"))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		got, err := parseTopology("fuzz.yaml", src)
		if err != nil {
			if problems := file.Problems(err); len(problems) == 0 ||
				slices.ContainsFunc(problems, func(p *file.Problem) bool { return p.Line < 1 || p.Message == "" }) {
				t.Fatalf("refused without a place: %v", err)
			}
			return
		}
		if err := got.Validate(); err != nil {
			t.Fatalf("accepted, and not valid: %v", err)
		}
	})
}
