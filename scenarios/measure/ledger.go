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
	// old says that it was acknowledged by the system as it was before the fault: by f.lo, or by a region that is lost. That it is kept
	// is evidence of what was kept; of another one it may only mean that the survivor was already writing.
	old bool
}

// ledger is what clients were told, sorted out by the fault. By when a write was sent, because that is when it may still have
// reached the region as it was:
//
//   - before: sent before f.hi. What of it is lost counts towards the recovery point. An acknowledgement that arrived after f.hi was
//     given for work under way when the region was lost; its loss has the age 0.
//   - stray: sent at or after f.hi and acknowledged by a region that should have been fenced: one that was lost and not yet given back,
//     or, sent after the survivor's promotion, any other than the survivor, unless it wrote to the survivor's database: its timeline says that it
//     did, and the write is there.
//   - after: sent at or after f.hi and acknowledged by anybody else. No objective excuses its loss.
type ledger struct {
	incident             incident
	slots                map[string]int // of every id that was written, whatever came of it
	before, stray, after []write        // by acknowledgement
	twice                []string       // ids that were answered as new more than once
}

func newLedger(h history.History, i incident) ledger {
	l := ledger{incident: i, slots: make(map[string]int, len(h.Ops))}
	has, at, read := heldBySurvivor(h, i.survivor)
	created := map[string]int{}
	for _, op := range h.Ops {
		if op.Kind != history.Write {
			continue
		}
		slot, known := l.slots[op.ID]
		if !known {
			slot = len(l.slots)
			l.slots[op.ID] = slot
		}
		if op.Outcome != history.OK {
			continue // it may be there or not: it is never lost
		}
		if op.Status == http.StatusCreated {
			if created[op.ID]++; created[op.ID] == 2 {
				l.twice = append(l.twice, op.ID)
			}
		}
		w := write{id: op.ID, region: op.Region, slot: slot, seq: op.Seq, sent: op.Sent, done: op.Done}
		w.old = op.Done <= i.f.Lo || slices.Contains(i.fault.Regions, op.Region)
		switch {
		case op.Sent < i.f.Hi:
			l.before = append(l.before, w)
		case i.shouldBeFenced(op), i.follows(op) && read && op.Done <= at && !has[op.ID]:
			l.stray = append(l.stray, w)
		default:
			l.after = append(l.after, w)
		}
	}
	for _, ws := range [][]write{l.before, l.stray, l.after} {
		slices.SortFunc(ws, func(a, b write) int {
			return cmp.Or(cmp.Compare(a.done, b.done), cmp.Compare(a.seq, b.seq))
		})
	}
	return l
}

// heldBySurvivor is what the survivor's PostgreSQL held when it was read last, and when that began.
func heldBySurvivor(h history.History, survivor string) (has map[string]bool, at time.Duration, read bool) {
	for _, r := range h.Reads {
		if r.Store != history.StorePostgres || r.Region != survivor || r.Error != "" {
			continue
		}
		has, at, read = map[string]bool{}, r.At.Lo, true
		for _, id := range r.IDs {
			has[id] = true
		}
	}
	return has, at, read
}

// reading is what a store held.
type reading struct {
	at         history.Interval
	has        []bool // by slot
	phantoms   []string
	duplicates []string
}

// read finds the last reading of that kind. The sentence says why there is none.
func (l ledger) read(h history.History, kind, store, survivor string) (*reading, string) {
	var found *history.FinalRead
	for i, r := range h.Reads {
		if r.Read == kind && r.Store == store && (survivor == "" || r.Region == survivor) {
			found = &h.Reads[i]
		}
	}
	when := "before the lost region returned"
	if kind == history.AfterReconciliation {
		when = "after reconciliation"
	}
	switch {
	case found == nil:
		return nil, store + " was not read " + when
	case found.Error != "":
		return nil, "reading " + store + " " + when + " failed: " + found.Error
	case found.At.Lo < l.incident.f.Hi:
		return nil, store + " was read before the fault was surely effective"
	}
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
	return r, ""
}
