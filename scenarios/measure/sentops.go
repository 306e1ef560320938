package measure

import (
	"cmp"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// sentOps are operations, in the order in which they were sent.
type sentOps []*history.Op

// failures are the operations that nodes answered, and that were not ok, by the nodes.
func (v *view) failures() map[string]sentOps {
	all := map[string]sentOps{}
	for i := range v.Ops {
		if op := &v.Ops[i]; op.Outcome != history.OK {
			all[op.Node] = append(all[op.Node], op)
		}
	}
	for _, ops := range all {
		slices.SortFunc(ops, func(a, b *history.Op) int { return cmp.Compare(a.Sent, b.Sent) })
	}
	return all
}

// note notes those that were sent in a stretch of time, by their numbers.
func (all sentOps) note(from, to time.Duration, noted map[int64]bool) {
	i, _ := slices.BinarySearchFunc(all, from, func(op *history.Op,
		t time.Duration,
	) int {
		return cmp.Compare(op.Sent, t)
	})
	for ; i < len(all) && all[i].Sent < to; i++ {
		noted[all[i].Seq] = true
	}
}
