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
		"observe":                          fmt.Sprintf("%g times the recovery time, plus its window", observeFactor),
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
