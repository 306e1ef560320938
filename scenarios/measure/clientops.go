package measure

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// clientOps are the operations of each client, in the order in which they were sent: places in the history.
type clientOps struct {
	clients []int   // in the order of their numbers
	ends    []int   // of each one's operations
	order   []int32 // client after client
}

func clientOpsOf(ops []history.Op) *clientOps {
	count := map[int]int{}
	for i := range ops {
		count[ops[i].Client]++
	}
	t := &clientOps{clients: slices.Sorted(maps.Keys(count)), order: make([]int32, len(ops))}
	next := make(map[int]*int, len(count))
	for _, client := range t.clients {
		begin := 0
		if n := len(t.ends); n > 0 {
			begin = t.ends[n-1]
		}
		next[client] = &begin
		t.ends = append(t.ends, begin+count[client])
	}
	for i := range ops {
		at := next[ops[i].Client]
		t.order[*at] = int32(i)
		*at++
	}
	var scratch []sentOp
	for _, mine := range t.all() {
		scratch = sortBySent(ops, mine, scratch)
	}
	return t
}

// all goes through the clients.
func (t *clientOps) all() iter.Seq2[int, []int32] {
	return func(yield func(int, []int32) bool) {
		begin := 0
		for i, client := range t.clients {
			if !yield(client, t.order[begin:t.ends[i]]) {
				return
			}
			begin = t.ends[i]
		}
	}
}

// of are the operations of one client.
func (t *clientOps) of(client int) []int32 {
	i, found := slices.BinarySearch(t.clients, client)
	if !found {
		return nil
	}
	begin := 0
	if i > 0 {
		begin = t.ends[i-1]
	}
	return t.order[begin:t.ends[i]]
}

type sentOp struct {
	sent time.Duration
	op   int32
}

// sortBySent sorts places in the history; those of one time stay in their order. It may use what scratch holds, and
// returns it for the next.
func sortBySent(ops []history.Op, places []int32, scratch []sentOp) []sentOp {
	if slices.IsSortedFunc(places, func(a, b int32) int { return cmp.Compare(ops[a].Sent, ops[b].Sent) }) {
		return scratch
	}
	scratch = scratch[:0]
	for _, i := range places {
		scratch = append(scratch, sentOp{ops[i].Sent, i})
	}
	slices.SortFunc(scratch, func(a, b sentOp) int {
		return cmp.Or(cmp.Compare(a.sent, b.sent),
			cmp.Compare(a.op, b.op))
	})
	for k := range scratch {
		places[k] = scratch[k].op
	}
	return scratch
}
