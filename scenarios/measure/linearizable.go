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
	checked := 0
	for _, op := range h.Ops {
		if o, tells := operation(op); tells {
			byID[op.ID] = append(byID[op.ID], o)
			checked++
		}
	}
	ids := make([]string, 0, len(byID))
	for id := range byID {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Compare(byID[a][0].Call, byID[b][0].Call) })
	deadline := time.Now().Add(linearizableWithin)
	var bad []string
	for _, id := range ids {
		left := time.Until(deadline)
		result := porcupine.Unknown
		if left > 0 {
			result = porcupine.CheckOperationsTimeout(register, byID[id], left)
		}
		switch result {
		case porcupine.Illegal:
			bad = append(bad, id)
		case porcupine.Unknown:
			f.Detail = fmt.Sprintf("not known: checking %d operations took longer than %s", checked, linearizableWithin)
			return f
		}
	}
	f.Verdict, f.Evidence = Pass, bad[:min(len(bad), most)]
	f.Detail = fmt.Sprintf("%d operations on %d verifications are linearizable", checked, len(ids))
	if len(bad) > 0 {
		f.Verdict = Fail
		f.Detail = fmt.Sprintf("of %d of %d verifications, what was read is no order in which they can have been written and read", len(bad), len(ids))
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
