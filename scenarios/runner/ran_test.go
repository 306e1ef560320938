package runner

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios"
	"github.com/regionfall/regionfall/scenarios/evidence"
)

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
