package measure

import (
	"fmt"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// MeasureRecoveryTime measures the time from the fault f to s, the start of the first window of length W in which the service
// criterion holds throughout. It is nil when no recovery time is promised (then there is no criterion) or no fault was confirmed.
//
// A window is tried at the due time of every operation from f.hi on (never earlier: a window may not end before the fault surely
// was there). The criterion holds throughout [s, s+W) when
//
//   - an operation was due at s+W or later: all of the window was observed;
//   - in the whole and in each fifth of it, ok operations >= Success x offered, and operations answered ok within Latency of their
//     due time >= Capacity x offered, and something was offered at all. Offered are the operations recorded as due, or what the
//     rate between steady state and f asks for (less a tenth) if that is more: many operations still under way are not ok yet;
//   - over the whole of it, the latency quantile (nearest rank, done - due, of the ok operations) is <= Latency.
//
// Then s.hi is the due time of the window's first operation, s.lo that of the operation before it (or f.lo, if that is later), and
//
//	max(0, s.lo - f.hi) <= recovery time <= s.hi - f.lo
//
// A criterion that was never lost so gives a recovery time from 0 to the uncertainty of the fault. Operations that were due before f
// and are hanging do not matter here: they belong to the time they were due, and MeasureRecoveryPoint has an eye on them.
//
// When no window is good the figure is censored: more than lo. Windows that reach beyond the end of the observation are refuted by
// a fifth of them that is bad; lo is where the first window begins that nobody could refute, less f.hi. With the service away to the
// end that is within W/5 of the end. A censored figure fails when lo > objective, else it is inconclusive.
//
// Where regions change roles it is that of the switchover after which the service was back last.
func MeasureRecoveryTime(h history.History, s Spec) *RecoveryTime { //nolint:revive // RecoveryTime is what it returns
	if len(switchovers(h)) > 1 {
		return worstOf(h, s)
	}
	return recoveryTime(h, s)
}

func recoveryTime(h history.History, s Spec) *RecoveryTime {
	incident, found := firstIncident(h, s)
	if s.RecoveryTime == nil || !found {
		return nil
	}
	objective, f := *s.RecoveryTime, incident.f
	r := &RecoveryTime{ObjectiveMS: ms(objective.Within), Phases: []Phase{}, FirstSuccessMS: firstSuccess(h, incident)}
	v := newService(h, objective, f)
	end, observed := v.end()
	if objective.Window <= 0 || !observed || v.tooThin() {
		return r // nothing can be said, not even a lower bound
	}
	start := history.Interval{Lo: max(end, f.Hi), Hi: -1}
	for i := v.before(f.Hi); i < len(v.due); i++ {
		state := v.window(v.due[i])
		if state == refuted {
			continue
		}
		start.Lo = f.Lo
		if i > 0 {
			start.Lo = max(f.Lo, v.due[i-1])
		}
		if state == held {
			start.Hi = v.due[i]
		}
		break
	}
	lo := max(0, start.Lo-f.Hi)
	r.LoMS = ms(lo)
	if start.Hi < 0 {
		r.Censored = true
		r.Phases, _ = phases(h, f, nil)
		if lo > objective.Within {
			r.Verdict = Fail
		}
		return r
	}
	hi := start.Hi - f.Lo
	r.HiMS, r.Verdict, r.Relapses = ms(hi), against(lo, hi, objective.Within), v.relapses(start.Hi)
	var full func(timescale float64) *float64
	r.Phases, full = phases(h, f, &start)
	r.FullScaleMS = full(s.Timescale)
	return r
}

// Recovered says whether a window was seen in which the service criterion holds; of nil, which was not measured, it is false. It may be
// asked while the drill runs.
func (r *RecoveryTime) Recovered() bool { return r != nil && r.HiMS != nil }

// firstSuccess is the time from the middle of f to the first ok answer to an operation sent after f, by a region that may answer.
func firstSuccess(h history.History, i incident) *float64 {
	first, found := time.Duration(0), false
	for _, op := range h.Ops {
		if op.Outcome == history.OK && op.Sent > i.f.Hi && !i.shouldBeFenced(op) && (!found || op.Done < first) {
			first, found = op.Done, true
		}
	}
	if !found {
		return nil
	}
	return ms(first - i.f.Mid())
}

func recoveryTimeFinding(r *RecoveryTime) Finding {
	f := Finding{ID: FindingRecoveryTime, Checker: "recovery_time", Verdict: r.Verdict}
	objective := "(objective " + promised(*r.ObjectiveMS) + ")"
	switch {
	case r.LoMS == nil:
		f.Detail = fmt.Sprintf("the recovery time could not be measured: the offered load is too thin for the window %s", objective)
	case r.Censored:
		f.Detail = fmt.Sprintf("the service was not back %s after the fault, when the observation ended %s", words(*r.LoMS), objective)
	default:
		f.Detail = fmt.Sprintf("back %s to %s after the fault %s", words(*r.LoMS), words(*r.HiMS), objective)
		if r.Relapses > 0 {
			f.Detail += fmt.Sprintf(", relapses after that: %d", r.Relapses)
		}
	}
	return f
}
