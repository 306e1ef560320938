package measure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// FindingRecoveryPoint compares the recovery point with the objective.
const FindingRecoveryPoint = "recovery_point"

// RecoveryPoint is how much acknowledged data was lost, in time before the fault.
type RecoveryPoint struct {
	Name     string   `json:"name,omitempty"`      // the store or the rule; empty for the joint figure
	Store    string   `json:"store,omitempty"`     // of a rule
	Cause    string   `json:"cause,omitempty"`     // what it is counted to, of the joint figure
	InCharge string   `json:"in_charge,omitempty"` // the region whose stores were read
	Acked    int      `json:"acked"`               // acknowledged before the fault
	Lost     int      `json:"lost"`
	LostIDs  []string `json:"lost_ids,omitempty"` // the first 20
	Interval
	Objective         // null in a joint figure of stores that have different ones
	Verdict   Verdict `json:"verdict"`
	// sent after the fault and acknowledged by a region that should have been fenced
	AckedAfterFault int `json:"acked_after_fault"`
	Holes           int `json:"holes"`       // lost while a later one is kept
	Resurrected     int `json:"resurrected"` // absent before the lost region returned, there after
	Duplicates      int `json:"duplicates"`
	// Newest is how old the newest write of a rule was that is kept, counted to the cause: what readers of the region
	// in charge see as staleness.
	Newest *Interval       `json:"newest,omitempty"`
	Stores []RecoveryPoint `json:"stores,omitempty"` // and rules
}

// MeasureRecoveryPoint measures how much acknowledged data each cause f cost after which another region is in charge
// (see chargeOf) or a store was rebuilt: per store of the region that is in charge then, as read before what was lost
// returned, and jointly. It is nil when no fault was confirmed or the specification names no store.
//
// The acknowledged writes that were sent before f.hi, and not before that of an earlier such cause, are put in the
// order of their acknowledgement. With x the first that is lost and y the newest that is kept with no loss before it
// (and was acknowledged by f.lo or by a lost region: that the next in charge kept what it took itself says nothing
// about the loss),
//
//	max(0, f.lo - ack(x)) <= recovery point <= max(0, f.hi - ack(y))
//
// Nothing lost: the lower end is 0, and y is the newest of all. No y, because the first is lost: what was kept of the
// writes before them is in its place, else the workload's start. In the joint figure a write is kept only if it is in
// every store, so it is at least the worst store's. Writes with unknown outcome are never lost. A store that could not
// be read has no figure, and neither has the joint upper end. An acknowledgement that was recorded after the harness
// had stood still may have come any time since the write was sent: ack(y) is that.
//
// Where nobody else took over, the region in charge has what it acknowledged: what was lost is what it does not have
// after reconciliation.
//
// The objective holds for each of several causes, and the worst is the drill's. An objective of 0 promises that nothing
// is lost and is judged by count. Others are judged by the interval; one store that fails fails the joint figure. Where
// stores have different limits each is held to its own, and the joint figure, which has none, is as the worst of them.
// A store that was as far behind before anything was broken (see tooSlow) neither passes nor fails by what it lost too
// much: nobody can tell. So is it of one that lost no more too much than its cause was late, see lateness.
//
// Holes are lost writes of which a later one of that kind is kept: in ordered stores one that was sent after their own
// acknowledgement, in others one that was acknowledged after it. For the joint figure holes, resurrected (lost before
// the return, there after reconciliation) and duplicates count the writes to which it happened in any store.
func MeasureRecoveryPoint(h history.History, s Spec) *RecoveryPoint { //nolint:revive // RecoveryPoint is what it returns
	a := viewOf(h, s).audit()
	if a == nil {
		return nil
	}
	return a.point
}

// loss is which of the writes are lost, and how old that makes the recovery point.
type loss struct {
	lost   []write
	lo, hi time.Duration
}

func newLoss(acked []write, kept func(write) bool, f history.Interval, start time.Duration) loss {
	l := loss{hi: f.Hi - start}
	count := 0
	for _, w := range acked {
		if !kept(w) {
			count++
		}
	}
	if count > 0 {
		l.lost = make([]write, 0, count)
	}
	for _, w := range acked {
		switch {
		case !kept(w):
			if len(l.lost) == 0 {
				l.lo = max(0, f.Lo-w.Done)
			}
			l.lost = append(l.lost, w)
		case len(l.lost) == 0 && w.old:
			l.hi = f.Hi - w.acked()
		}
	}
	l.hi = max(0, l.hi)
	return l
}

// figure is a loss as the report gives it.
func (l loss) figure(name string, acked int, s Spec) *RecoveryPoint {
	p := &RecoveryPoint{
		Name: name, Acked: acked, Lost: len(l.lost), LostIDs: evidenceIDs(l.lost), Interval: fromTo(l.lo, l.hi),
	}
	limit, promised := s.lossLimit(name)
	if !promised {
		return p
	}
	p.Objective = s.objective(limit)
	switch {
	case acked == 0: // nothing was at stake
	case limit > 0:
		p.Verdict = against(l.lo, l.hi, limit)
	case len(l.lost) > 0:
		p.Verdict = Fail
	default:
		p.Verdict = Pass
	}
	return p
}

// holes are the lost writes of which a later one is kept, as MeasureRecoveryPoint says.
func (l loss) holes(acked []write, kept func(write) bool, ordered bool) []write {
	newest := time.Duration(-1)
	for _, w := range acked {
		if !w.old || !kept(w) {
			continue
		}
		at := w.Done
		if ordered {
			at = w.Sent
		}
		newest = max(newest, at)
	}
	var holes []write
	for _, w := range l.lost {
		if newest > w.Done {
			holes = append(holes, w)
		}
	}
	return holes
}

func recoveryPointFinding(p *RecoveryPoint, a *audit, late string) Finding {
	f := Finding{ID: FindingRecoveryPoint, Checker: "recovery_point", Verdict: p.Verdict, Evidence: p.LostIDs}
	f.Detail = fmt.Sprintf("%d of %d acknowledged writes lost", p.Lost, p.Acked)
	if len(a.accounts) > 1 {
		f.Detail += " at " + p.Cause
	}
	f.Detail += ", " + p.reaching()
	if p.Within != nil {
		f.Detail += " (objective " + p.MayLose() + ")"
	} else {
		var each []string
		for _, store := range p.Stores {
			if store.Verdict == p.Verdict {
				each = append(each, fmt.Sprintf("%s lost %d, %s (objective %s)", store.Name, store.Lost,
					store.reaching(), store.MayLose()))
			}
		}
		f.Detail += ": " + strings.Join(each, "; ")
	}
	if len(a.laggingStores) > 0 && p.Verdict == Inconclusive {
		f.Detail = blameMachine(a.laggingStores) + "; " + f.Detail
	}
	if late != "" {
		f.Detail += "; " + late
	}
	return f
}

// reaching says how far back what was lost reaches.
func (p RecoveryPoint) reaching() string {
	switch {
	case p.Lo == nil:
		return "the recovery point is not known"
	case p.Hi == nil:
		return "recovery point at least " + AtLeast(p.Lo.Duration())
	case p.Lost == 0:
		return "the newest at most " + AtMost(p.Hi.Duration()) + " old at the fault"
	default:
		return fmt.Sprintf("recovery point %s to %s", AtLeast(p.Lo.Duration()), AtMost(p.Hi.Duration()))
	}
}

// MayLose is the objective in words: empty where nothing is promised.
func (p RecoveryPoint) MayLose() string {
	switch {
	case !p.isPromised():
		return ""
	case p.Within == nil:
		return "by store"
	case *p.Within == 0:
		return "none lost" // judged by count
	}
	return p.promise()
}

// isPromised says whether there is an objective, be it of the stores.
func (p RecoveryPoint) isPromised() bool {
	return p.Within != nil || slices.ContainsFunc(p.Stores,
		func(store RecoveryPoint) bool { return store.Within != nil })
}

// maxEvidence is how many ids a finding gives as evidence.
const maxEvidence = 20

func evidenceIDs(ws []write) []string {
	var all []string
	for _, w := range ws[:min(len(ws), maxEvidence)] {
		all = append(all, w.ID)
	}
	return all
}

// recoveryPoints is the checker of the recovery point.
type recoveryPoints struct{ promises }

// IDs are those of its findings.
func (recoveryPoints) IDs() []string { return []string{FindingRecoveryPoint} }

// Measure notes the recovery point.
func (recoveryPoints) Measure(v *view, m *Metrics) {
	if a := v.audit(); a != nil {
		m.RecoveryPoint = a.point
	}
}

// Find compares it with the objective.
func (recoveryPoints) Find(v *view, m Metrics) []Finding {
	if m.RecoveryPoint == nil || v.spec.RecoveryPoint == nil {
		return nil
	}
	p := m.RecoveryPoint
	late := ""
	for _, store := range append(slices.Clone(p.Stores), *p) {
		late = cmp.Or(late, v.lateReason(p.Verdict, p.Cause, store.Interval, store.Objective))
	}
	return []Finding{recoveryPointFinding(p, v.audit(), late)}
}

// Rows show it, and below it that of each store.
func (recoveryPoints) Rows(s rowSource) []Row {
	p := s.Metrics.RecoveryPoint
	if p == nil {
		return nil
	}
	rows := []Row{p.row(s)}
	if len(p.Stores) > 1 {
		for _, store := range p.Stores {
			rows = append(rows, store.row(s))
		}
	}
	return rows
}

func (p RecoveryPoint) row(s rowSource) Row {
	out := Row{ID: FindingRecoveryPoint, Name: "recovery point", Judged: p.isPromised(), Verdict: p.Verdict}
	if p.Name != "" {
		out.ID, out.Name, out.Part = FindingRecoveryPoint+"."+p.Name, p.Name, true
	}
	out.Measured = p.Words()
	out.Objective = p.MayLose()
	out.Deviation = p.deviation(p.bounds(), false)
	s.full(&out, p.Objective, p.age)
	return out
}

// bounds are what the recovery point is known to be: nothing lost has a bound, not an interval.
func (p RecoveryPoint) bounds() Interval {
	if p.Lost == 0 {
		return Interval{Hi: p.Hi}
	}
	return p.Interval
}

// age says how old what was lost was.
func (p RecoveryPoint) age(scale float64) string {
	switch is := p.bounds(); {
	case is.Lo != nil && is.Hi != nil:
		return is.took(false, scale)
	case is.Hi != nil:
		return "≤ " + AtMost(AtScale(is.Hi.Duration(), scale))
	case is.Lo != nil:
		return "≥ " + AtLeast(AtScale(is.Lo.Duration(), scale))
	}
	return ""
}

// Age says how old what was lost was, in lab time; empty where that is not known.
func (p RecoveryPoint) Age() string { return p.age(1) }

// Words say what was lost, and how old it was.
func (p RecoveryPoint) Words() string {
	text := fmt.Sprintf("%d of %d lost", p.Lost, p.Acked)
	switch age := p.Age(); {
	case age == "":
		return text
	case p.Lost == 0:
		return text + ", the newest " + age + " old"
	default:
		return text + ", " + age
	}
}
