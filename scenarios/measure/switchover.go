package measure

import (
	"strings"

	"github.com/regionfall/regionfall/scenarios/history"
)

// FindingSwitchover fails when a region that was told to take over did not.
const FindingSwitchover = "switchover"

// switchovers are the orders to change roles, in the order of time.
func switchovers(h history.History) []history.Fault {
	var all []history.Fault
	for _, f := range h.Faults {
		if f.Name == history.Switchover && confirmed(f) {
			all = append(all, f)
		}
	}
	return all
}

// CheckSwitchovers fails when a region did not take over that was told to.
func CheckSwitchovers(h history.History) Finding {
	f := Finding{ID: FindingSwitchover, Checker: "switchover", Verdict: Pass}
	var done, not []string
	for _, s := range switchovers(h) {
		if s.Healed == nil {
			not = append(not, s.Target+" ("+s.By+")")
		} else {
			done = append(done, s.Target)
		}
	}
	f.Detail = "took over in order: " + strings.Join(done, ", ")
	if len(not) > 0 {
		f.Verdict, f.Detail = Fail, "did not take over: "+strings.Join(not, ", ")
	}
	return f
}

// switchoverOrders is the checker of whether orders to change roles were carried out.
type switchoverOrders struct {
	noMetric
	noRows
}

// IDs are those of its findings.
func (switchoverOrders) IDs() []string { return []string{FindingSwitchover} }

// Find says whether they were.
func (switchoverOrders) Find(v *view, _ Metrics) []Finding {
	if len(switchovers(v.History)) == 0 {
		return nil
	}
	return []Finding{CheckSwitchovers(v.History)}
}
