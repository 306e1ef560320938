package measure

import (
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// audit compares what clients were told with what the stores hold of the region that is in charge.
type audit struct {
	writes writesByCause
	ids    *ids
	// One for each cause after which another region is in charge; where there is none, for each after whose last
	// acknowledgements something is lost, else for the last cause.
	accounts      []account
	point         *RecoveryPoint
	problems      []string // readings that are missing, one sentence each
	unverified    int      // acknowledged writes that no reading is late enough for
	laggingStores []slowStore
}

// account is what became of the writes acknowledged before one cause.
type account struct {
	cause  cause
	taken  bool // another region is in charge after it, or a store was rebuilt
	before []write
	stores []storeAudit
	point  *RecoveryPoint
}

// storeAudit is what is wrong with one store; nil readings are not known.
type storeAudit struct {
	part
	own                  []write // of what was acknowledged before the cause
	ordered              bool
	returned, reconciled *reading
	// whenever the store was read: what is there too much, no late reading invents
	all                           []*reading
	loss                          loss
	holes, resurrected, lostAfter []write // broken: acknowledged or kept after the failover, and gone
}

// newAudit is nil when no fault was confirmed or there are no stores to look at.
func (v *view) newAudit() *audit {
	if len(v.causes) == 0 || len(v.spec.Stores) == 0 {
		return nil
	}
	if counted := v.takenOver(); len(counted) > 0 {
		return v.auditOf(counted, true)
	}
	each := v.auditOf(v.causes, false)
	last := len(v.causes) - 1 // with anything at stake: what nothing was acknowledged before could take nothing away
	for last > 0 && len(each.writes.before[last]) == 0 {
		last--
	}
	if !slices.ContainsFunc(each.accounts, func(k account) bool { return k.point.Lost > 0 }) {
		return v.auditOf(v.causes[last:last+1], false)
	}
	// What is lost belongs to the next cause after its acknowledgement.
	each.accounts = slices.DeleteFunc(each.accounts, func(k account) bool { return k.point.Lost == 0 })
	each.point = each.worst()
	return each
}

func (v *view) auditOf(counted []cause, taken bool) *audit {
	a := &audit{writes: v.writesByCause(counted), ids: v.ids()}
	begun, _ := v.PhaseAt(history.PhaseWorkload) // without one: the recorder's start, which is sound
	unverified := map[int32]bool{}
	for i, c := range counted {
		k := account{cause: c, taken: taken, before: a.writes.before[i]}
		last := i == len(counted)-1
		for _, p := range v.parts() {
			t := storeAudit{part: p, own: p.of(k.before), ordered: slices.Contains(v.spec.Ordered, p.store)}
			var problem string
			if t.returned, problem = v.returned(c, p.store); problem != "" && taken {
				a.problems = append(a.problems, problem)
			}
			if t.reconciled, problem = v.reconciled(p.store, c.effect); problem != "" && last {
				a.problems = append(a.problems, problem)
			}
			t.all = v.everyReading(p.store)
			t.judge(k, a.since(i, t.has(taken), begun))
			if last {
				v.judgeAfter(&t, a.writes.after, taken, unverified)
			}
			k.stores = append(k.stores, t)
		}
		k.point = a.figures(v, k, begun, v.tooSlow(c))
		a.accounts = append(a.accounts, k)
	}
	a.problems = dedup(a.problems)
	a.unverified = len(unverified)
	a.point = a.worst()
	return a
}

// since is from when on what is lost counts for the i-th account: the newest write kept of what was counted before it,
// else the start.
func (a *audit) since(i int, kept func(write) bool, begun time.Duration) time.Duration {
	for _, earlier := range a.writes.before[:i] {
		for _, w := range earlier {
			if kept(w) {
				begun = max(begun, w.acked())
			}
		}
	}
	return begun
}

// has says of a write whether it is known to be kept.
func (t storeAudit) has(taken bool) func(write) bool {
	r := t.evidence(taken)
	return func(w write) bool { return r != nil && t.covers(w.ID) && !r.lacks(w) }
}

// evidence is the reading that tells what was kept: before the lost region returned where another one took over, else,
// since the region in charge has it all, after it could be copied.
func (t storeAudit) evidence(taken bool) *reading {
	if taken {
		return t.returned
	}
	return t.reconciled
}

// judge finds what the store lost.
func (t *storeAudit) judge(k account, since time.Duration) {
	is := t.evidence(k.taken)
	kept := func(w write) bool { return !is.lacks(w) }
	t.loss = newLoss(t.own, kept, k.cause.effect, since)
	t.holes = t.loss.holes(t.own, kept, t.ordered)
	if !k.taken {
		return
	}
	for _, w := range t.loss.lost {
		if t.reconciled != nil && !t.reconciled.lacks(w) {
			t.resurrected = append(t.resurrected, w)
		}
	}
	for _, w := range t.own {
		if t.returned != nil && kept(w) && t.reconciled.lacks(w) {
			t.lostAfter = append(t.lostAfter, w)
		}
	}
}

// judgeAfter finds what is gone of what was acknowledged after everything. What others acknowledge is on its way to the
// region in charge until all have reconciled. Writes that were acknowledged after the last reading began are added to
// unverified.
func (v *view) judgeAfter(t *storeAudit, after []write, taken bool, unverified map[int32]bool) {
	for _, w := range t.of(after) {
		late := func(r *reading) bool { return r != nil && w.Done <= r.at.Lo }
		own := taken && w.Region == v.charge.last()
		switch {
		case own && late(t.returned) && t.returned.lacks(w), late(t.reconciled) && t.reconciled.lacks(w):
			t.lostAfter = append(t.lostAfter, w)
		case !late(t.returned) && !late(t.reconciled):
			unverified[w.slot] = true
		}
	}
}

// figures are the recovery point of each store, and the joint one over them. It notes which stores are excused, of
// those that the machine was too slow for.
func (a *audit) figures(v *view, k account, begun time.Duration, slow []slowStore) *RecoveryPoint {
	s := v.spec
	known, excused := 0, 0
	var stores []RecoveryPoint
	for _, t := range k.stores {
		p := &RecoveryPoint{Name: t.name, Acked: len(t.own)}
		if t.evidence(k.taken) != nil {
			known++
			p = t.loss.figure(t.name, len(t.own), s)
			p.Newest = t.newest(k)
		} else if limit, promised := s.lossLimit(t.name); promised {
			p.Objective = s.objective(limit)
		}
		if t.isRule() {
			p.Store = t.store
		}
		p.Holes, p.Resurrected, p.Duplicates = len(t.holes), len(t.resurrected), len(t.duplicates())
		p.AckedAfterFault = len(a.writes.unfenced)
		if a.excuse(p, slow) || v.excuseLate(p, k.cause) {
			excused++
		}
		stores = append(stores, *p)
	}
	kept := func(w write) bool {
		for _, t := range k.stores {
			if t.covers(w.ID) && t.evidence(k.taken).lacks(w) {
				return false
			}
		}
		return true
	}
	since := a.since(len(a.accounts), func(w write) bool { return known > 0 && kept(w) }, begun)
	joint := newLoss(k.before, kept, k.cause.effect, since).figure("", len(k.before), s)
	if s.RecoveryPoint != nil && joint.Within == nil {
		joint.Verdict = Combine(verdictsOf(stores)...)
	}
	if known < len(k.stores) {
		joint.Hi, joint.Verdict = nil, Inconclusive
	}
	if excused > 0 {
		joint.Verdict = Inconclusive // what is left of it is told by the other stores
	}
	if known == 0 {
		joint.Lo = nil
	}
	for _, p := range stores {
		if p.Verdict == Fail {
			joint.Verdict = Fail // also when another store is not known: it can't make up for this one
		}
	}
	joint.Cause, joint.InCharge = k.cause.String(), v.inChargeAfter(k.cause)
	joint.Holes = len(union(k.stores, func(t storeAudit) []string { return writeIDs(t.holes) }))
	joint.Resurrected = len(union(k.stores, func(t storeAudit) []string { return writeIDs(t.resurrected) }))
	joint.Duplicates = len(dedup(append(union(k.stores, storeAudit.duplicates), a.writes.createdTwice...)))
	joint.AckedAfterFault = len(a.writes.unfenced)
	joint.Stores = stores
	return joint
}

// newest is how old the newest write of a rule is that is kept, counted to the cause; nil: none is, or it is no rule.
func (t storeAudit) newest(k account) *Interval {
	if !t.isRule() {
		return nil
	}
	is := t.evidence(k.taken)
	for _, w := range slices.Backward(t.own) {
		if w.old && !is.lacks(w) {
			return new(fromTo(max(0, k.cause.effect.Lo-w.Done), max(0, k.cause.effect.Hi-w.acked())))
		}
	}
	return nil
}

func verdictsOf(points []RecoveryPoint) []Verdict {
	var all []Verdict
	for _, p := range points {
		all = append(all, p.Verdict)
	}
	return all
}

// worst is that of the account that decides.
func (a *audit) worst() *RecoveryPoint {
	verdicts := []Verdict{}
	worst := a.accounts[0].point
	for _, k := range a.accounts {
		p := k.point
		verdicts = append(verdicts, p.Verdict)
		switch {
		case p.Verdict.rank() != worst.Verdict.rank():
			if p.Verdict.rank() > worst.Verdict.rank() {
				worst = p
			}
		case p.Lo == nil, worst.Lo == nil:
		case *p.Lo > *worst.Lo, *p.Lo == *worst.Lo && p.Lost > worst.Lost:
			worst = p
		}
	}
	out := *worst
	out.Verdict = Combine(verdicts...)
	return &out
}
