package measure

import (
	"slices"
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// Whatever can be promised by itself is something to judge.
func TestEachPromiseIsSomethingToJudge(t *testing.T) {
	const nothing = "nothing was promised: there is nothing to judge"
	for name, c := range map[string]struct {
		promised Spec
		said     bool
	}{
		"nothing":              {Spec{}, true},
		"recovery time":        {Spec{RecoveryTime: &RecoveryTimeObjective{}}, false},
		"recovery point":       {Spec{RecoveryPoint: &RecoveryPointObjective{}}, false},
		"joint recovery point": {Spec{JointRecoveryPoint: new(time.Second)}, false},
		"sessions":             {Spec{Sessions: []string{FindingReadYourWrites}}, false},
		"decisions":            {Spec{Decisions: true}, false},
		"local reads":          {Spec{LocalReads: time.Millisecond}, false},
		"stale configuration":  {Spec{StaleConfig: new(time.Second)}, false},
		"write gap":            {Spec{WriteGap: new(time.Second)}, false},
		"conservation":         {Spec{Conservation: &Pipeline{Stages: []string{"a"}}}, false},
		"deadline":             {Spec{Deadline: &DeadlineObjective{Within: time.Second}}, false},
	} {
		if said := slices.Contains(Judge(history.History{}, c.promised).Reasons, nothing); said != c.said {
			t.Errorf("%s: it is said that nothing was promised: %t", name, said)
		}
	}
}
