package measure

import (
	"hash/maphash"
	"math/bits"

	"github.com/regionfall/regionfall/scenarios/history"
)

// ids gives each id of a history a number, in the order in which they come first: what is to be known of each is then a
// list, and no id is looked up more than once. A map would take five times the memory.
type ids struct {
	ops          []history.Op
	of           []int32 // the numbers of the operations' ids
	first        []int32 // where each id comes first
	written      []bool  // whether each was, whatever came of it
	acknowledged []bool
	acks         int // acknowledgements, of all of them

	seed  maphash.Seed
	table []entry // by hash
}

// entry is a number of an id, and what shows that it is most likely not another one's: without it each look-up would
// read the operations.
type entry struct {
	next int32 // the number, plus one; 0: none
	tag  uint32
}

func idsOf(ops []history.Op) *ids {
	writes := 0 // about as many ids are there
	for i := range ops {
		if ops[i].Kind == history.Write {
			writes++
		}
	}
	d := &ids{
		ops: ops, of: make([]int32, len(ops)), first: make([]int32, 0, writes), written: make([]bool, 0, writes),
		acknowledged: make([]bool, 0, writes),
		seed:         maphash.MakeSeed(), table: make([]entry, 2<<bits.Len(uint(writes))),
	}
	for i := range ops {
		op := &ops[i]
		n, at := d.look(op.ID)
		if n < 0 {
			n = d.add(i, at)
		}
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

// add notes a new id, for which there is a place in the table, and returns its number.
func (d *ids) add(op int, at place) int32 {
	n := int32(len(d.first))
	d.first = append(d.first, int32(op))
	d.written, d.acknowledged = append(d.written, false), append(d.acknowledged, false)
	d.table[at.slot] = entry{n + 1, at.tag}
	if 2*len(d.first) < len(d.table) {
		return n
	}
	d.table = make([]entry, 2*len(d.table))
	for n := range d.first {
		_, at := d.look(d.name(n))
		d.table[at.slot] = entry{int32(n + 1), at.tag}
	}
	return n
}

// place is where an id is in the table, or would be.
type place struct {
	slot int
	tag  uint32
}

// look looks an id up; -1: it has no number.
func (d *ids) look(id string) (n int32, at place) {
	hash := maphash.String(d.seed, id)
	mask := len(d.table) - 1
	at = place{int(hash) & mask, uint32(hash >> 32)}
	for {
		e := d.table[at.slot]
		if e.next == 0 {
			return -1, at
		}
		if e.tag == at.tag && d.name(int(e.next-1)) == id {
			return e.next - 1, at
		}
		at.slot = (at.slot + 1) & mask
	}
}

// find is the number of an id that was written.
func (d *ids) find(id string) (n int, written bool) {
	number, _ := d.look(id)
	return int(number), number >= 0 && d.written[number]
}

func (d *ids) name(n int) string { return d.ops[d.first[n]].ID }
func (d *ids) count() int        { return len(d.first) }
