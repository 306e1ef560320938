package measure

import (
	"maps"
	"math"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// view is a history prepared for judging: what several checkers ask of it.
type view struct {
	history.History
	spec    Spec
	causes  []cause
	charge  charge
	end     time.Duration // of the observation
	service *service      // nil where no criterion is given, or nothing was offered
	outages []outage
	lostIDs []bool          // that were acknowledged, and a store turned out to have lost; nil: none
	soonest map[int]soonest // by the index of a cause

	// Made when they are asked for first.
	ids      func() *ids
	turns    func() *turns          // what each client did
	repeats  func() []time.Duration // when operations were due that were tried again
	readings []*reading             // what the stores held, as the history has it; see reading
	audit    func() *audit          // nil without stores or causes
	times    func() []aftermath     // of the causes, in their order; nil without a promise
}

func viewOf(h history.History, s Spec) *view {
	v := bareView(h, s)
	v.charge = chargeOf(h, s, v.causes)
	v.findLost()
	v.look()
	v.charge.answer(h, v.causes, v.outages)
	return v
}

// bareView is without who was in charge, and when the service was away.
func bareView(h history.History, s Spec) *view {
	v := &view{History: h, spec: s, causes: causesOf(h), end: endOf(h), soonest: map[int]soonest{}, readings: make([]*reading, len(h.Reads))}
	v.ids = sync.OnceValue(func() *ids { return idsOf(h.Ops) })
	v.turns = sync.OnceValue(func() *turns { return turnsOf(h.Ops) })
	v.repeats = sync.OnceValue(func() []time.Duration { return repeatsOf(h.Ops) })
	v.audit = sync.OnceValue(v.newAudit)
	return v
}

// look finds the outages.
func (v *view) look() {
	v.times = sync.OnceValue(v.newTimes)
	if v.spec.RecoveryTime == nil {
		return
	}
	if s := newService(v.History, v.spec, v.lostRead()); s.observed() && !s.tooThin() {
		v.service, v.outages = s, s.outages(v.causes)
	}
}

// plain is the criterion by which the lab was steady, where no recovery time is promised that says another: nine in ten operations are answered.
var plain = RecoveryTimeObjective{Window: time.Second, Success: 0.9, Capacity: 0.9}

// steadiness is the view by which it is seen whether the lab was steady.
func (v *view) steadiness() *view {
	if v.spec.RecoveryTime != nil {
		return v
	}
	by := *v
	by.spec.RecoveryTime, by.soonest = &plain, map[int]soonest{}
	by.look()
	return &by
}

// excusing is the view of what would have been seen if some operations had been all right.
func (v *view) excusing(e excuse) *view {
	w := *v
	w.soonest, w.times = map[int]soonest{}, sync.OnceValue(w.newTimes)
	if v.service != nil {
		w.service = v.service.excusing(e)
		w.outages = w.service.outages(v.causes)
	}
	return &w
}

// lost are the causes that take a region away.
func (v *view) lost() []cause {
	var all []cause
	for _, c := range v.causes {
		if len(c.Regions) > 0 {
			all = append(all, c)
		}
	}
	return all
}

// until is when the time ends in which a loss is looked at: when the region is given back, when the next one is lost, or never.
func (v *view) until(c cause) time.Duration {
	until := time.Duration(math.MaxInt64)
	if back, is := c.back(); is {
		until = back
	}
	for _, next := range v.lost() {
		if next.index > c.index {
			return min(until, next.f.Lo)
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

// after is who is in charge after a cause.
func (v *view) after(c cause) string {
	region := v.charge.home
	for _, t := range v.charge.changes {
		if t.cause <= c.index {
			region = t.region
		}
	}
	return region
}

// findLost finds what the last readings of the stores show lost.
func (v *view) findLost() {
	for _, i := range v.lastReadings() {
		has := v.reading(i).has
		for n, acknowledged := range v.ids().acknowledged {
			if !acknowledged || has[n] {
				continue
			}
			if v.lostIDs == nil {
				v.lostIDs = make([]bool, len(has))
			}
			v.lostIDs[n] = true
		}
	}
}

// lostRead excuses reads that did not find what the last reading of a store shows lost: they are answered, and what they tell is a loss of
// data, not an outage. A read that did not find what is there is none of them.
func (v *view) lostRead() excuse {
	if v.lostIDs == nil {
		return nil
	}
	of := v.ids().of
	return func(i int, op *history.Op) bool {
		return op.Kind == history.Read && op.Status == http.StatusNotFound && v.lostIDs[of[i]]
	}
}

// lastReadings are the last reading of each store that tells what was lost, where it is a good one: before the lost region returned; where nobody else
// took over, after reconciliation, since what a standby does not have yet is not lost. They are given by their places in the history.
func (v *view) lastReadings() []int {
	telling := history.BeforeReturn
	if len(v.charge.changes) == 0 {
		telling = history.AfterReconciliation
	}
	last := map[string]int{}
	for i, r := range v.Reads {
		if r.Read == telling {
			last[r.Store] = i
		}
	}
	maps.DeleteFunc(last, func(_ string, i int) bool { return v.Reads[i].Error != "" })
	return slices.Sorted(maps.Values(last))
}

// recovered is when the service was back after a cause: at the end of the first outage that is put down to it, or at once. It is
// math.MaxInt64 where it was not seen to be.
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
	return c.f.Hi
}
