package scenarios

import (
	"slices"
	"testing"

	"github.com/regionfall/regionfall/scenarios/measure"
)

// A fault that was renamed would be taken for a cause from then on, and nobody would notice.
func TestConditionsAreFaultsOfTheCatalogue(t *testing.T) {
	for _, kind := range measure.Conditions() {
		if !slices.Contains(FaultKind("").Values(), kind) {
			t.Errorf("%s is no fault of the catalogue", kind)
		}
	}
}
