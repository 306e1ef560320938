package measure

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// write is an acknowledged write.
type write struct {
	*history.Op
	slot int32 // the number of its id
	// stalled says that the harness may have stood still when it was acknowledged.
	stalled bool
	// old says that it was acknowledged by the system as it was before the cause that it is counted for: by f.lo, or by
	// a region that is lost. That it is kept is evidence of what was kept; of another one it may only mean that the
	// next in charge was already writing.
	old bool
	// superseded says that the service gave the same id to another write (see lastGiven): what is there by that id is
	// that one.
	superseded bool
}

// acked is when it was acknowledged at the earliest: when that was read, but for what came while the harness stood
// still.
func (w write) acked() time.Duration {
	if w.stalled {
		return w.Sent
	}
	return w.Done
}

// writesByCause is what clients were told, sorted out by the causes after which another region is in charge. By when a
// write was sent, because that is when it may still have reached the region as it was:
//
//   - before a cause: sent before its f.hi, and not before that of an earlier one. What of it is lost counts towards
//     the recovery point of that cause. An acknowledgement that arrived after f.hi was given for work under way when
//     the region was lost; its loss has the age 0.
//   - unfenced: acknowledged by who should have been fenced (see charge.standing), unless it wrote to the database in
//     charge: the write is there, and its timeline says so too where it names one. Doubtful ones may be.
//   - after: sent after all of them and acknowledged by anybody else. No objective excuses its loss.
type writesByCause struct {
	before             [][]write // by cause, in their order; each by acknowledgement
	after              []write
	unfenced, doubtful []write
	attempts           int      // writes sent to who was not in charge, whatever came of them
	reachable          int      // of those, that were sent when it could be reached
	createdTwice       []string // ids that were answered as new more than once: each that the service chose is new
	// the numbers of ids of which nobody was ever told anything but that they are not applied, in the order of the ids
	refused []int
}

func (v *view) writesByCause(counted []cause) writesByCause {
	l := writesByCause{before: make([][]write, len(counted))}
	held := v.heldInCharge()
	ids := v.ids()
	left := ids.acks // acknowledgements to come
	put := func(list *[]write, w write) {
		if *list == nil {
			*list = make([]write, 0, left)
		}
		*list = append(*list, w)
	}
	last := v.lastGiven()
	created := make([]uint8, ids.count()) // how often an id was, up to two
	maybe := make([]bool, ids.count())    // whether an id may have been applied
	for i := range v.Ops {
		op := &v.Ops[i]
		if op.Kind != history.Write {
			continue
		}
		slot := ids.of[i]
		maybe[slot] = maybe[slot] || op.Outcome != history.Failed
		stands := v.standing(op)
		if stands == forbidden {
			l.attempts++
			if !lost(op, v.causes) {
				l.reachable++
			}
		}
		if op.Outcome != history.OK {
			continue // it may be there or not: it is never lost
		}
		if (op.Given || op.Status == http.StatusCreated) && created[slot] < 2 {
			if created[slot]++; created[slot] == 2 {
				l.createdTwice = append(l.createdTwice, op.ID)
			}
		}
		w := write{Op: op, slot: slot, stalled: v.stalled(op.Sent, op.Done), superseded: op.Given && last[slot] != op}
		next := nextCause(counted, op.Sent)
		if next >= 0 {
			w.old = op.Done <= counted[next].effect.Lo || counted[next].loses(op.Region)
		}
		switch {
		case next == 0 && stands != forbidden:
			put(&l.before[0], w)
		case stands == forbidden, v.answeredElsewhere(op) && held.lacks(w):
			put(&l.unfenced, w)
		case stands == doubtful:
			put(&l.doubtful, w)
		case next > 0:
			put(&l.before[next], w)
		default:
			put(&l.after, w)
		}
		left--
	}
	l.sort()
	for slot, applied := range maybe {
		if ids.written[slot] && !applied {
			l.refused = append(l.refused, slot)
		}
	}
	slices.SortFunc(l.refused, func(a, b int) int { return cmp.Compare(ids.name(a), ids.name(b)) })
	return l
}

// sort puts writes in the order in which they were acknowledged.
func (l *writesByCause) sort() {
	for _, ws := range append(slices.Clone(l.before), l.unfenced, l.doubtful, l.after) {
		slices.SortFunc(ws, func(a, b write) int { return byAcknowledgement(a.Op, b.Op) })
	}
}

// lastGiven are the last acknowledged writes of the ids that the service chose, by the numbers of the ids. Who should
// have been fenced and gives an id again takes nothing from the write that has it rightfully: it writes elsewhere.
func (v *view) lastGiven() map[int32]*history.Op {
	last := map[int32]*history.Op{}
	unfenced := map[int32]bool{} // whether that is by who should have been fenced
	for i := range v.Ops {
		op := &v.Ops[i]
		if op.Kind != history.Write || op.Outcome != history.OK || !op.Given {
			continue
		}
		slot := v.ids().of[i]
		stray := v.standing(op) == forbidden
		other := last[slot]
		if other == nil || unfenced[slot] && !stray ||
			unfenced[slot] == stray && byAcknowledgement(other, op) < 0 {
			last[slot], unfenced[slot] = op, stray
		}
	}
	return last
}

// byAcknowledgement compares two writes by when they were acknowledged.
func byAcknowledgement(a, b *history.Op) int {
	return cmp.Or(cmp.Compare(a.Done, b.Done), cmp.Compare(a.Seq, b.Seq))
}

// nextCause is the index of the first that was not surely effective when something was sent; -1: all were.
func nextCause(counted []cause, sent time.Duration) int {
	for i := range counted {
		if sent < counted[i].effect.Hi {
			return i
		}
	}
	return -1
}

// answeredElsewhere reports whether another region than the one in charge answered, by a database that began with it.
func (v *view) answeredElsewhere(op *history.Op) bool {
	t := v.charge.at(op.Sent)
	return t.follows(op)
}

// held is what a database held.
type held struct {
	has   []bool        // by the numbers of ids; nil: it could not be read
	at    time.Duration // when reading it began
	asked bool          // whether anybody tried
}

// lacks says whether a write that was acknowledged before it was read is known not to be there.
func (h held) lacks(w write) bool {
	return h.has != nil && w.Done <= h.at && (!h.has[w.slot] || w.superseded)
}

// heldInCharge is what the PostgreSQL of the region that is in charge in the end held when it was read last.
func (v *view) heldInCharge() held {
	var h held
	for i, r := range v.Reads {
		if r.Store != history.StorePostgres || !v.authoritative(r.Region) {
			continue
		}
		h.asked = true
		if r.Error == "" {
			h.has, h.at = v.reading(i).has, r.At.Lo
		}
	}
	return h
}

// stalled says whether the harness stood still at some time between.
func (v *view) stalled(from, to time.Duration) bool { return stalledIn(v.Stalls, from, to) }

func stalledIn(stalls []history.Interval, from, to time.Duration) bool {
	for _, s := range stalls {
		if s.Lo < to && s.Hi > from {
			return true
		}
	}
	return false
}

// reading is what a store held.
type reading struct {
	at         history.Interval
	has        []bool // by the numbers of ids
	phantoms   []string
	duplicates []string
}

// lacks says whether a write is known not to be there.
func (r *reading) lacks(w write) bool { return r != nil && (!r.has[w.slot] || w.superseded) }

// returned is the last reading of a store before what a cause took away was given back. The sentence says why there is
// none.
func (v *view) returned(c cause, store string) (*reading, string) {
	found := -1
	problem := store + " was not read before the lost region returned"
	back, is := c.healedAt()
	for i := range v.Reads {
		r := &v.Reads[i]
		if r.Read != history.BeforeReturn || r.Store != store || !v.storesTell(r.Region, c) {
			continue
		}
		switch {
		case r.Error != "":
			problem = "reading " + store + " before the lost region returned failed: " + r.Error
		case r.At.Lo < c.effect.Hi:
			problem = store + " was read before the fault was surely effective"
		case is && r.At.Hi > back:
			problem = store + " was read " + Exactly(r.At.Hi) + " after the start, when " + c.String() +
				" was being healed since " + Exactly(back) +
				": what came back with it hides what was lost"
		default:
			found = i
			continue
		}
		if r.Error != "" {
			found = -1 // the last one counts
		}
	}
	if found < 0 {
		return nil, problem
	}
	return v.reading(found), ""
}

// storesTell reports whether a region's stores tell what was kept of what was acknowledged before a cause.
func (v *view) storesTell(region string, c cause) bool {
	return region == v.inChargeAfter(c) || region == v.charge.last() || v.charge.last() == ""
}

// authoritative reports whether a region's stores tell in the end what was kept: it is in charge then, or, where nobody
// took over, the one that would have.
func (v *view) authoritative(region string) bool {
	return region == v.charge.last() || v.charge.last() == "" || len(v.charge.changes) == 0 &&
		(v.spec.Survivor == "" || region == v.spec.Survivor)
}

// reconciled is the last reading after reconciliation.
func (v *view) reconciled(store string, f history.Interval) (*reading, string) {
	found := -1
	for i, r := range v.Reads {
		if r.Read == history.AfterReconciliation && r.Store == store && v.authoritative(r.Region) {
			found = i
		}
	}
	switch {
	case found < 0:
		return nil, store + " was not read after reconciliation"
	case v.Reads[found].Error != "":
		return nil, "reading " + store + " after reconciliation failed: " + v.Reads[found].Error
	case v.Reads[found].At.Lo < f.Hi:
		return nil, store + " was read before the fault was surely effective"
	}
	return v.reading(found), ""
}

// everyReading is what a store held whenever it could be read, in an authoritative region.
func (v *view) everyReading(store string) []*reading {
	var all []*reading
	for i, r := range v.Reads {
		if r.Store == store && r.Error == "" && (v.authoritative(r.Region) || r.Region == v.spec.Survivor) {
			all = append(all, v.reading(i))
		}
	}
	return all
}

// reading is what a store held by the i-th reading of the history. Several ask for it.
func (v *view) reading(i int) *reading {
	if v.readings[i] == nil {
		v.readings[i] = v.ids().reading(&v.Reads[i])
	}
	return v.readings[i]
}

func (d *ids) reading(found *history.FinalRead) *reading {
	r := &reading{at: found.At, has: make([]bool, d.count())}
	strange := map[string]bool{}
	twice := map[string]bool{}
	for _, id := range found.IDs {
		slot, written := d.find(id)
		again := written && r.has[slot] || strange[id]
		if written {
			r.has[slot] = true
		} else if !again {
			strange[id] = true
			r.phantoms = append(r.phantoms, id)
		}
		if again && !twice[id] {
			twice[id] = true
			r.duplicates = append(r.duplicates, id)
		}
	}
	return r
}
