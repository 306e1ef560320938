package scenarios

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/file"
)

// TestTheFormatIsWrittenDown keeps docs/scenario-format.md what the structs say: go test ./scenarios -update.
func TestTheFormatIsWrittenDown(t *testing.T) {
	path, got := filepath.Join("..", PageFile), Page()
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
		t.Errorf("the page (-want +got; -update writes it anew):\n%s", diff)
	}
}

// A reader looks up any key, and finds what it is for, and how a value is written.
func TestEveryKeyIsOnThePage(t *testing.T) {
	page := Page()
	for _, k := range file.Keys(Format{}) {
		path := strings.TrimPrefix(k.Path, injected)
		if !strings.Contains(page, "`"+path+"`") {
			t.Errorf("%s is not on the page", k.Path)
		}
		if k.About == "" || k.Takes == "" {
			t.Errorf("%s: nothing is said about it (%q), or not what it takes (%q)", k.Path, k.About, k.Takes)
		}
		inFault, below := strings.HasPrefix(k.Path, injected), strings.Contains(k.Takes, "mapping")
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
