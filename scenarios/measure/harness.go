package measure

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// lateBound is how late after it was due an operation may be sent: what is sent later was delayed by the harness, not
// by the service.
const lateBound = 100 * time.Millisecond

// harnessEffects are what the harness and its machine may have done to the figures: the harness judges itself. What it
// may have caused is looked at as if all had been well with the service then; figures that would be others are not
// known.
type harnessEffects struct {
	view   *view // as recorded
	better *view // as it may have been at its best; nil where nothing speaks against the harness
	// and at its worst: nobody knows what an operation would have met that was sent too late; nil where none was
	worse *view
	late  int // operations that were sent too late
	worst time.Duration
	// what a responder with nothing to do, or a timer, needed at worst while operations were not in time
	slow           time.Duration
	changedFigures bool // set by apply
}

func (v *view) harnessEffects() *harnessEffects {
	d := &harnessEffects{view: v}
	limit := time.Duration(0)
	if v.spec.RecoveryTime != nil {
		limit = v.spec.RecoveryTime.Latency
	}
	slow := v.slowTimes(limit)
	var blamed []bool // by the operations' places; nil: none is
	blame := func(i int) {
		if blamed == nil {
			blamed = make([]bool, len(v.Ops))
		}
		blamed[i] = true
	}
	for i := range v.Ops {
		op := &v.Ops[i]
		if late := op.Sent - op.Due; late > lateBound && op.Retry == 0 {
			d.late++
			d.worst = max(d.worst, late)
			blame(i)
		}
		known := op.Done
		if limit > 0 {
			known = min(known, op.Due+limit)
		}
		if v.stalled(op.Due, known) { // what was too late before it is not its doing
			blame(i)
		}
		if op.Outcome == history.OK && (limit <= 0 || op.Done-op.Due <= limit) {
			continue
		}
		for took := range slow.during(op.Due, op.Done) {
			blame(i)
			d.slow = max(d.slow, took)
		}
	}
	if blamed == nil {
		return d
	}
	if d.late > 0 {
		d.worse = v.steadiness().accusing(func(_ int, op *history.Op) bool {
			return op.Sent-op.Due > lateBound &&
				op.Retry == 0
		})
	}
	lost := v.lostRead()
	d.better = v.steadiness().excusing(func(i int, op *history.Op) bool {
		return blamed[i] || lost != nil &&
			lost(i, op)
	})
	return d
}

// slowTimes are stretches in which the machine was too slow to tell, by when they begin.
type slowTimes struct {
	at     []history.Interval
	took   []time.Duration
	latest []time.Duration // when those up to each have ended
}

// slowTimes are when a responder that has nothing to do, in a region that was not lost, or a timer of the harness,
// needed half of what an operation may take.
func (v *view) slowTimes(limit time.Duration) slowTimes {
	if limit <= 0 {
		return slowTimes{}
	}
	type slow struct {
		at   history.Interval
		took time.Duration
	}
	var all []slow
	for _, c := range v.Controls {
		lost := slices.ContainsFunc(v.causes, func(by cause) bool {
			return by.loses(c.Region) &&
				c.Done >= by.effect.Lo
		})
		if took := c.Done - c.Due; took >= limit/2 && !lost {
			all = append(all, slow{history.Interval{Lo: c.Due, Hi: c.Done}, took})
		}
	}
	for _, m := range v.Machines {
		if m.Late >= limit/2 {
			all = append(all, slow{m.At, m.Late})
		}
	}
	slices.SortFunc(all, func(a, b slow) int { return cmp.Compare(a.at.Lo, b.at.Lo) })
	var s slowTimes
	latest := time.Duration(math.MinInt64)
	for _, each := range all {
		latest = max(latest, each.at.Hi)
		s.at, s.took, s.latest = append(s.at, each.at), append(s.took, each.took), append(s.latest, latest)
	}
	return s
}

// during goes through those that have anything in common with a stretch of time: what each took.
func (s slowTimes) during(from, to time.Duration) iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		i, _ := slices.BinarySearchFunc(s.at, to, func(at history.Interval,
			to time.Duration,
		) int {
			return cmp.Compare(at.Lo, to)
		})
		for i--; i >= 0 && s.latest[i] > from; i-- {
			if s.at[i].Hi > from && !yield(s.took[i]) {
				return
			}
		}
	}
}

// explains says whether an outage would not be there without what the harness or its machine may have done.
func (d *harnessEffects) explains(o outage) bool {
	return d.better != nil && !slices.ContainsFunc(d.better.outages, func(p outage) bool {
		return p.cause == o.cause && (o.censored || p.begin.Lo <= o.end.Hi) && (p.censored || o.begin.Lo <= p.end.Hi)
	})
}

// apply takes back the verdicts of figures that would be others. Where what was delayed is less than a part of a
// window, a verdict that is the same either way stands, and its interval holds both. What fails at its best fails.
func (d *harnessEffects) apply(m *Metrics, incidents []Incident) {
	if d.better == nil {
		return
	}
	long := d.exceedsPart()
	d.compare(d.better, m, incidents, func(is, other Verdict) bool { return is == other && (!long || is == Fail) })
	if d.worse != nil {
		d.compare(d.worse, m, incidents, func(is, other Verdict) bool { return is == other || is != Pass })
	}
}

// compare is apply for one of the ways in which it may have been.
func (d *harnessEffects) compare(by *view, m *Metrics, incidents []Incident, stands func(is, other Verdict) bool) {
	if r, b := m.RecoveryTime, by.recoveryTime(); r != nil && (r.differs(b) || len(d.view.outages) != len(by.outages)) {
		if b == nil || !stands(r.Verdict, b.Verdict) {
			d.changedFigures, r.Verdict = true, Inconclusive
			for i := range incidents {
				incidents[i] = incidents[i].withoutTimes()
			}
		} else {
			r.widen(*b)
			others := by.incidents()
			for i := range incidents {
				incidents[i] = incidents[i].widened(others)
			}
		}
	}
	if c, b := m.Capacity, by.capacity(); c != nil && (b == nil || differ(c.ShareLo, b.ShareLo) ||
		differ(c.ShareHi, b.ShareHi)) {
		if b == nil || !stands(c.Verdict, b.Verdict) {
			d.changedFigures, c.Verdict = true, Inconclusive
		} else {
			c.ShareLo, c.ShareHi = lower(c.ShareLo, b.ShareLo), higher(c.ShareHi, b.ShareHi)
		}
	}
}

// exceedsPart reports whether a delay was so long that it can empty a part of a window: nothing was sent, or nothing
// answered in time, for want of a processor.
func (d *harnessEffects) exceedsPart() bool {
	part := d.better.spec.RecoveryTime.Window / windowParts
	return max(d.worst, d.slow) > part || slices.ContainsFunc(d.view.Stalls,
		func(s history.Interval) bool { return s.Width() > part })
}

// differs says whether two recovery times are not the same figure.
func (r RecoveryTime) differs(b *RecoveryTime) bool {
	return b == nil || r.Verdict != b.Verdict || differ(r.Lo, b.Lo) || differ(r.Hi, b.Hi)
}

func differ[T comparable](a, b *T) bool {
	return (a == nil) != (b == nil) || a != nil && *a != *b
}

// reasons are its effects in sentences, where they could have changed a figure.
func (d *harnessEffects) reasons() []string {
	if !d.changedFigures {
		return nil
	}
	var all []string
	for _, s := range d.view.Stalls {
		all = append(all,
			fmt.Sprintf("the harness stood still for %s, from %s on: what was seen then was not the service's doing",
				Exactly(s.Width()), Exactly(s.Lo)))
	}
	if d.late > 0 {
		all = append(all,
			fmt.Sprintf("the harness sent %d operations up to %s after they were due, more than the %s it may", d.late,
				Exactly(d.worst),
				Exactly(lateBound)))
	}
	if d.slow > 0 {
		all = append(all,
			fmt.Sprintf("this machine was too slow to tell: while operations were not in time, a responder or a "+
				"timer with nothing else "+
				"to do needed up to %s", Exactly(d.slow)))
	}
	return all
}

// GivenReadLocally is the precondition that reads were answered by their region's own database after the fault. Others
// are names of marks.
const GivenReadLocally = "read_locally"

// given are the preconditions, and whether they came true: after each cause that failed, and where none did after the
// first.
func (v *view) given(incidents []Incident) []Precondition {
	var failed []cause
	for _, i := range incidents {
		if i.Fault != nil && (i.RecoveryTime != nil && i.RecoveryTime.Verdict == Fail || i.RecoveryPoint != nil &&
			i.RecoveryPoint.Verdict == Fail) {
			failed = append(failed, v.causes[slices.IndexFunc(v.causes,
				func(c cause) bool { return c.fault == *i.Fault })])
		}
	}
	var all []Precondition
	for _, name := range v.spec.Given {
		met := len(v.causes) > 0
		for _, c := range failed {
			met = met && v.preconditionMet(name, c)
		}
		if met && len(failed) == 0 {
			met = slices.ContainsFunc(v.causes, func(c cause) bool { return v.preconditionMet(name, c) })
		}
		all = append(all, Precondition{Name: name, Met: met})
	}
	return all
}

// preconditionMet reports whether a precondition was met after a cause.
func (v *view) preconditionMet(name string, c cause) bool {
	if name != GivenReadLocally {
		_, found := v.markAfter(c, name)
		return found
	}
	n := 0
	for i := range v.Ops {
		if op := &v.Ops[i]; op.Kind == history.Read && op.Path == PathLocal && op.Sent >= c.effect.Hi {
			n++
		}
	}
	return n >= leastReads
}
