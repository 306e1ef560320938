package measure

import (
	"hash/maphash"

	"github.com/regionfall/regionfall/scenarios/history"
)

// ids gives each id of a history a number, in the order in which they come first: what is to be known of each is then a list, and no id is looked up
// more than once. A map would take five times the memory.
type ids struct {
	ops          []history.Op
	of           []int32 // the numbers of the operations' ids
	first        []int32 // where each id comes first
	written      []bool  // whether each was, whatever came of it
	acknowledged []bool
	acks         int // acknowledgements, of all of them

	seed  maphash.Seed
	table []int32 // numbers, less one, by hash; 0: none
}

func idsOf(ops []history.Op) *ids {
	d := &ids{ops: ops, of: make([]int32, len(ops)), seed: maphash.MakeSeed(), table: make([]int32, 1<<10)}
	for i := range ops {
		op := &ops[i]
		at := d.slot(op.ID)
		if d.table[at] == 0 {
			at = d.add(i, at)
		}
		n := d.table[at] - 1
		d.of[i] = n
		if op.Kind == history.Write {
			d.written[n] = true
			if op.Outcome == history.OK {
				d.acknowledged[n] = true
				d.acks++
			}
		}
	}
	return d
}

// add notes a new id, for which there is a place in the table.
func (d *ids) add(op, at int) int {
	d.first = append(d.first, int32(op)) //nolint:gosec // fewer operations than that
	d.written, d.acknowledged = append(d.written, false), append(d.acknowledged, false)
	d.table[at] = int32(len(d.first)) //nolint:gosec // fewer operations than that
	if 2*len(d.first) < len(d.table) {
		return at
	}
	d.table = make([]int32, 2*len(d.table))
	for n := range d.first {
		d.table[d.slot(d.name(n))] = int32(n + 1) //nolint:gosec // fewer operations than that
	}
	return d.slot(d.ops[op].ID)
}

// slot is where an id is in the table, or would be.
func (d *ids) slot(id string) int {
	mask := uint64(len(d.table) - 1) //nolint:gosec // not negative
	at := maphash.String(d.seed, id) & mask
	for d.table[at] != 0 && d.name(int(d.table[at]-1)) != id {
		at = (at + 1) & mask
	}
	return int(at) //nolint:gosec // less than the table is long
}

// find is the number of an id that was written.
func (d *ids) find(id string) (n int, written bool) {
	n = int(d.table[d.slot(id)]) - 1
	return n, n >= 0 && d.written[n]
}

func (d *ids) name(n int) string { return d.ops[d.first[n]].ID }
func (d *ids) count() int        { return len(d.first) }
