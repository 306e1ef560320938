package measure

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// audit compares what clients were told with what the survivor's stores hold.
type audit struct {
	ledger   ledger
	stores   []storeAudit
	point    *RecoveryPoint
	problems []string   // readings that are missing, one sentence each
	unread   int        // acknowledged writes that no reading is late enough for
	late     []StoreLag // stores whose loss may be the machine's doing
}

// storeAudit is what is wrong with one store; nil readings are not known.
type storeAudit struct {
	name                       string
	ordered                    bool
	returned, reconciled       *reading
	loss                       loss
	holes, resurrected, broken []write // broken: acknowledged or kept after the failover, and gone
}

// newAudit is nil when no fault was confirmed or there are no stores to look at.
func newAudit(h history.History, s Spec) *audit {
	incident, found := firstIncident(h, s)
	if !found || len(s.Stores) == 0 {
		return nil
	}
	a := &audit{ledger: newLedger(h, incident)}
	start, _ := h.PhaseAt(history.PhaseWorkload) // without one: the recorder's start, which is sound
	unread := map[int]bool{}
	for _, name := range s.Stores {
		store := storeAudit{name: name, ordered: slices.Contains(s.Ordered, name)}
		var problem string
		if store.returned, problem = a.ledger.read(h, history.BeforeReturn, name, s.Survivor); problem != "" {
			a.problems = append(a.problems, problem)
		}
		if store.reconciled, problem = a.ledger.read(h, history.AfterReconciliation, name, s.Survivor); problem != "" {
			a.problems = append(a.problems, problem)
		}
		store.judge(a.ledger, start, unread)
		a.stores = append(a.stores, store)
	}
	a.unread = len(unread)
	a.point = a.figures(s, start, tooSlow(h, s, incident))
	return a
}

// judge finds what the store lost. Writes that none of its readings is late enough for are added to unread.
func (t *storeAudit) judge(l ledger, start time.Duration, unread map[int]bool) {
	missing := func(r *reading, w write) bool { return r != nil && !r.has[w.slot] }
	kept := func(w write) bool { return !missing(t.returned, w) }
	t.loss = newLoss(l.before, kept, l.incident.f, start)
	t.holes = t.loss.holes(l.before, kept, t.ordered)
	for _, w := range t.loss.lost {
		if t.reconciled != nil && !missing(t.reconciled, w) {
			t.resurrected = append(t.resurrected, w)
		}
	}
	for _, w := range l.before {
		if t.returned != nil && kept(w) && missing(t.reconciled, w) {
			t.broken = append(t.broken, w)
		}
	}
	// What others acknowledge is on its way to the survivor until all have reconciled; and so is what its own app writes to a database elsewhere,
	// where no region was lost and nothing was promoted.
	own := func(w write) bool {
		elsewhere := t.name == history.StorePostgres && l.incident.promoted == nil && len(l.incident.fault.Regions) == 0
		return w.region == l.incident.survivor && !elsewhere
	}
	for _, w := range l.after {
		late := func(r *reading) bool { return r != nil && w.done <= r.at.Lo }
		switch {
		case own(w) && late(t.returned) && missing(t.returned, w), late(t.reconciled) && missing(t.reconciled, w):
			t.broken = append(t.broken, w)
		case !late(t.returned) && !late(t.reconciled):
			unread[w.slot] = true
		}
	}
}

// figures are the recovery point of each store, and the joint one over them. It notes which stores are excused, of those that the machine was too
// slow for.
func (a *audit) figures(s Spec, start time.Duration, slow []slowStore) *RecoveryPoint {
	known := 0
	var stores []RecoveryPoint
	for _, t := range a.stores {
		p := &RecoveryPoint{Name: t.name, Acked: len(a.ledger.before)}
		if t.returned != nil {
			known++
			p = t.loss.figure(t.name, len(a.ledger.before), s)
		} else if s.RecoveryPoint != nil {
			p.ObjectiveMS = ms(s.RecoveryPoint.Within)
		}
		p.Holes, p.Resurrected, p.Duplicates = len(t.holes), len(t.resurrected), len(t.duplicates())
		p.AckedAfterFault = len(a.ledger.stray)
		a.excuse(p, slow)
		stores = append(stores, *p)
	}
	kept := func(w write) bool {
		for _, t := range a.stores {
			if t.returned != nil && !t.returned.has[w.slot] {
				return false
			}
		}
		return true
	}
	joint := newLoss(a.ledger.before, kept, a.ledger.incident.f, start).figure("", len(a.ledger.before), s)
	if known < len(a.stores) {
		joint.HiMS, joint.Verdict = nil, Inconclusive
	}
	if len(a.late) > 0 {
		joint.Verdict = Inconclusive // what is left of it is told by the other stores
	}
	if known == 0 {
		joint.LoMS = nil
	}
	for _, p := range stores {
		if p.Verdict == Fail {
			joint.Verdict = Fail // also when another store is not known: it can't make up for this one
		}
	}
	joint.Holes = len(a.union(func(t storeAudit) []string { return names(t.holes) }))
	joint.Resurrected = len(a.union(func(t storeAudit) []string { return names(t.resurrected) }))
	joint.Duplicates = len(dedup(append(a.union(storeAudit.duplicates), a.ledger.twice...)))
	joint.AckedAfterFault = len(a.ledger.stray)
	joint.Stores = stores
	return joint
}

// findings of everything but the recovery point itself.
func (a *audit) findings() []Finding {
	var all []Finding
	if i := a.ledger.incident; len(i.fault.Regions) > 0 || i.promoted != nil {
		detail := fmt.Sprintf("%d writes were acknowledged by a region that should have been fenced", len(a.ledger.stray))
		if len(a.ledger.stray) > 0 {
			var regions []string
			for _, w := range a.ledger.stray {
				regions = append(regions, w.region)
			}
			detail += ": " + strings.Join(dedup(regions), ", ")
		}
		all = append(all, finding(FindingFencing, names(a.ledger.stray), detail))
	}
	all = append(all, a.over(FindingLostAfterFailover, "writes are gone that the survivor had acknowledged or kept", false,
		func(t storeAudit) []string { return names(t.broken) }))
	if slices.ContainsFunc(a.stores, func(t storeAudit) bool { return t.ordered }) {
		all = append(all, a.over(FindingHole, "lost writes are older than writes that are kept", true,
			func(t storeAudit) []string { return names(t.holes) }))
	}
	return append(all, a.takenTwice(),
		a.over(FindingPhantom, "ids are there that nobody wrote", false, storeAudit.phantoms))
}

// takenTwice is about writes that a store holds twice, or that clients were told were new twice: one of a payment that was sent again was taken
// again, though its id is there once.
func (a *audit) takenTwice() Finding {
	f := a.over(FindingDuplicate, "writes are there more than once", false, storeAudit.duplicates)
	if twice := a.ledger.twice; len(twice) > 0 {
		f.Verdict, f.Evidence = Fail, dedup(append(f.Evidence, twice...))
		f.Evidence = f.Evidence[:min(len(f.Evidence), most)]
		f.Detail += fmt.Sprintf("; %d answered as new more than once", len(twice))
	}
	return f
}

// over is a finding that fails when one of the stores has such ids. Stores without any reading can't be asked.
func (a *audit) over(id, what string, orderedOnly bool, of func(storeAudit) []string) Finding {
	var counts, all []string
	asked := 0
	for _, t := range a.stores {
		if orderedOnly && !t.ordered || t.returned == nil && t.reconciled == nil {
			continue
		}
		asked++
		bad := of(t)
		counts = append(counts, fmt.Sprintf("%d in %s", len(bad), t.name))
		all = append(all, bad...)
	}
	if asked == 0 {
		return Finding{ID: id, Checker: "stores", Detail: what + ": not known, no store could be read"}
	}
	return finding(id, dedup(all), what+": "+strings.Join(counts, ", "))
}

// finding passes when there is no evidence.
func finding(id string, evidence []string, detail string) Finding {
	f := Finding{ID: id, Checker: "stores", Verdict: Pass, Detail: detail, Evidence: evidence[:min(len(evidence), most)]}
	if len(evidence) > 0 {
		f.Verdict = Fail
	}
	return f
}

func (a *audit) union(of func(storeAudit) []string) []string {
	var all []string
	for _, t := range a.stores {
		all = append(all, of(t)...)
	}
	return dedup(all)
}

func (t storeAudit) duplicates() []string {
	return t.both(func(r *reading) []string { return r.duplicates })
}

func (t storeAudit) phantoms() []string {
	return t.both(func(r *reading) []string { return r.phantoms })
}

// both is what either reading shows.
func (t storeAudit) both(of func(*reading) []string) []string {
	var all []string
	for _, r := range []*reading{t.returned, t.reconciled} {
		if r != nil {
			all = append(all, of(r)...)
		}
	}
	return dedup(all)
}

func names(ws []write) []string {
	all := make([]string, 0, len(ws))
	for _, w := range ws {
		all = append(all, w.id)
	}
	return all
}

// dedup keeps the first of each id, in order.
func dedup(ids []string) []string {
	seen := make(map[string]bool, len(ids))
	return slices.DeleteFunc(ids, func(id string) bool {
		again := seen[id]
		seen[id] = true
		return again
	})
}
