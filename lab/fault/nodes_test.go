package fault

import (
	"testing"

	"github.com/regionfall/regionfall/lab/topology"
)

func TestWhoIsThePrimaryCanBeAskedOfEachServiceThatHasOne(t *testing.T) {
	for _, s := range topology.Services(func(s topology.Traits) bool { return s.Primary }) {
		if primaryIs[s.Traits().Speaks].query == "" {
			t.Errorf("%s has a primary, and nobody knows what to ask in %q", s, s.Traits().Speaks)
		}
	}
}
