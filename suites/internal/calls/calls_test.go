package calls

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/regionfall/regionfall/lab/image"
	"github.com/regionfall/regionfall/lab/topology"
)

var update = flag.Bool("update", false, "write docs/stores.md anew")

const (
	page  = "../../../docs/stores.md"
	begin = "<!-- from the table: go test ./suites/internal/calls -update -->\n"
)

// stores are those that have been run. The registry's image is not among them.
var stores = []image.Server{
	image.Serve(topology.AWSPackages, false)[topology.ServiceS3],
	image.Serve(topology.AWSLocalStack, false)[topology.ServiceS3],
}

func TestThePageIsTheTable(t *testing.T) {
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(data), begin)
	if !found {
		t.Fatalf("%s has no line %q", page, begin)
	}
	want := "\n" + Page(stores)
	if *update {
		if err := os.WriteFile(page, []byte(head+begin+want), 0o644); err != nil { //nolint:gosec // everybody reads it
			t.Fatal(err)
		}
		return
	}
	if rest != want {
		t.Errorf("%s is not what the table says: go test ./suites/internal/calls -update", page)
	}
}

// A call that is promised to some stores only has a row for the others, wherever one of the lab's stores is among
// these.
func TestEveryStoreHasARowOfEveryCall(t *testing.T) {
	for _, row := range Table() {
		for _, s := range stores {
			if promised(row.Call, s.Can) == "–" && row.differs(stores) {
				t.Errorf("nothing is said of %q on %s", row.Call, s.Program)
			}
		}
	}
}

func TestEveryRowCanGoRed(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range Table() {
		name := row.Call + " " + row.Promise
		if seen[name] {
			t.Errorf("%q is there twice", name)
		}
		seen[name] = true
		if row.keep == nil || row.lie == nil && row.forge == nil {
			t.Errorf("%q has no check, or no lie that the check must catch", name)
		}
		if row.Needs != "" && row.Lacks != "" {
			t.Errorf("%q is for stores that can and that can't", name)
		}
	}
}
