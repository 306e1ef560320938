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
	id         string
	region     string // that acknowledged it
	slot       int    // of its id in the ledger
	seq        int64
	sent, done time.Duration
	// acked is when it was acknowledged at the earliest: done, but for what came while the harness stood still.
	acked time.Duration
	// old says that it was acknowledged by the system as it was before the cause that it is counted for: by f.lo, or by a region that is lost.
	// That it is kept is evidence of what was kept; of another one it may only mean that the next in charge was already writing.
	old bool
}

// ledger is what clients were told, sorted out by the causes after which another region is in charge. By when a write was sent, because that is when
// it may still have reached the region as it was:
//
//   - before a cause: sent before its f.hi, and not before that of an earlier one. What of it is lost counts towards the recovery point of that
//     cause. An acknowledgement that arrived after f.hi was given for work under way when the region was lost; its loss has the age 0.
//   - stray: acknowledged by who should have been fenced (see charge.standing), unless it wrote to the database in charge: its timeline says that it
//     did, and the write is there. Doubtful ones may be.
//   - after: sent after all of them and acknowledged by anybody else. No objective excuses its loss.
type ledger struct {
	slots         map[string]int // of every id that was written, whatever came of it
	before        [][]write      // by cause, in their order; each by acknowledgement
	after         []write
	stray, doubts []write
	attempts      int      // writes sent to who was not in charge, whatever came of them
	twice         []string // ids that were answered as new more than once
	refused       []string // ids of which nobody was ever told anything but that they are not applied
}

func (v *view) newLedger(counted []cause) ledger {
	l := ledger{slots: make(map[string]int, len(v.Ops)), before: make([][]write, len(counted))}
	has, at, read := v.heldInCharge()
	created := map[string]int{}
	refused := map[string]bool{}
	for i := range v.Ops {
		op := &v.Ops[i]
		if op.Kind != history.Write {
			continue
		}
		slot, known := l.slots[op.ID]
		if !known {
			slot = len(l.slots)
			l.slots[op.ID] = slot
		}
		if was, is := refused[op.ID]; !is || was {
			refused[op.ID] = op.Outcome == history.Failed
		}
		stands := rightful
		if len(v.causes) > 0 && op.Sent >= v.causes[0].f.Hi {
			stands = v.charge.standing(*op, v.causes)
		}
		if stands == forbidden {
			l.attempts++
		}
		if op.Outcome != history.OK {
			continue // it may be there or not: it is never lost
		}
		if op.Status == http.StatusCreated {
			if created[op.ID]++; created[op.ID] == 2 {
				l.twice = append(l.twice, op.ID)
			}
		}
		w := write{id: op.ID, region: op.Region, slot: slot, seq: op.Seq, sent: op.Sent, done: op.Done, acked: op.Done}
		if v.stalled(op.Sent, op.Done) {
			w.acked = op.Sent
		}
		next := slices.IndexFunc(counted, func(c cause) bool { return op.Sent < c.f.Hi })
		first := next == 0
		switch {
		case first:
			l.put(next, counted, w)
		case stands == forbidden, v.astray(*op) && read && op.Done <= at && !has[op.ID]:
			l.stray = append(l.stray, w)
		case stands == doubtful:
			l.doubts = append(l.doubts, w)
		case next > 0:
			l.put(next, counted, w)
		default:
			l.after = append(l.after, w)
		}
	}
	for _, ws := range append(slices.Clone(l.before), l.stray, l.doubts, l.after) {
		slices.SortFunc(ws, func(a, b write) int {
			return cmp.Or(cmp.Compare(a.done, b.done), cmp.Compare(a.seq, b.seq))
		})
	}
	for id, is := range refused {
		if is {
			l.refused = append(l.refused, id)
		}
	}
	slices.Sort(l.refused)
	return l
}

func (l *ledger) put(next int, counted []cause, w write) {
	c := counted[next]
	w.old = w.done <= c.f.Lo || c.loses(w.region)
	l.before[next] = append(l.before[next], w)
}

// astray says whether another region than the one in charge answered, by a database that began with it.
func (v *view) astray(op history.Op) bool {
	t := v.charge.at(op.Sent)
	return t.follows(op)
}

// heldInCharge is what the PostgreSQL of the region that is in charge in the end held when it was read last, and when that began.
func (v *view) heldInCharge() (has map[string]bool, at time.Duration, read bool) {
	for _, r := range v.Reads {
		if r.Store != history.StorePostgres || r.Error != "" || r.Region != v.charge.last() && r.Region != v.spec.Survivor {
			continue
		}
		has, at, read = map[string]bool{}, r.At.Lo, true
		for _, id := range r.IDs {
			has[id] = true
		}
	}
	return has, at, read
}

// stalled says whether the harness stood still at some time between.
func (v *view) stalled(from, to time.Duration) bool {
	return slices.ContainsFunc(v.Stalls, func(s history.Interval) bool { return s.Lo < to && s.Hi > from })
}

// reading is what a store held.
type reading struct {
	at         history.Interval
	has        []bool // by slot
	phantoms   []string
	duplicates []string
}

// returned is the last reading of a store before what a cause took away was given back. The sentence says why there is none.
func (v *view) returned(l ledger, c cause, store string) (*reading, string) {
	var found *history.FinalRead
	problem := store + " was not read before the lost region returned"
	back, is := c.back()
	for i := range v.Reads {
		r := &v.Reads[i]
		if r.Read != history.BeforeReturn || r.Store != store || !v.reads(r.Region, c) {
			continue
		}
		switch {
		case r.Error != "":
			problem = "reading " + store + " before the lost region returned failed: " + r.Error
		case r.At.Lo < c.f.Hi:
			problem = store + " was read before the fault was surely effective"
		case is && r.At.Hi > back:
			problem = store + " was read " + Exactly(r.At.Hi) + " after the start, when " + c.String() + " was being healed since " + Exactly(back) +
				": what came back with it hides what was lost"
		default:
			found = r
			continue
		}
		if found != nil && r.Error != "" {
			found = nil // the last one counts
		}
	}
	if found == nil {
		return nil, problem
	}
	return l.read(found), ""
}

// reads says whether a region's stores tell what was kept of what was acknowledged before a cause.
func (v *view) reads(region string, c cause) bool {
	return region == v.after(c) || region == v.charge.last() || region == v.spec.Survivor || v.spec.Survivor == "" && v.charge.last() == ""
}

// reconciled is the last reading after reconciliation.
func (v *view) reconciled(l ledger, store string, f history.Interval) (*reading, string) {
	var found *history.FinalRead
	for i, r := range v.Reads {
		if r.Read == history.AfterReconciliation && r.Store == store && (v.spec.Survivor == "" || r.Region == v.spec.Survivor || r.Region == v.charge.last()) {
			found = &v.Reads[i]
		}
	}
	switch {
	case found == nil:
		return nil, store + " was not read after reconciliation"
	case found.Error != "":
		return nil, "reading " + store + " after reconciliation failed: " + found.Error
	case found.At.Lo < f.Hi:
		return nil, store + " was read before the fault was surely effective"
	}
	return l.read(found), ""
}

func (l ledger) read(found *history.FinalRead) *reading {
	r := &reading{at: found.At, has: make([]bool, len(l.slots))}
	strange := map[string]int{}
	twice := map[string]bool{}
	for _, id := range found.IDs {
		slot, written := l.slots[id]
		again := written && r.has[slot] || strange[id] > 0
		if written {
			r.has[slot] = true
		} else if strange[id]++; strange[id] == 1 {
			r.phantoms = append(r.phantoms, id)
		}
		if again && !twice[id] {
			twice[id] = true
			r.duplicates = append(r.duplicates, id)
		}
	}
	return r
}
