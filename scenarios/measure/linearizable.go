package measure

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/regionfall/regionfall/scenarios/history"
)

// Linearizable is the consistency that every write, once acknowledged, is seen by every read that begins after it, in whatever region.
const Linearizable = "linearizable"

// The bounds of a check. Beyond them nothing is said: a history that can't be checked is not a good one.
const (
	linearizableWithin = 10 * time.Second
	linearizableMost   = 200_000 // operations
)

// register is one verification: absent until it is written, and there from then on. Its state is whether it is there, its input whether the
// operation writes, its output whether a read found it.
var register = porcupine.Model{
	Init: func() any { return false },
	Step: func(state, input, output any) (bool, any) {
		if input.(bool) {
			return true, true
		}
		return state == output, state
	},
}

// CheckLinearizable checks the history of each verification by itself, which is enough: linearizability is local (Herlihy and Wing, 1990). Of an
// operation counts the time from when it was sent to when it was answered. A write of which nobody knows whether it was applied may have been at
// any time after it was sent; one that is known not to be, and a read that got no answer, say nothing. Porcupine searches for an order in which
// the operations could have taken place one after the other.
func CheckLinearizable(h history.History) Finding {
	f := Finding{ID: FindingLinearizability, Checker: "porcupine"}
	if len(h.Ops) > linearizableMost {
		f.Detail = fmt.Sprintf("%d operations are too many to check, at most %d are", len(h.Ops), linearizableMost)
		return f
	}
	byID := map[string][]porcupine.Operation{}
	acknowledged := map[string]bool{}
	for _, op := range h.Ops {
		if o, tells := operation(op); tells {
			byID[op.ID] = append(byID[op.ID], o)
			acknowledged[op.ID] = acknowledged[op.ID] || isAcknowledged(op)
		}
	}
	reads := 0
	for id, ops := range byID {
		for _, o := range ops {
			if acknowledged[id] && !o.Input.(bool) {
				reads++
			}
		}
	}
	if reads == 0 {
		f.Detail = "nothing that was acknowledged was read: nothing is known"
		return f
	}
	ids := make([]string, 0, len(byID))
	for id := range byID {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Compare(byID[a][0].Call, byID[b][0].Call) })
	deadline := time.Now().Add(linearizableWithin)
	var bad []string
	checked := 0
	for _, id := range ids {
		left := time.Until(deadline)
		result := porcupine.Unknown
		if left > 0 {
			result = porcupine.CheckOperationsTimeout(register, byID[id], left)
		}
		if result == porcupine.Unknown {
			break
		}
		if checked++; result == porcupine.Illegal {
			bad = append(bad, id)
		}
	}
	f.Evidence = bad[:min(len(bad), most)]
	switch {
	case len(bad) > 0: // what was not checked can't mend that
		f.Verdict = Fail
		f.Detail = fmt.Sprintf("of %d of %d verifications, what was read is no order in which they can have been written and read", len(bad), checked)
	case checked < len(ids):
		f.Detail = fmt.Sprintf("not known: checking took longer than %s, for %d of %d verifications", linearizableWithin, checked, len(ids))
	default:
		f.Verdict = Pass
		f.Detail = fmt.Sprintf("%d verifications, with %d reads of what was acknowledged, are linearizable", checked, reads)
	}
	return f
}

// operation is what an operation tells of its verification, if anything.
func operation(op history.Op) (o porcupine.Operation, tells bool) {
	o = porcupine.Operation{ClientId: op.Client, Call: int64(op.Sent), Return: int64(op.Done), Input: op.Kind == history.Write, Output: true}
	switch {
	case op.Kind == history.Write && op.Outcome == history.Unknown:
		o.Return = math.MaxInt64
		return o, op.Attempts > 0
	case op.Kind == history.Write:
		return o, op.Outcome == history.OK
	case op.Status == http.StatusNotFound:
		o.Output = false
		return o, true
	}
	return o, op.Outcome == history.OK
}
