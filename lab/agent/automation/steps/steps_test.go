package steps

import (
	"slices"
	"testing"

	"github.com/regionfall/regionfall/lab/api"
)

// A step that nobody makes would be left out of every failover, and a maker that nobody asks for would be too.
func TestEachStepAfterTheDecisionIsMade(t *testing.T) {
	var names []string
	for _, s := range api.FailoverSteps() {
		names = append(names, s.Name)
		if _, ok := makers[s.Name]; !ok && s.Name != api.StepDetect && s.Name != api.StepDecide {
			t.Errorf("nobody makes step %s", s.Name)
		}
	}
	for name := range makers {
		if !slices.Contains(names, name) {
			t.Errorf("step %s is made, and has no place in a failover", name)
		}
	}
}
