package plan

import (
	"os"
	"regexp"
	"testing"

	"github.com/regionfall/regionfall/lab/topology"
)

func TestEveryServiceIsDescribedHereAndInTheDocs(t *testing.T) {
	doc, err := os.ReadFile("../../docs/lab.md")
	if err != nil {
		t.Fatal(err)
	}
	described := map[topology.Service]bool{}
	for _, s := range Services() {
		described[s.Name] = true
	}
	for _, s := range topology.Services(func(topology.Traits) bool { return true }) {
		if !described[s] {
			t.Errorf("%s has no descriptor", s)
		}
		if !regexp.MustCompile("(?m)^\\|.*`" + string(s) + "(-N)?(\\.REGION)?`.*\\|.+\\|.+\\|$").Match(doc) {
			t.Errorf("%s has no row in docs/lab.md", s)
		}
	}
}
