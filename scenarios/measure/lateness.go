package measure

import (
	"fmt"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// LateStep is how late after it was due a step of the scenario may begin. One that is later is told, and excuses what
// it may have spoilt.
const LateStep = 250 * time.Millisecond

// lateness is how much longer than the scenario says a cause was waited for, from the steps before it on; 0: no longer.
// Of the first step nothing was to come before it, and steps that are all as late as each other are as far apart as the
// scenario says. Where one waited for something, the times between them are not all the scenario's: then its own
// lateness counts.
func (v *view) lateness(c cause) time.Duration {
	i := slices.IndexFunc(v.Steps, func(s history.Step) bool {
		return s.Began == c.Command && (s.Action == history.ActionInject || s.Action == history.Switchover)
	})
	if i < 1 {
		return 0
	}
	late := v.Steps[i].Late()
	if waited := func(s history.Step) bool { return s.Waited }; slices.ContainsFunc(v.Steps[:i+1], waited) {
		return late
	}
	before := late
	for _, s := range v.Steps[:i] {
		before = min(before, s.Late())
	}
	return late - before
}

// lateEnough says whether what is over its limit may be so only because its cause came late: had it come in time, as
// much less as it was late may have been lost, and the service may have been away for as much less.
func (v *view) lateEnough(c cause, lo, limit time.Duration) bool {
	late := v.lateness(c)
	return late > LateStep && lo > limit && lo-late <= limit
}

// excuseLate takes back a verdict against a store that may be so only because the cause came late.
func (v *view) excuseLate(p *RecoveryPoint, c cause) bool {
	if p.Verdict != Fail || !v.lateEnough(c, p.Lo.Duration(), p.Within.Duration()) {
		return false
	}
	p.Verdict = Inconclusive
	return true
}

// causeOf is the cause that is called so; the last one, where several are.
func (v *view) causeOf(name string) (found cause) {
	for _, c := range v.causes {
		if c.String() == name {
			found = c
		}
	}
	return found
}

// lateReason says that a figure has no verdict since its cause came late; empty: that is not why.
func (v *view) lateReason(is Verdict, of string, figure Interval, promised Objective) string {
	if is != Inconclusive || figure.Lo == nil || promised.Within == nil {
		return ""
	}
	c := v.causeOf(of)
	if !v.lateEnough(c, figure.Lo.Duration(), promised.Within.Duration()) {
		return ""
	}
	return fmt.Sprintf("%s came %s later than the scenario says, counted from the steps before it, which may be why: "+
		"leave it more time in the scenario", c, Exactly(v.lateness(c)))
}
