package scenarios

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/file/filetest"
)

// TestTheFormatIsWrittenDown keeps docs/scenario-format.md what the structs say: go test ./scenarios -update.
func TestTheFormatIsWrittenDown(t *testing.T) {
	path, got := filepath.Join("..", ReferenceFile), Reference()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the reference (-want +got; -update writes it anew):\n%s", diff)
	}
}

// A reader looks up any key, and finds what it is for, and how a value is written.
func TestEveryKeyIsInTheReference(t *testing.T) {
	text := Reference()
	for _, k := range file.Keys(Format{}) {
		path := strings.TrimPrefix(k.Path, injectPrefix)
		if !strings.Contains(text, "`"+path+"`") {
			t.Errorf("%s is not in the reference", k.Path)
		}
		if k.About == "" || k.Takes == "" {
			t.Errorf("%s: nothing is said about it (%q), or not what it takes (%q)", k.Path, k.About, k.Takes)
		}
		inFault, below := strings.HasPrefix(k.Path, injectPrefix), strings.Contains(k.Takes, "mapping")
		if k.Example == "" && !inFault && !below {
			t.Errorf("%s has no example", k.Path)
		}
	}
}

// Each example is a value that its key takes. What it needs besides is another matter: regions and stores are the
// reader's own.
func TestEveryExampleIsRead(t *testing.T) {
	e := filetest.Examples{
		Base: example, Keys: file.Keys(Format{}), Rivals: map[string][]string{
			"heal": {"inject"}, "job": {"inject"}, "switchover": {"inject"},
		},
	}
	for _, kinds := range [][]string{FaultKind("").Values(), {"p50", "p90", "p95", "p99", "p99.9"}} {
		for _, kind := range kinds {
			e.Rivals[kind] = kinds
		}
	}
	tried := 0
	for _, k := range e.Keys {
		if k.Example == "" || strings.HasPrefix(k.Path, appKey+".") { // package app tries those
			continue
		}
		tried++
		src := e.File(t, k)
		doc, err := file.Parse(scenarioFile, "f.yaml", []byte(src))
		if err != nil {
			t.Fatalf("%s: %v\n%s", k.Path, err, src)
		}
		if err := doc.Decode(new(Format)).Err(); err != nil {
			t.Errorf("%s: %s is refused: %v\n%s", k.Path, k.Example, err, src)
		}
	}
	if tried < 120 {
		t.Errorf("only %d examples were tried", tried)
	}
}

// Who asks for another timescale is told the same as who writes one.
func TestTheBoundOfTheTimescaleIsThatOfTheFormat(t *testing.T) {
	for _, k := range file.Keys(Format{}) {
		if k.Path == "timescale" && k.Bounds != fmt.Sprintf("1 to %d", maxTimescale) {
			t.Errorf("%s is %s, and a plan is compiled up to %d", k.Path, k.Bounds, maxTimescale)
		}
	}
}

// The defaults that are of lab time stand in words in the tags, and in a constant that a plan is compiled by.
func TestDefaultsOfLabTimeAreThoseOfThePlan(t *testing.T) {
	want := map[string]string{
		"steady_state.hold":                file.Short(defaultHold) + " of lab time",
		"objectives.recovery_time.window":  file.Short(defaultWindow) + " of lab time",
		"objectives.recovery_time.latency": "{p95: 500ms}",
		"observe": fmt.Sprintf("%g times the recovery time, plus its window", observeFactor) +
			"; as long as the deadline, if that is longer",
	}
	for _, k := range file.Keys(Format{}) {
		if text, is := want[k.Path]; is && k.Default != text {
			t.Errorf("%s is documented as %q, and is %q", k.Path, k.Default, text)
		}
	}
	if quantile, limit := (Latency{}).limit(); quantile != 0.95 || limit != 500*time.Millisecond {
		t.Errorf("latency is limited to %s at %g", limit, quantile)
	}
}
