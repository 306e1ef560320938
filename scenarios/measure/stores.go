package measure

import (
	"fmt"
	"slices"
	"strings"
)

// The ids of the findings of what the stores hold.
const (
	// FindingLostAfterFailover fails when the region in charge lost what it had acknowledged, or had kept: no objective
	// excuses that.
	FindingLostAfterFailover = "lost_after_failover"
	// FindingHole fails when an ordered store lost a write and kept one that was sent after its acknowledgement.
	FindingHole = "hole"
	// FindingRefused fails when a write is there that clients were told is not applied.
	FindingRefused = "refused_write"
	// FindingDuplicate and FindingPhantom fail when a store holds a write twice or clients were told twice that it is
	// new, and when a store holds one that nobody sent.
	FindingDuplicate = "duplicate"
	FindingPhantom   = "phantom"
)

// storeContents is the checker of what the stores hold that they should not, and do not hold that they should.
type storeContents struct {
	noMetric
	noRows
}

// IDs are those of its findings.
func (storeContents) IDs() []string {
	return []string{FindingLostAfterFailover, FindingHole, FindingDuplicate, FindingRefused, FindingPhantom}
}

// Find says what of that kind there is.
func (storeContents) Find(v *view, _ Metrics) []Finding {
	a := v.audit()
	if a == nil {
		return nil
	}
	all := []Finding{a.over(FindingLostAfterFailover,
		"writes are gone that had been acknowledged or kept after the failover", false,
		func(t storeAudit) []string { return writeIDs(t.lostAfter) })}
	if slices.ContainsFunc(a.accounts[0].stores, func(t storeAudit) bool { return t.ordered }) {
		all = append(all, a.over(FindingHole, "lost writes are older than writes that are kept", true,
			func(t storeAudit) []string { return writeIDs(t.holes) }))
	}
	return append(all, a.takenTwice(), a.appliedAfterAll(),
		a.over(FindingPhantom, "ids are there that nobody wrote", false, storeAudit.phantoms))
}

// takenTwice is about writes that a store holds twice, or that clients were told were new twice: one of a payment that
// was sent again was taken again, though its id is there once.
func (a *audit) takenTwice() Finding {
	f := a.over(FindingDuplicate, "writes are there more than once", false, storeAudit.duplicates)
	if twice := a.writes.createdTwice; len(twice) > 0 {
		f.Verdict, f.Evidence = Fail, dedup(append(f.Evidence, twice...))
		f.Evidence = f.Evidence[:min(len(f.Evidence), maxEvidence)]
		f.Detail += fmt.Sprintf("; %d answered as new more than once", len(twice))
	}
	return f
}

// appliedAfterAll is about writes whose callers were told that they are not applied, and that are there.
func (a *audit) appliedAfterAll() Finding {
	return a.over(FindingRefused, "writes are there that clients were told are not applied", false,
		func(t storeAudit) []string {
			return t.collect(func(r *reading) []string {
				var there []string
				for _, slot := range a.writes.refused {
					if r.has[slot] {
						there = append(there, a.ids.name(slot))
					}
				}
				return there
			})
		})
}

// over is a finding that fails when one of the stores has such ids, in any account. Stores without any reading can't be
// asked.
func (a *audit) over(id, what string, orderedOnly bool, of func(storeAudit) []string) Finding {
	bad := map[string][]string{}
	var stores, all []string
	for _, k := range a.accounts {
		for _, t := range k.stores {
			if orderedOnly && !t.ordered || len(t.all) == 0 {
				continue
			}
			if !slices.Contains(stores, t.name) {
				stores = append(stores, t.name)
			}
			bad[t.name] = dedup(append(bad[t.name], of(t)...))
		}
	}
	if len(stores) == 0 {
		return Finding{ID: id, Checker: "stores", Detail: what + ": not known, no store could be read"}
	}
	var counts []string
	for _, name := range stores {
		counts = append(counts, fmt.Sprintf("%d in %s", len(bad[name]), name))
		all = append(all, bad[name]...)
	}
	return finding(id, firstIDs(all), what+": "+strings.Join(counts, ", "))
}

// firstIDs are the first ids, each once, up to maxEvidence.
func firstIDs(ids []string) []string {
	var few []string
	for _, id := range ids {
		if len(few) == maxEvidence {
			break
		}
		if !slices.Contains(few, id) {
			few = append(few, id)
		}
	}
	return few
}

// finding passes when there is no evidence.
func finding(id string, evidence []string, detail string) Finding {
	f := Finding{
		ID: id, Checker: "stores", Verdict: Pass, Detail: detail,
		Evidence: evidence[:min(len(evidence), maxEvidence)],
	}
	if len(evidence) > 0 {
		f.Verdict = Fail
	}
	return f
}

func union(stores []storeAudit, of func(storeAudit) []string) []string {
	var all []string
	for _, t := range stores {
		all = append(all, of(t)...)
	}
	return dedup(all)
}

func (t storeAudit) duplicates() []string {
	return t.collect(func(r *reading) []string { return r.duplicates })
}

func (t storeAudit) phantoms() []string {
	return t.collect(func(r *reading) []string { return r.phantoms })
}

// collect gathers what each reading shows.
func (t storeAudit) collect(of func(*reading) []string) []string {
	var all []string
	for _, r := range t.all {
		all = append(all, of(r)...)
	}
	return slices.DeleteFunc(dedup(all), func(id string) bool { return !t.covers(id) })
}

func writeIDs(ws []write) []string {
	all := make([]string, 0, len(ws))
	for _, w := range ws {
		all = append(all, w.ID)
	}
	return all
}

// dedup keeps the first of each id, in order.
func dedup(ids []string) []string {
	seen := make(map[string]bool, len(ids))
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		again := seen[id]
		seen[id] = true
		return again
	})
}
