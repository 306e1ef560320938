package measure

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// view is a history prepared for judging: what several checkers ask of it.
type view struct {
	history.History
	spec         Spec
	causes       []cause
	charge       charge
	end          time.Duration // of the observation
	service      *service      // nil where no criterion is given, or nothing was offered
	outages      []outage
	firstAnswers map[int]firstTime // by the index of a cause

	// Made when they are asked for first.
	ids       func() *ids
	clientOps func() *clientOps      // what each client did
	repeats   func() []time.Duration // when operations were due that were tried again
	tries     func() []int           // how many writes of each id may have been applied
	readings  []*reading             // what the stores held, as the history has it; see reading
	audit     func() *audit          // nil without stores or causes
	parts     func() []part          // of the stores
	times     func() []aftermath     // of the causes, in their order; nil without a promise
}

func viewOf(h history.History, s Spec) *view {
	v := bareView(h, s)
	v.charge = chargeOf(h, s, v.causes)
	v.findOutages()
	v.charge.answer(h, v.causes, v.outages)
	return v
}

// bareView is without who was in charge, and when the service was away.
func bareView(h history.History, s Spec) *view {
	v := &view{
		History: h, spec: s, causes: causesOf(h), end: endOf(h), firstAnswers: map[int]firstTime{},
		readings: make([]*reading, len(h.Reads)),
	}
	v.ids = sync.OnceValue(func() *ids { return idsOf(h.Ops) })
	v.clientOps = sync.OnceValue(func() *clientOps { return clientOpsOf(h.Ops) })
	v.tries = sync.OnceValue(v.triesOf)
	v.repeats = sync.OnceValue(func() []time.Duration { return repeatsOf(h.Ops) })
	v.audit = sync.OnceValue(v.newAudit)
	v.parts = sync.OnceValue(v.newParts)
	return v
}

// findOutages finds the outages.
func (v *view) findOutages() {
	v.times = sync.OnceValue(v.newTimes)
	if v.spec.RecoveryTime == nil {
		return
	}
	if s := newService(v.History, v.spec, v.lostRead()); s.observed() && !s.tooThin() {
		v.service, v.outages = s, s.outages(v.causes)
	}
}

// plain is the criterion by which the lab was steady, where no recovery time is promised that says another: nine in ten
// operations are answered.
var plain = RecoveryTimeObjective{Window: time.Second, Success: 0.9, Capacity: 0.9}

// steadiness is the view by which it is seen whether the lab was steady.
func (v *view) steadiness() *view {
	if v.spec.RecoveryTime != nil {
		return v
	}
	by := *v
	by.spec.RecoveryTime, by.firstAnswers = &plain, map[int]firstTime{}
	by.findOutages()
	return &by
}

// excusing is the view of what would have been seen if some operations had been all right.
func (v *view) excusing(e excuse) *view {
	w := *v
	w.firstAnswers, w.times = map[int]firstTime{}, sync.OnceValue(w.newTimes)
	if v.service != nil {
		w.service = v.service.excusing(e)
		w.outages = w.service.outages(v.causes)
	}
	return &w
}

// accusing is the view of what would have been seen if some operations had not been answered.
func (v *view) accusing(e excuse) *view {
	w := *v
	w.firstAnswers, w.times = map[int]firstTime{}, sync.OnceValue(w.newTimes)
	if v.service != nil {
		w.service = v.service.accusing(e)
		w.outages = w.service.outages(v.causes)
	}
	return &w
}

// regionLosses are the causes that took a region away.
func (v *view) regionLosses() []cause {
	var all []cause
	for _, c := range v.causes {
		if len(c.Regions) > 0 {
			all = append(all, c)
		}
	}
	return all
}

// lossEnds is when a loss is over: when the region is given back, when the next one is lost, or never.
func (v *view) lossEnds(c cause) time.Duration {
	until := time.Duration(math.MaxInt64)
	if back, is := c.healedAt(); is {
		until = back
	}
	for _, next := range v.regionLosses() {
		if next.index > c.index {
			return min(until, next.effect.Lo)
		}
	}
	return until
}

// takenOver are the causes after which another region is in charge, or a store was rebuilt.
func (v *view) takenOver() []cause {
	var all []cause
	for _, c := range v.causes {
		if slices.ContainsFunc(v.charge.changes, func(t tenure) bool { return t.cause == c.index }) {
			all = append(all, c)
		}
	}
	return all
}

// inChargeAfter is who is in charge after a cause.
func (v *view) inChargeAfter(c cause) string {
	region := v.charge.home
	for _, t := range v.charge.changes {
		if t.cause <= c.index {
			region = t.region
		}
	}
	return region
}

// lostRead excuses reads that did not find what a store turns out to have lost: they are answered, and what they tell
// is a loss of data, not an outage. A store had lost it by then if the reading of it before, or the next one after,
// lacks what had been acknowledged when that began. A read that did not find what is there is excused by nothing. It is
// nil where no reading lacks anything.
func (v *view) lostRead() excuse {
	stores := map[string][]missingWrites{}
	some := false
	acked := sync.OnceValue(v.ackedAt)
	for _, i := range v.authoritativeReadings() {
		r := &v.Reads[i]
		l := missingWrites{at: r.At, ids: make([]bool, v.ids().count())}
		has := v.reading(i).has
		for n, at := range acked() {
			if l.ids[n] = at <= r.At.Lo && !has[n]; l.ids[n] {
				some = true
			}
		}
		stores[r.Store] = append(stores[r.Store], l)
	}
	if !some {
		return nil
	}
	of := v.ids().of
	return func(i int, op *history.Op) bool {
		if !op.FoundNothing() {
			return false
		}
		for _, all := range stores {
			next, _ := slices.BinarySearchFunc(all, op.Sent, func(l missingWrites,
				t time.Duration,
			) int {
				return cmp.Compare(l.at.Lo, t)
			})
			if next < len(all) && all[next].ids[of[i]] || next > 0 && all[next-1].ids[of[i]] {
				return true
			}
		}
		return false
	}
}

// missingWrites is what a reading of a store lacks: for each id, by its number, whether it is missing.
type missingWrites struct {
	at  history.Interval
	ids []bool
}

// ackedAt is when each id was first acknowledged; math.MaxInt64: never.
func (v *view) ackedAt() []time.Duration {
	all := make([]time.Duration, v.ids().count())
	for n := range all {
		all[n] = math.MaxInt64
	}
	for i := range v.Ops {
		if op := &v.Ops[i]; acknowledged(op) {
			n := v.ids().of[i]
			all[n] = min(all[n], op.Done)
		}
	}
	return all
}

// authoritativeReadings are the readings that tell what was lost, by when they began: their places in the history. They
// are of a region that was in charge, after it took over; where nobody did, after reconciliation, since what a copy
// does not have yet is not lost. Where the last reading before the return failed, those before it tell nothing.
func (v *view) authoritativeReadings() []int {
	var all []int
	for i, r := range v.Reads {
		switch {
		case r.Error != "":
			all = slices.DeleteFunc(all, func(k int) bool {
				return v.Reads[k].Read == r.Read &&
					v.Reads[k].Store == r.Store
			})
		case len(v.charge.changes) == 0:
			if r.Read == history.AfterReconciliation && v.authoritative(r.Region) {
				all = append(all, i)
			}
		case r.At.Lo >= v.charge.changes[0].from.Lo && (v.authoritative(r.Region) ||
			r.Region == v.charge.at(r.At.Lo).region):
			all = append(all, i)
		}
	}
	slices.SortStableFunc(all, func(a, b int) int { return cmp.Compare(v.Reads[a].At.Lo, v.Reads[b].At.Lo) })
	return all
}

// recovered is when the service was back after a cause: at the end of the first outage that is put down to it, or at
// once. It is math.MaxInt64 where it was not seen to be.
func (v *view) recovered(c cause) time.Duration {
	for _, o := range v.outages {
		switch {
		case o.cause != c.index:
		case o.censored:
			return math.MaxInt64
		default:
			return o.end.Hi
		}
	}
	return c.effect.Hi
}
