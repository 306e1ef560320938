package measure

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"pgregory.net/rapid"

	"github.com/regionfall/regionfall/scenarios/history"
)

// register is one verification: absent until it is written, and there from then on. Its state is whether it is there,
// its input whether the operation writes, its output whether a read found it.
var register = porcupine.Model{
	Init: func() any { return false },
	Step: func(state, input, output any) (bool, any) {
		if input.(bool) {
			return true, true
		}
		return state == output, state
	},
}

// operation is what an operation tells of its verification, if anything.
func operation(op history.Op) (o porcupine.Operation, tells bool) {
	o = porcupine.Operation{
		ClientId: op.Client, Call: int64(op.Sent), Return: int64(op.Done),
		Input: op.Kind == history.Write, Output: true,
	}
	switch {
	case op.Kind == history.Write && op.Outcome == history.Unknown:
		o.Return = math.MaxInt64
		return o, op.Attempts > 0
	case op.Kind == history.Write:
		return o, op.Outcome == history.OK
	case op.FoundNothing():
		o.Output = false
		return o, true
	}
	return o, op.Outcome == history.OK
}

// searched are the verifications for which porcupine finds no order.
func searched(ops []history.Op) []string {
	byID := map[string][]porcupine.Operation{}
	for _, op := range ops {
		if o, tells := operation(op); tells {
			byID[op.ID] = append(byID[op.ID], o)
		}
	}
	var bad []string
	for id, all := range byID {
		if !porcupine.CheckOperations(register, all) {
			bad = append(bad, id)
		}
	}
	slices.Sort(bad)
	return bad
}

// Whatever clients were told, the moment that is looked for is there if and only if a search finds an order. Times are
// few, so that many are equal.
func TestNoSearchIsNeededForAnOrder(t *testing.T) {
	at := rapid.Int64Range(0, 12)
	op := rapid.Custom(func(t *rapid.T) history.Op {
		sent := time.Duration(at.Draw(t, "sent"))
		o := history.Op{
			Kind: rapid.SampledFrom([]history.Kind{history.Write, history.Read, history.Read}).Draw(t, "kind"),
			ID:   rapid.SampledFrom([]string{"a", "b"}).Draw(t, "id"), Client: rapid.IntRange(0, 3).Draw(t, "client"),
			Sent: sent, Done: sent + time.Duration(at.Draw(t, "took")),
			Attempts: rapid.SampledFrom([]int{1, 1, 1, 0}).Draw(t, "attempts"),
			Outcome:  history.Outcome(rapid.IntRange(0, 2).Draw(t, "outcome")),
			Error:    rapid.SampledFrom([]string{"", history.Absent, "status 503"}).Draw(t, "error"),
		}
		if o.Kind == history.Read && o.Outcome == history.Unknown {
			o.Outcome = history.Failed
		}
		return o
	})
	compare := func(t *rapid.T) {
		// The write of another verification is read, so that there is something to say.
		ops := append(rapid.SliceOfN(op, 0, 9).Draw(t, "operations"),
			history.Op{Kind: history.Write, ID: "z", Outcome: history.OK, Attempts: 1},
			history.Op{Kind: history.Read, ID: "z", Outcome: history.OK, Attempts: 1})
		want := searched(ops)
		f := CheckLinearizable(history.History{Ops: ops})
		got := slices.Sorted(slices.Values(f.Evidence))
		if !slices.Equal(got, want) || (f.Verdict == Fail) != (len(want) > 0) {
			t.Errorf("%s (%s): not linearizable are %q, by a search %q\n%+v", f.Verdict, f.Detail, got, want, ops)
		}
	}
	for range 25 { // a hundred checks each
		rapid.Check(t, compare)
	}
}

// All reads of a drill may be of one verification.
func TestManyReadsOfOneVerification(t *testing.T) {
	const n = 100_000
	h := history.History{Ops: []history.Op{{
		Kind: history.Write, ID: "v", Done: msec, Outcome: history.OK, Status: 201,
		Attempts: 1,
	}}}
	for i := range n {
		at := time.Duration(i+2) * 2 * msec
		h.Ops = append(h.Ops, history.Op{
			Kind: history.Read, ID: "v", Client: i % 8, Sent: at, Done: at + 10*msec, Outcome: history.OK, Status: 200,
			Attempts: 1,
		})
	}
	if f := CheckLinearizable(h); f.Verdict != Pass ||
		f.Detail != fmt.Sprintf("1 verifications, with %d reads of what was acknowledged, are linearizable", n) {
		t.Errorf("%s: %s", f.Verdict, f.Detail)
	}
	h.Ops[n].Outcome, h.Ops[n].Error = history.Failed, history.Absent
	if f := CheckLinearizable(h); f.Verdict != Fail || !slices.Equal(f.Evidence, []string{"v"}) {
		t.Errorf("%s: %s %q", f.Verdict, f.Detail, f.Evidence)
	}
}
