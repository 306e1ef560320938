package measure

import (
	"fmt"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// MeasureCapacity measures what the service sustained after the fault f, against the demand. It is nil where no standby capacity is
// promised, or no recovery time whose window and latency say what to sustain is, or no fault was confirmed.
//
// Demand is what was offered per second from steady state to f.lo; repetitions are no demand. For each window [s, s+W) that begins at the due
// time of an operation from f.hi on and was observed to its end, goodput is how many operations were answered ok within Latency of their due
// time, per second. The greatest of these is what was sustained: no luckier window can be found, so a share of it below the objective is a
// fail. The load is open-loop, so the goodput is not bounded by who was refused before.
//
// Amplification is calls per operation offered: all that was sent, repetitions included, over what was due, from steady state to f.lo and from
// f.hi to the end.
func MeasureCapacity(h history.History, s Spec) *Capacity { //nolint:revive // Capacity is what it returns
	incident, found := firstIncident(h, s)
	if s.StandbyCapacity <= 0 || s.RecoveryTime == nil || !found {
		return nil
	}
	c := &Capacity{Objective: s.StandbyCapacity}
	f, window := incident.f, s.RecoveryTime.Window
	v := newService(h, *s.RecoveryTime, f)
	end, observed := v.end()
	if window <= 0 || !observed || v.tooThin() || v.over <= 0 {
		return c // nothing can be said
	}
	c.Demand = float64(v.offered) / v.over.Seconds()
	steady, _ := h.PhaseAt(history.PhaseSteady)
	c.AmplificationBefore = amplification(h, steady, f.Lo)
	c.AmplificationAfter = amplification(h, f.Hi, end)
	windows := 0
	for i := v.before(f.Hi); i < len(v.due) && v.due[i]+window <= end; i++ {
		windows++
		j := v.before(v.due[i] + window)
		c.Sustained = max(c.Sustained, float64(v.inTime[j]-v.inTime[i])/window.Seconds())
	}
	if windows == 0 {
		return c
	}
	c.Share = min(c.Sustained/c.Demand, 1) // a window may hold one operation more than its share of an even schedule
	c.Verdict = Pass
	if c.Share < c.Objective {
		c.Verdict = Fail
	}
	return c
}

// amplification is calls per operation offered in a stretch of time; 0 where nothing was.
func amplification(h history.History, from, to time.Duration) float64 {
	calls, offered := 0, 0
	for _, op := range h.Ops {
		if op.Due < from || op.Due >= to {
			continue
		}
		calls++
		if op.Retry == 0 {
			offered++
		}
	}
	if offered == 0 {
		return 0
	}
	return float64(calls) / float64(offered)
}

func capacityFinding(c Capacity) Finding {
	f := Finding{ID: FindingStandbyCapacity, Checker: "capacity", Verdict: c.Verdict}
	if c.Demand == 0 {
		f.Detail = "what was sustained after the fault could not be measured: the offered load is too thin for the window"
		return f
	}
	f.Detail = fmt.Sprintf("%.1f of %.1f operations a second were sustained at best, %.0f %% of the demand (objective %.0f %%)",
		c.Sustained, c.Demand, 100*c.Share, 100*c.Objective)
	if c.AmplificationAfter > 1.005 {
		f.Detail += fmt.Sprintf("; with what clients tried again %.1f calls came for each", c.AmplificationAfter)
	}
	return f
}
