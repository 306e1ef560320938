package measure

import (
	"fmt"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// MeasureRecoveryTime measures every outage from the steady state to the end of the observation. It is nil when no recovery time is promised (then
// there is no criterion) or no fault was confirmed.
//
// A window [s, s+W) is tried at the due time s of every operation. The criterion holds throughout it when
//
//   - an operation was due at s+W or later: all of the window was observed;
//   - in the whole of it, ok operations >= Success x offered, operations answered ok within Latency of their due time >= Capacity x offered, and
//     those >= Quantile x the ok ones. Offered are the operations recorded as due, or what the rate between steady state and the first fault asks
//     for (less a tenth) if that is more: many operations still under way are not ok yet. Where a window has so few operations that a
//     single bad one is more than the share allows, it may have one if there is no other in as many operations around it as the share needs;
//   - each fifth of it is not worse than that, by whole operations, and something was offered in it.
//
// It must hold for all operations, and by itself for the writes, the reads, and each region's clients. An outage is what no such window covers. It
// begins between the due times of its first operation that was not answered in time and of the one before it, and ends between those of its last
// one and of the one after it. It belongs to the latest cause (see causesOf) that may have been effective when its first operation was surely
// bad, and
//
//	max(0, end.lo - max(f.hi, begin.hi)) <= recovery time <= end.hi - max(f.lo, begin.lo)
//
// for each. The objective holds for each, and the worst is the drill's. A cause without an outage has a recovery time from 0 to the
// uncertainty of the fault. An outage that reaches the end of the observation is censored: more than lo, where lo is where the first window
// begins that nobody could refute. It fails when lo > objective, else it is inconclusive.
//
// A read that did not find a write which the stores turn out to have lost is no outage: that is the recovery point's.
func MeasureRecoveryTime(h history.History, s Spec) *RecoveryTime { //nolint:revive // RecoveryTime is what it returns
	return viewOf(h, s).recoveryTime()
}

func (v *view) recoveryTime() *RecoveryTime {
	if v.spec.RecoveryTime == nil || len(v.causes) == 0 {
		return nil
	}
	objective := v.spec.RecoveryTime.Within
	if v.service == nil {
		return &RecoveryTime{ObjectiveMS: ms(objective), Phases: []Phase{}, FirstSuccessMS: v.firstSuccess(v.causes[len(v.causes)-1])}
	}
	var worst *RecoveryTime
	var verdicts []Verdict
	var outages []Outage
	var sum history.Interval
	sumCensored := false
	consider := func(r *RecoveryTime) {
		verdicts = append(verdicts, r.Verdict)
		if worst == nil || worse(*r, *worst) {
			worst = r
		}
	}
	for _, o := range v.outages {
		if o.cause < 0 {
			outages = append(outages, o.figure(nil, nil))
			continue
		}
		c := v.causes[o.cause]
		r := v.recoveryFrom(o, c)
		consider(r)
		outages = append(outages, o.figure(&c, r))
		from := o.start(c)
		sum.Lo += max(0, o.end.Lo-from.Hi)
		sum.Hi += o.end.Hi - from.Lo
		sumCensored = sumCensored || o.censored
	}
	for _, c := range v.causes {
		if r := v.unharmed(c); r != nil {
			consider(r)
		}
	}
	worst.Outages, worst.Verdict = outages, Combine(verdicts...)
	worst.SumLoMS = ms(sum.Lo)
	if !sumCensored {
		worst.SumHiMS = ms(sum.Hi)
	}
	return worst
}

// start is from when an outage counts: its own beginning, or the cause's effect if that is later.
func (o outage) start(c cause) history.Interval {
	return history.Interval{Lo: max(c.f.Lo, o.begin.Lo), Hi: max(c.f.Hi, o.begin.Hi)}
}

// figure is an outage as the report gives it.
func (o outage) figure(c *cause, r *RecoveryTime) Outage {
	out := Outage{
		What: o.what, BeginLoMS: *ms(o.begin.Lo), BeginHiMS: *ms(o.begin.Hi), EndLoMS: *ms(o.end.Lo), Censored: o.censored,
		LoMS: *ms(max(0, o.end.Lo-o.begin.Hi)),
	}
	if !o.censored {
		out.EndHiMS, out.HiMS = ms(o.end.Hi), ms(o.end.Hi-o.begin.Lo)
	}
	if c != nil {
		out.Cause, out.Verdict = c.String(), r.Verdict
		out.LoMS, out.HiMS = *r.LoMS, r.HiMS
	}
	return out
}

// recoveryFrom is the recovery time of one outage.
func (v *view) recoveryFrom(o outage, c cause) *RecoveryTime {
	objective := v.spec.RecoveryTime.Within
	from := o.start(c)
	lo := max(0, o.end.Lo-from.Hi)
	r := &RecoveryTime{Cause: c.String(), ObjectiveMS: ms(objective), LoMS: ms(lo), FirstSuccessMS: v.firstSuccess(c)}
	if o.censored {
		r.Censored = true
		r.Phases, _ = v.phases(c, from, nil)
		if lo > objective {
			r.Verdict = Fail
		}
		return r
	}
	hi := o.end.Hi - from.Lo
	r.HiMS, r.Verdict = ms(hi), against(lo, hi, objective)
	var full func(timescale float64) *float64
	r.Phases, full = v.phases(c, from, &o.end)
	r.FullScaleMS = full(v.spec.Timescale)
	return r
}

// unharmed is the recovery time of a cause that no outage is put down to; nil where there is one.
func (v *view) unharmed(c cause) *RecoveryTime {
	for _, o := range v.outages {
		if o.cause == c.index {
			return nil
		}
	}
	objective := v.spec.RecoveryTime.Within
	r := &RecoveryTime{Cause: c.String(), ObjectiveMS: ms(objective), LoMS: ms(0), FirstSuccessMS: v.firstSuccess(c)}
	calls := v.service.all.calls
	i := v.service.all.before(c.f.Hi)
	unseen := v.service.all.lastHeld < c.f.Hi // no whole window was watched since
	if i == len(calls) || unseen && c.index == len(v.causes)-1 {
		r.Censored, r.Phases = true, []Phase{}
		if i < len(calls) {
			r.Phases, _ = v.phases(c, c.f, nil)
		}
		return r
	}
	first := history.Interval{Lo: c.f.Lo, Hi: calls[i].due}
	if i > 0 {
		first.Lo = max(first.Lo, calls[i-1].due)
	}
	hi := first.Hi - c.f.Lo
	r.HiMS, r.Verdict = ms(hi), against(0, hi, objective)
	var full func(timescale float64) *float64
	r.Phases, full = v.phases(c, c.f, &first)
	r.FullScaleMS = full(v.spec.Timescale)
	return r
}

// worse says whether a is: by its verdict, then by how long it surely was, then by how long it may have been.
func worse(a, b RecoveryTime) bool {
	switch {
	case a.Verdict.rank() != b.Verdict.rank():
		return a.Verdict.rank() > b.Verdict.rank()
	case a.LoMS == nil || b.LoMS == nil:
		return b.LoMS != nil
	case *a.LoMS != *b.LoMS:
		return *a.LoMS > *b.LoMS
	case a.HiMS == nil || b.HiMS == nil:
		return a.HiMS == nil
	}
	return *a.HiMS >= *b.HiMS
}

// Recovered says whether a window was seen in which the service criterion holds; of nil, which was not measured, it is false.
func (r *RecoveryTime) Recovered() bool { return r != nil && r.HiMS != nil }

// soonest is when something came first, if it did.
type soonest struct {
	at    time.Duration
	found bool
}

// firstSuccess is the time from the middle of f to the first ok answer to an operation sent after f, by a region that may answer.
func (v *view) firstSuccess(c cause) *float64 {
	first, known := v.soonest[c.index]
	if !known {
		for i := range v.Ops {
			op := &v.Ops[i]
			if op.Outcome == history.OK && op.Sent > c.f.Hi && (!first.found || op.Done < first.at) && v.charge.standing(op, v.causes) != forbidden {
				first = soonest{op.Done, true}
			}
		}
		v.soonest[c.index] = first
	}
	if !first.found {
		return nil
	}
	return ms(first.at - c.f.Mid())
}

func recoveryTimeFinding(r *RecoveryTime) Finding {
	f := Finding{ID: FindingRecoveryTime, Checker: "recovery_time", Verdict: r.Verdict}
	objective := "(objective " + promised(*r.ObjectiveMS) + ")"
	after := " after " + r.Cause
	switch {
	case r.LoMS == nil:
		f.Detail = fmt.Sprintf("the recovery time could not be measured: the offered load is too thin for the window %s", objective)
	case r.Censored:
		f.Detail = fmt.Sprintf("the service was not back %s%s, when the observation ended %s", words(*r.LoMS), after, objective)
	default:
		f.Detail = fmt.Sprintf("back %s to %s%s %s", words(*r.LoMS), words(*r.HiMS), after, objective)
	}
	if more := r.others(); more != "" {
		f.Detail += ", of " + fmt.Sprint(len(r.Outages)) + " outages: " + more
	}
	return f
}

// others tells the outages, where there are several.
func (r *RecoveryTime) others() string {
	if len(r.Outages) < 2 {
		return ""
	}
	var all []string
	for _, o := range r.Outages[:min(len(r.Outages), 5)] {
		long := "to the end"
		if o.HiMS != nil {
			long = "for " + words(o.LoMS) + " to " + words(*o.HiMS)
		}
		all = append(all, fmt.Sprintf("at %s %s", words(o.BeginHiMS), long))
	}
	return strings.Join(all, ", ")
}
