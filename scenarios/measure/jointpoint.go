package measure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// FindingJointRecoveryPoint compares the age of what some stores have and others lost with the objective.
const FindingJointRecoveryPoint = "joint_recovery_point"

// JointRecoveryPoint is how far back writes are torn: in one store and not in another, such as a row without its
// document.
type JointRecoveryPoint struct {
	Cause    string     `json:"cause"`     // what it is counted to
	InCharge string     `json:"in_charge"` // the region whose stores were read
	Acked    int        `json:"acked"`     // acknowledged before the fault
	Torn     int        `json:"torn"`      // of those
	Interval            // the age of the oldest of them at the fault; an end that is null is not known
	Parts    []TornPart `json:"parts"` // by which stores have them, the most first
	Objective
	Verdict Verdict `json:"verdict"`
}

// TornPart are the torn writes that the same stores have, and the same stores lack.
type TornPart struct {
	With    []string `json:"with"`    // the stores that have them
	Without []string `json:"without"` // those that do not
	Writes  int      `json:"writes"`  // that were acknowledged
	IDs     []string `json:"ids"`     // the first 20, by their acknowledgement
	// Unanswered are writes that are torn the same way, and of which no client was told anything: they are no loss, and
	// somebody has to clear them away.
	Unanswered int `json:"unanswered"`
}

// MeasureJointRecoveryPoint measures how far back the stores disagree with one another, of each cause after which
// another region is in charge: the writes acknowledged before it that at least one store of that region has and at
// least one lacks, as read before what was lost returned. With x the one of them that was acknowledged first,
//
//	max(0, f.lo - ack(x)) <= joint recovery point <= max(0, f.hi - ack(x))
//
// and 0 where none is torn. A write that all stores have lost is none of them: the stores agree, and the recovery point
// has it. An objective of 0 promises that none is torn, and is judged by count. A store that could not be read leaves
// the upper end open. It is nil where there are fewer than two stores, or no fault was confirmed.
func MeasureJointRecoveryPoint(h history.History, s Spec) *JointRecoveryPoint { //nolint:revive // JointRecoveryPoint is what it returns
	return viewOf(h, s).jointRecoveryPoint()
}

func (v *view) jointRecoveryPoint() *JointRecoveryPoint {
	a := v.audit()
	if a == nil || len(v.spec.Stores) < 2 {
		return nil
	}
	var each []JointRecoveryPoint
	for i, k := range a.accounts {
		each = append(each, v.tornAt(k, a, i == len(a.accounts)-1))
	}
	worst := slices.MaxFunc(each, func(a, b JointRecoveryPoint) int {
		return cmp.Or(cmp.Compare(a.Verdict.rank(), b.Verdict.rank()), cmp.Compare(*a.Lo, *b.Lo),
			cmp.Compare(a.Torn, b.Torn))
	})
	return &worst
}

// tornAt is what is torn of the writes before one cause. Writes without an answer are told with the last one.
func (v *view) tornAt(k account, a *audit, last bool) JointRecoveryPoint {
	f := k.cause.effect
	j := JointRecoveryPoint{
		Cause: k.cause.String(), InCharge: v.inChargeAfter(k.cause), Acked: len(k.before), Interval: fromTo(0, 0),
		Parts: []TornPart{},
	}
	for _, w := range k.before {
		part := j.part(k.where(w))
		if part == nil {
			continue
		}
		if j.Torn++; j.Torn == 1 {
			j.Interval = fromTo(max(0, f.Lo-w.Done), max(0, f.Hi-w.acked()))
		}
		if part.Writes++; len(part.IDs) < maxEvidence {
			part.IDs = append(part.IDs, w.ID)
		}
	}
	if last {
		for _, w := range v.unanswered(f) {
			if part := j.part(k.where(w)); part != nil {
				part.Unanswered++
			}
		}
	}
	slices.SortStableFunc(j.Parts, func(a, b TornPart) int { return cmp.Compare(b.Writes, a.Writes) })
	j.judge(v.spec, k.unread() > 0, len(a.laggingStores) > 0)
	if j.Verdict == Fail && v.lateEnough(k.cause, j.Lo.Duration(), j.Within.Duration()) {
		j.Verdict = Inconclusive
	}
	return j
}

// where says which stores have a write and which lack it. Those that could not be read are among neither, and neither
// is a rule of a store that does not cover it.
func (k account) where(w write) (with, without []string) {
	for _, t := range k.stores {
		switch r := t.evidence(k.taken); {
		case r == nil || !t.covers(w.ID):
		case r.lacks(w):
			without = append(without, t.name)
		default:
			with = append(with, t.name)
		}
	}
	return with, without
}

// unread is how many stores could not be read.
func (k account) unread() (n int) {
	for _, t := range k.stores {
		if t.evidence(k.taken) == nil {
			n++
		}
	}
	return n
}

// part is that of writes that are torn so; nil: such ones are not torn.
func (j *JointRecoveryPoint) part(with, without []string) *TornPart {
	if len(with) == 0 || len(without) == 0 {
		return nil
	}
	for i := range j.Parts {
		if slices.Equal(j.Parts[i].With, with) {
			return &j.Parts[i]
		}
	}
	j.Parts = append(j.Parts, TornPart{With: with, Without: without, IDs: []string{}})
	return &j.Parts[len(j.Parts)-1]
}

// unanswered are the writes that were sent before a cause was surely effective, and of which nobody was told that they
// are done or that they are not.
func (v *view) unanswered(f history.Interval) []write {
	var all []write
	answered := v.ids().acknowledged
	seen := map[int32]bool{}
	for i := range v.Ops {
		op, slot := &v.Ops[i], v.ids().of[i]
		if op.Kind == history.Write && op.Outcome == history.Unknown && op.Sent < f.Hi && !answered[slot] &&
			!seen[slot] {
			seen[slot] = true
			all = append(all, write{Op: op, slot: slot})
		}
	}
	return all
}

// judge compares it with what is promised.
func (j *JointRecoveryPoint) judge(s Spec, unread, machine bool) {
	if unread {
		j.Hi = nil
	}
	if s.JointRecoveryPoint == nil {
		return
	}
	limit := *s.JointRecoveryPoint
	j.Objective = s.objective(limit)
	switch {
	case j.Acked == 0: // nothing was at stake
	case j.Torn > 0 && limit == 0:
		j.Verdict = Fail
	case unread && j.Lo.Duration() <= limit: // nobody can tell
	case unread:
		j.Verdict = Fail
	case limit == 0:
		j.Verdict = Pass
	default:
		j.Verdict = against(j.Lo.Duration(), j.Hi.Duration(), limit)
	}
	if machine && j.Verdict == Fail { // see tooSlow
		j.Verdict = Inconclusive
	}
}

func (p TornPart) words() string {
	return fmt.Sprintf("%d in %s and not in %s", p.Writes, strings.Join(p.With, " and "),
		strings.Join(p.Without, " or ")) + p.examples()
}

// examples are some of its writes, and how many more nobody was told of.
func (p TornPart) examples() (text string) {
	if len(p.IDs) > 0 {
		text = " (such as " + strings.Join(p.IDs[:min(len(p.IDs), fewIDs)], ", ") + ")"
	}
	if p.Unanswered > 0 {
		text += fmt.Sprintf(", and %d without an answer", p.Unanswered)
	}
	return text
}

// fewIDs is how many examples a sentence has.
const fewIDs = 3

func (j JointRecoveryPoint) finding(slow []slowStore, late string) Finding {
	f := Finding{ID: FindingJointRecoveryPoint, Checker: "joint_recovery_point", Verdict: j.Verdict}
	f.Detail = fmt.Sprintf("%d of %d acknowledged writes are in one store and not in another", j.Torn, j.Acked)
	if j.Torn > 0 {
		f.Detail += ", the oldest of them " + Between(j.Lo.Duration(), j.upper()) + " old at the fault"
	}
	if j.Hi == nil {
		f.Detail += "; a store could not be read"
	}
	f.Detail += " (objective " + j.mayTear() + ")"
	var parts []string
	for _, p := range j.Parts {
		parts = append(parts, p.words())
		f.Evidence = append(f.Evidence, p.IDs...)
	}
	if len(parts) > 0 {
		f.Detail += ": " + strings.Join(parts, "; ")
	}
	if len(slow) > 0 && j.Verdict == Inconclusive {
		f.Detail = blameMachine(slow) + "; " + f.Detail
	}
	if late != "" {
		f.Detail += "; " + late
	}
	f.Evidence = f.Evidence[:min(len(f.Evidence), maxEvidence)]
	return f
}

// upper is the upper end, where a store that could not be read leaves it open the lower one.
func (j JointRecoveryPoint) upper() time.Duration {
	if j.Hi == nil {
		return j.Lo.Duration()
	}
	return j.Hi.Duration()
}

// mayTear is the objective in words.
func (j JointRecoveryPoint) mayTear() string {
	if j.Within != nil && *j.Within == 0 {
		return "none torn" // judged by count
	}
	return j.promise()
}

// jointRecoveryPoints is the checker of the joint recovery point.
type jointRecoveryPoints struct{ promises }

// IDs are those of its findings.
func (jointRecoveryPoints) IDs() []string { return []string{FindingJointRecoveryPoint} }

// Measure notes it.
func (jointRecoveryPoints) Measure(v *view, m *Metrics) {
	m.JointRecoveryPoint = v.jointRecoveryPoint()
}

// Find compares it with the objective.
func (jointRecoveryPoints) Find(v *view, m Metrics) []Finding {
	if m.JointRecoveryPoint == nil || v.spec.JointRecoveryPoint == nil {
		return nil
	}
	j := m.JointRecoveryPoint
	return []Finding{j.finding(v.audit().laggingStores, v.lateReason(j.Verdict, j.Cause, j.Interval, j.Objective))}
}

// Rows show it where it is promised or something is torn, and below it which stores have what others lack.
func (jointRecoveryPoints) Rows(s rowSource) []Row {
	j := s.Metrics.JointRecoveryPoint
	if j == nil || j.Within == nil && j.Torn == 0 {
		return nil
	}
	out := Row{
		ID: FindingJointRecoveryPoint, Name: "joint recovery point", Judged: j.Within != nil, Verdict: j.Verdict,
		Objective: j.mayTear(), Measured: fmt.Sprintf("%d of %d torn", j.Torn, j.Acked),
		Deviation: j.deviation(j.Interval, false),
	}
	var age func(scale float64) string
	if j.Torn > 0 {
		age = func(scale float64) string { return j.took(j.Hi == nil, scale) }
		out.Measured += ", " + age(1)
	}
	s.full(&out, j.Objective, age)
	rows := []Row{out}
	for _, p := range j.Parts {
		rows = append(rows, Row{
			ID:   FindingJointRecoveryPoint + "." + strings.Join(p.With, "+"),
			Name: "without " + strings.Join(p.Without, ", "), Part: true, Measured: fmt.Sprint(p.Writes) + p.examples(),
		})
	}
	return rows
}
