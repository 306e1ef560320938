package measure

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// Linearizable is the consistency that every write, once acknowledged, is seen by every read that begins after it, in
// whatever region.
const Linearizable = "linearizable"

// CheckLinearizable checks the history of each verification by itself, which is enough: linearizability is local
// (Herlihy and Wing, 1990). Of an operation counts the time from when it was sent to when it was answered. A write of
// which nobody knows whether it was applied may have been at any time after it was sent; one that is known not to be,
// and a read that got no answer, say nothing.
//
// A verification is absent until it is written, and there from then on. So there is an order that explains all that was
// told if, and only if, there is one moment at which it came into being: not before a write was sent, nor before a read
// was sent that did not find it, and not after a write was acknowledged, nor after a read was answered that found it.
// That moment needs no search (Gibbons and Korach, "Testing shared memories", 1997); a test compares it with one, by
// porcupine.
func CheckLinearizable(h history.History) Finding {
	return bareView(h, Spec{}).linearizable()
}

// creation is what the operations on one verification tell of when it came into being.
type creation struct {
	first       time.Duration // when the first of them was sent, in the order of the history
	firstSent   time.Duration // when the first of its writes was
	lastAbsent  time.Duration // when the last read that did not find it was sent
	firstSeen   time.Duration // when the first of those ended that show that it is there
	informative bool          // any operation says something about it
	exists      bool          // some operation shows that it is there
	reads       int32
}

func (v *view) linearizable() Finding {
	f := Finding{ID: FindingLinearizability, Checker: "linearizability"}
	ids := v.ids()
	creations := make([]creation, ids.count())
	for i := range creations {
		creations[i] = creation{firstSent: math.MaxInt64, lastAbsent: math.MinInt64, firstSeen: math.MaxInt64}
	}
	for i := range v.Ops {
		creations[ids.of[i]].learn(&v.Ops[i])
	}
	reads, checked := 0, 0
	var bad []int
	for n := range creations {
		b := &creations[n]
		if !b.informative {
			continue
		}
		checked++
		if ids.acknowledged[n] {
			reads += int(b.reads)
		}
		if !b.possible() {
			bad = append(bad, n)
		}
	}
	if reads == 0 && len(bad) == 0 {
		f.Detail = "nothing that was acknowledged was read: nothing is known"
		return f
	}
	if len(bad) == 0 {
		f.Verdict = Pass
		f.Detail = fmt.Sprintf("%d verifications, with %d reads of what was acknowledged, are linearizable", checked,
			reads)
		return f
	}
	slices.SortStableFunc(bad, func(a, b int) int { return cmp.Compare(creations[a].first, creations[b].first) })
	for _, n := range bad[:min(len(bad), maxEvidence)] {
		f.Evidence = append(f.Evidence, ids.name(n))
	}
	f.Verdict = Fail
	f.Detail = fmt.Sprintf("of %d of %d verifications, what was read is no order in which they can have been written "+
		"and read", len(bad), checked)
	return f
}

// learn notes what an operation tells, if anything.
func (b *creation) learn(op *history.Op) {
	write := op.Kind == history.Write
	switch {
	case write && op.Outcome == history.Unknown && op.Attempts > 0:
		b.firstSent = min(b.firstSent, op.Sent)
	case write && op.Outcome == history.OK:
		b.firstSent = min(b.firstSent, op.Sent)
		b.firstSeen, b.exists = min(b.firstSeen, op.Done), true
	case write:
		return
	case op.FoundNothing():
		b.lastAbsent = max(b.lastAbsent, op.Sent)
		b.reads++
	case op.Outcome == history.OK:
		b.firstSeen, b.exists = min(b.firstSeen, op.Done), true
		b.reads++
	default:
		return
	}
	if !b.informative {
		b.informative, b.first = true, op.Sent
	}
}

// possible says whether there is a moment at which it can have come into being. What nobody found, and nobody was told
// is written, need not be there.
func (b *creation) possible() bool {
	return !b.exists || b.firstSent <= b.firstSeen && b.lastAbsent <= b.firstSeen
}
