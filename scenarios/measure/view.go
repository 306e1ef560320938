package measure

import (
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
	audit   func() *audit // made when it is asked for first; nil without stores or causes
}

func viewOf(h history.History, s Spec) *view {
	v := &view{History: h, spec: s, causes: causesOf(h), end: endOf(h)}
	v.look(lostReads(h))
	v.charge = chargeOf(h, s, v.causes, v.outages)
	v.audit = sync.OnceValue(v.newAudit)
	return v
}

// look finds the outages.
func (v *view) look(excused excuse) {
	v.service, v.outages = nil, nil
	if v.spec.RecoveryTime == nil {
		return
	}
	if s := newService(v.History, v.spec, excused); s.observed() && !s.tooThin() {
		v.service, v.outages = s, s.outages(v.causes)
	}
}

// plain is the criterion by which the lab was steady, where no recovery time is promised that says another: nine in ten operations are answered.
var plain = RecoveryTimeObjective{Window: time.Second, Success: 0.9, Capacity: 0.9}

// steadiness are the outages by which it is seen whether the lab was steady.
func (v *view) steadiness() []outage {
	if v.spec.RecoveryTime != nil {
		return v.outages
	}
	by := *v
	by.spec.RecoveryTime = &plain
	by.look(lostReads(v.History))
	return by.outages
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

// lostReads excuses reads that did not find what the last reading of a store shows lost: they are answered, and what they tell is a loss of
// data, not an outage. A read that did not find what is there is none of them.
func lostReads(h history.History) excuse {
	written := map[string]bool{} // acknowledged
	for i := range h.Ops {
		if isAcknowledged(h.Ops[i]) {
			written[h.Ops[i].ID] = true
		}
	}
	lost := map[string]bool{}
	for _, r := range lastReadings(h) {
		has := make(map[string]bool, len(r.IDs))
		for _, id := range r.IDs {
			has[id] = true
		}
		for id := range written {
			if !has[id] {
				lost[id] = true
			}
		}
	}
	if len(lost) == 0 {
		return nil
	}
	return func(op *history.Op) bool {
		return op.Kind == history.Read && op.Status == http.StatusNotFound && lost[op.ID]
	}
}

// lastReadings are the last good reading of each store, before the lost region returned.
func lastReadings(h history.History) []history.FinalRead {
	last := map[string]int{}
	for i, r := range h.Reads {
		if r.Error == "" && r.Read == history.BeforeReturn {
			last[r.Store] = i
		}
	}
	var all []history.FinalRead
	for i, r := range h.Reads {
		if at, is := last[r.Store]; is && at == i {
			all = append(all, r)
		}
	}
	return all
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

// ms is a duration as the report gives it.
func ms(d time.Duration) *float64 {
	v := float64(d) / float64(time.Millisecond)
	return &v
}
