package measure

import (
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// aftermath is what came of a cause: its outages, and the recovery time of the worst.
type aftermath struct {
	outages  []Outage
	recovery *RecoveryTime // nil where it came in the middle of another one's outage
}

func (v *view) newTimes() []aftermath {
	if v.spec.RecoveryTime == nil {
		return nil
	}
	var all []aftermath
	for _, c := range v.causes {
		all = append(all, v.aftermathOf(c))
	}
	return all
}

func (v *view) aftermathOf(c cause) aftermath {
	if v.service == nil { // nothing says when the service is away
		return aftermath{recovery: &RecoveryTime{
			Cause: c.String(), Objective: v.spec.objective(v.spec.RecoveryTime.Within), FirstSuccess: v.firstSuccess(c),
		}}
	}
	a := aftermath{outages: []Outage{}}
	var verdicts []Verdict
	sum := fromTo(0, 0)
	for _, o := range v.outages {
		if o.cause != c.index {
			continue
		}
		r := v.recoveryFrom(o, c)
		out := o.figure()
		out.Interval, out.Verdict = r.Interval, r.Verdict
		a.outages, verdicts = append(a.outages, out), append(verdicts, r.Verdict)
		from := o.start(c)
		lasted := fromTo(max(0, o.end.Lo-from.Hi), max(0, o.end.Hi-from.Lo))
		if o.censored {
			lasted.Hi = nil
		}
		sum = sum.plus(lasted)
		if a.recovery == nil || worse(*r, *a.recovery) {
			a.recovery = r
		}
	}
	switch {
	case a.recovery != nil:
		a.recovery.Verdict = Combine(verdicts...)
	case v.awayAlready(c):
		return a
	default:
		a.recovery = v.unharmed(c)
	}
	a.recovery.Sum = sum
	return a
}

// awayAlready says whether a cause came when the service was away for an earlier one: nobody can tell what it did to
// it.
func (v *view) awayAlready(c cause) bool {
	return slices.ContainsFunc(v.outages, func(o outage) bool {
		return o.cause >= 0 && o.cause != c.index && o.begin.Lo <= c.effect.Hi &&
			(o.censored || o.end.Lo >= c.effect.Hi)
	})
}

// start is from when an outage counts: its own beginning, or the cause's effect if that is later. One that was noticed
// before the probe saw the cause in force shows that the effect came sooner: it counts from its beginning.
func (o outage) start(c cause) history.Interval {
	if o.known < c.effect.Lo {
		return history.Interval{Lo: max(c.earliestEffect(), o.begin.Lo), Hi: max(c.earliestEffect(), o.begin.Hi)}
	}
	return history.Interval{Lo: max(c.effect.Lo, o.begin.Lo), Hi: max(c.effect.Hi, o.begin.Hi)}
}

// figure is an outage as the report gives it, by itself.
func (o outage) figure() Outage {
	out := Outage{What: o.what, Begin: Span(o.begin), Interval: more(max(0, o.end.Lo-o.begin.Hi)), Censored: o.censored}
	if !o.censored {
		out.End, out.Hi = SpanOf(&o.end), new(High(o.end.Hi-o.begin.Lo))
	}
	return out
}

// recoveryFrom is the recovery time of one outage.
func (v *view) recoveryFrom(o outage, c cause) *RecoveryTime {
	objective := v.spec.RecoveryTime.Within
	from := o.start(c)
	lo := max(0, o.end.Lo-from.Hi)
	r := &RecoveryTime{
		Cause: c.String(), Objective: v.spec.objective(objective), Interval: more(lo),
		FirstSuccess: v.firstSuccess(c),
	}
	if o.censored {
		r.Censored = true
		r.Phases, _ = v.phases(c, from, nil)
		if lo > objective && !v.lateEnough(c, lo, objective) {
			r.Verdict = Fail
		}
		return r
	}
	hi := max(0, o.end.Hi-from.Lo) // what was under way when the cause came may all have been due before it
	r.Hi = new(High(hi))
	if !v.lateEnough(c, lo, objective) {
		r.Verdict = against(lo, hi, objective)
	}
	r.Phases, r.FullScale = v.phases(c, from, &o.end)
	return r
}

// unharmed is the recovery time of a cause that no outage is put down to.
func (v *view) unharmed(c cause) *RecoveryTime {
	objective := v.spec.RecoveryTime.Within
	r := &RecoveryTime{
		Cause: c.String(), Objective: v.spec.objective(objective), Interval: more(0),
		FirstSuccess: v.firstSuccess(c),
	}
	calls := v.service.all.calls
	i := v.service.all.before(c.effect.Hi)
	unseen := v.service.all.lastHeld < c.effect.Hi // no whole window was watched since
	if i == len(calls) || unseen && c.index == len(v.causes)-1 {
		r.Censored = true
		if i < len(calls) {
			r.Phases, _ = v.phases(c, c.effect, nil)
		}
		return r
	}
	first := history.Interval{Lo: c.effect.Lo, Hi: calls[i].due}
	if i > 0 {
		first.Lo = max(first.Lo, calls[i-1].due)
	}
	hi := first.Hi - c.effect.Lo
	r.Hi, r.Verdict = new(High(hi)), against(0, hi, objective)
	r.Phases, r.FullScale = v.phases(c, c.effect, &first)
	return r
}

// worse says whether a is: by its verdict, then by how long it surely was, then by how long it may have been.
func worse(a, b RecoveryTime) bool {
	switch {
	case a.Verdict.rank() != b.Verdict.rank():
		return a.Verdict.rank() > b.Verdict.rank()
	case a.Lo == nil || b.Lo == nil:
		return b.Lo != nil || a.Lo == nil
	case *a.Lo != *b.Lo:
		return *a.Lo > *b.Lo
	case a.Hi == nil || b.Hi == nil:
		return a.Hi == nil
	}
	return *a.Hi >= *b.Hi
}

// Recovered says whether a window was seen in which the service criterion holds; of nil, which was not measured, it is
// false.
func (r *RecoveryTime) Recovered() bool { return r != nil && r.Hi != nil }

// firstTime is when something happened first, and whether it did.
type firstTime struct {
	at    time.Duration
	found bool
}

// firstSuccess is the time from the middle of f to the first ok answer to an operation sent after f, by a region that
// may answer.
func (v *view) firstSuccess(c cause) *Near {
	first, known := v.firstAnswers[c.index]
	if !known {
		for i := range v.Ops {
			op := &v.Ops[i]
			if op.Outcome == history.OK && op.Sent > c.effect.Hi && (!first.found || op.Done < first.at) &&
				v.charge.standing(op, v.causes) != forbidden {
				first = firstTime{op.Done, true}
			}
		}
		v.firstAnswers[c.index] = first
	}
	if !first.found {
		return nil
	}
	return new(Near(first.at - c.effect.Mid()))
}
