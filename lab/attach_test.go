package lab

import (
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/state"
)

// A lab that another process is just bringing up has no hub yet, and nobody is to be told to remove it.
func TestALabWithoutAHubIsBrokenOnlyWhereNobodyIsAtIt(t *testing.T) {
	now := time.Date(2026, 8, 1, 12, 0, 30, 0, time.UTC)
	by := state.Holder{Process: 4711, Since: now.Add(-12 * time.Second)}
	const remove = "regionfall down --lab ada"
	for name, c := range map[string]struct {
		mine, held bool
		by         state.Holder
		want       string
		removed    bool
	}{
		"coming up":       {true, true, by, "coming up, or being removed, by process 4711, which has had it for 12s", false},
		"by whom unknown": {true, true, state.Holder{}, "the process that has it lives", false},
		"its owner gone":  {true, false, by, "it is broken", true},
		"of another":      {false, false, state.Holder{}, "belongs to another machine", false},
	} {
		got := unready("ada", c.mine, c.held, c.by, now).Error()
		if !strings.Contains(got, c.want) || strings.Contains(got, remove) != c.removed {
			t.Errorf("%s: %s", name, got)
		}
	}
}
