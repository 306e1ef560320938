package measure

import (
	"fmt"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// MeasureCapacity measures what the service sustained after its region was lost, against the demand. It is nil where no standby capacity is
// promised, or no recovery time whose window and latency say what to sustain is, or no fault was confirmed.
//
// The share of a stretch of time is how many operations were answered ok within Latency of their due time, over how many were due (or would
// have been by the steady rate, if that is more; repetitions are not). Stretches begin at the due time of an operation from f.hi on, or
// right after it, and end before the region is given back: f is the loss of a region, or the last fault where none is lost. Demand is the
// steady rate.
//
//   - hi is the greatest share of a window W. No luckier one can be found: below the objective it is a fail.
//   - lo is the share from the first window that reaches the objective (else from the best one) to the end: what came of it. A window that was
//     merely lucky does not make a pass.
//
// Amplification is calls per operation offered: all that was sent, repetitions included, over what was due, from steady state to f.lo and from
// f.hi to the end.
func MeasureCapacity(h history.History, s Spec) *Capacity { //nolint:revive // Capacity is what it returns
	incident, found := lossOf(h, s)
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
	if back := incident.fault.Healed; back != nil && incident.fault.Name != history.Switchover {
		end = min(end, back.Lo)
	}
	demand := float64(v.offered) / v.over.Seconds()
	c.Demand = &demand
	steady, _ := h.PhaseAt(history.PhaseSteady)
	c.AmplificationBefore = amplification(h, steady, f.Lo)
	c.AmplificationAfter = amplification(h, f.Hi, end)
	share := func(from, to time.Duration) float64 {
		i, j := v.before(from), v.before(to)
		return float64(v.inTime[j]-v.inTime[i]) / float64(max(1, v.load(from, to)))
	}
	best, from := -1.0, time.Duration(0)
	for i := v.before(f.Hi); i < len(v.due); i++ {
		for _, at := range []time.Duration{v.due[i], v.due[i] + 1} { // with that operation, and without it
			if at+window > end {
				continue
			}
			is := share(at, at+window)
			if is > best && best < c.Objective {
				from = at
			}
			best = max(best, is)
		}
	}
	if best < 0 {
		return c // no window was observed to its end
	}
	lasting := min(share(from, end), best)
	c.ShareLo, c.ShareHi = &lasting, &best
	switch {
	case len(incident.fault.Regions) > 0 && movedBefore(h, incident): // the loss moved nobody: who serves had served before
	case best < c.Objective:
		c.Verdict = Fail
	case lasting >= c.Objective:
		c.Verdict = Pass
	}
	return c
}

// amplification is calls per operation offered in a stretch of time; nil where nothing was.
func amplification(h history.History, from, to time.Duration) *float64 {
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
		return nil
	}
	a := float64(calls) / float64(offered)
	return &a
}

func capacityFinding(c Capacity) Finding {
	f := Finding{ID: FindingStandbyCapacity, Checker: "capacity", Verdict: c.Verdict}
	objective := fmt.Sprintf("(objective %.4g %%)", 100*c.Objective)
	switch {
	case c.Demand == nil:
		f.Detail = "what was sustained after the fault could not be measured: the offered load is too thin for the window " + objective
	case c.ShareHi == nil:
		f.Detail = "what was sustained after the fault could not be measured: no window was observed to its end " + objective
	default:
		f.Detail = fmt.Sprintf("%.1f %% to %.1f %% of the demand of %.1f/s was sustained %s", 100**c.ShareLo, 100**c.ShareHi, *c.Demand, objective)
		if a := c.AmplificationAfter; a != nil && *a > 1.005 {
			f.Detail += fmt.Sprintf("; with what clients tried again %.1f calls came for each operation", *a)
		}
	}
	return f
}
