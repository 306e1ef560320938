package fault

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the catalogue's page anew")

// TestTheCatalogueIsWrittenDown keeps README.md what the catalogue says: go test ./lab/fault -update.
func TestTheCatalogueIsWrittenDown(t *testing.T) {
	const page = "README.md"
	var b strings.Builder
	b.WriteString("# The faults\n\nWritten by `go test ./lab/fault -update` from the catalogue, as is `regionfall list faults`. " +
		"A fault counts only when a probe that knows\nnothing of it sees what the last column says; otherwise the drill proves nothing.\n\n" +
		"| fault | on | mimics | seen when | in a scenario file |\n|---|---|---|---|---|\n")
	for _, e := range Catalogue() {
		_, _ = fmt.Fprintf(&b, "| %s | %s | %s | %s | `%s` |\n", e.Kind, e.On, e.Mimics, e.Shows, e.Example)
	}
	if *update {
		if err := os.WriteFile(page, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.String(), string(got)); diff != "" {
		t.Errorf("%s is out of date (-want +got): run go test ./lab/fault -update\n%s", page, diff)
	}
}

func TestTheCatalogueIsInOrder(t *testing.T) {
	last := ""
	for _, e := range Catalogue() {
		if e.Kind <= last {
			t.Errorf("%s comes after %s", e.Kind, last)
		}
		last = e.Kind
	}
}
