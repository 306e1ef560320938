package runner

import (
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios"
	"github.com/regionfall/regionfall/scenarios/evidence"
)

func TestTheHarnessSaysWhatItIs(t *testing.T) {
	t.Cleanup(func() { commit, dirty = "", "" })
	for name, c := range map[string]struct {
		commit, dirty string
		known, is     bool
	}{
		"nobody said":     {},
		"clean":           {"6a1eef89", "false", true, false},
		"with changes":    {"6a1eef89", "true", true, true},
		"half of it said": {"6a1eef89", "", false, false},
	} {
		commit, dirty = c.commit, c.dirty
		h := Harness()
		if said := h.Commit != nil; said != (c.commit != "") || said && *h.Commit != c.commit {
			t.Errorf("%s: the commit is %v", name, h.Commit)
		}
		if said := h.Dirty != nil; said != c.known || said && *h.Dirty != c.is {
			t.Errorf("%s: dirty is %v", name, h.Dirty)
		}
	}
}

func TestTheVersionIsThatOfThisModule(t *testing.T) {
	for want, info := range map[string]debug.BuildInfo{
		"":       {Main: debug.Module{Path: module, Version: "(devel)"}},
		"v1.2.3": {Main: debug.Module{Path: module, Version: "v1.2.3"}},
		"v0.9.0": {
			Main: debug.Module{Path: "example.org/shop", Version: "v7.0.0"},
			Deps: []*debug.Module{{Path: module, Version: "v0.9.0"}},
		},
	} {
		got := versionOf(&info)
		if want == "" && got != nil || want != "" && (got == nil || *got != want) {
			t.Errorf("it is %v, want %q", got, want)
		}
	}
	if got := versionOf(&debug.BuildInfo{Main: debug.Module{Path: "example.org/shop", Version: "v7.0.0"}}); got != nil {
		t.Errorf("somebody else's version is ours: %s", *got)
	}
}

func TestTheHostIsAClassOfMachines(t *testing.T) {
	h := host()
	if h.OS != runtime.GOOS || h.Arch != runtime.GOARCH || h.Processors < 1 {
		t.Errorf("it is %+v", h)
	}
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	if h.Kernel != nil && (*h.Kernel == "" || strings.Contains(*h.Kernel, name)) || h.MemoryMB != nil &&
		*h.MemoryMB < 64 {
		t.Errorf("it is %+v", h)
	}
	for text, want := range map[string]int64{
		"MemFree: 1 kB\nMemTotal:       16384256 kB\n": 16000, "": -1,
		"MemTotal:\n": -1, "MemTotal: many kB\n": -1,
	} {
		if got := memoryMB([]byte(text)); want < 0 && got != nil || want >= 0 && (got == nil || *got != want) {
			t.Errorf("%q has %v MB", text, got)
		}
	}
}

// What ran a drill is in its evidence, and when: from when its recording began.
func TestTheEvidenceSaysWhatRanTheDrill(t *testing.T) {
	s, err := scenarios.Parse("example.yaml", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Compile()
	if err != nil {
		t.Fatal(err)
	}
	rec, err := record(t.TempDir(), plan)
	if err != nil {
		t.Fatal(err)
	}
	d := (&run{plan: plan, rec: rec}).drill(true, nil)
	r := evidence.New(d)
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	if r.Began == nil || r.Ended == nil || r.Ended.Before(*r.Began) || r.Began.Location() != time.UTC ||
		r.Host == nil || r.Host.Processors < 1 {
		t.Errorf("it says %v to %v on %+v", r.Began, r.Ended, r.Host)
	}
	if again := evidence.New(evidence.Drill{
		Ran:    r.Ran(),
		Status: evidence.Interrupted,
	}); !again.Began.Equal(*r.Began) || !again.Ended.Equal(*r.Ended) ||
		again.Host.OS != r.Host.OS {
		t.Errorf("judged again it says %v to %v on %+v", again.Began, again.Ended, again.Host)
	}
}
