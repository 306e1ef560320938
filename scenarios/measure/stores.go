package measure

import (
	"fmt"
	"slices"
	"strings"
)

// findings of everything but the recovery point itself.
func (a *audit) findings() []Finding {
	all := []Finding{a.fencing(), a.over(FindingLostAfterFailover, "writes are gone that had been acknowledged or kept after the failover", false,
		func(t storeAudit) []string { return names(t.broken) })}
	if slices.ContainsFunc(a.accounts[0].stores, func(t storeAudit) bool { return t.ordered }) {
		all = append(all, a.over(FindingHole, "lost writes are older than writes that are kept", true,
			func(t storeAudit) []string { return names(t.holes) }))
	}
	return append(all, a.takenTwice(), a.appliedAfterAll(),
		a.over(FindingPhantom, "ids are there that nobody wrote", false, storeAudit.phantoms))
}

// fencing is about acknowledgements by who was not in charge. Where no mark tells when that changed, and somebody else may have acknowledged
// afterwards, nobody can tell.
func (a *audit) fencing() Finding {
	stray, doubts := a.ledger.stray, a.ledger.doubts
	detail := fmt.Sprintf("%d writes were acknowledged by a region that should have been fenced, of %d that were sent to one", len(stray),
		max(a.ledger.attempts, len(stray)))
	if len(stray) > 0 {
		var regions []string
		for _, w := range stray {
			regions = append(regions, w.Region)
		}
		detail += ": " + strings.Join(dedup(regions), ", ")
	}
	f := finding(FindingFencing, names(stray), detail)
	if len(stray) == 0 && len(doubts) > 0 {
		f.Verdict, f.Evidence = Inconclusive, names(doubts)[:min(len(doubts), most)]
		f.Detail = fmt.Sprintf("%d writes were acknowledged by %s when another region may have been in charge: no mark says when it was promoted",
			len(doubts), doubts[0].Region)
	}
	return f
}

// takenTwice is about writes that a store holds twice, or that clients were told were new twice: one of a payment that was sent again was taken
// again, though its id is there once.
func (a *audit) takenTwice() Finding {
	f := a.over(FindingDuplicate, "writes are there more than once", false, storeAudit.duplicates)
	if twice := a.ledger.twice; len(twice) > 0 {
		f.Verdict, f.Evidence = Fail, dedup(append(f.Evidence, twice...))
		f.Evidence = f.Evidence[:min(len(f.Evidence), most)]
		f.Detail += fmt.Sprintf("; %d answered as new more than once", len(twice))
	}
	return f
}

// appliedAfterAll is about writes whose callers were told that they are not applied, and that are there.
func (a *audit) appliedAfterAll() Finding {
	return a.over(FindingRefused, "writes are there that clients were told are not applied", false, func(t storeAudit) []string {
		return t.both(func(r *reading) []string {
			var there []string
			for _, slot := range a.ledger.refused {
				if r.has[slot] {
					there = append(there, a.ids.name(slot))
				}
			}
			return there
		})
	})
}

// over is a finding that fails when one of the stores has such ids, in any account. Stores without any reading can't be asked.
func (a *audit) over(id, what string, orderedOnly bool, of func(storeAudit) []string) Finding {
	bad := map[string][]string{}
	var stores, all []string
	for _, k := range a.accounts {
		for _, t := range k.stores {
			if orderedOnly && !t.ordered || t.returned == nil && t.reconciled == nil {
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
	return finding(id, some(all), what+": "+strings.Join(counts, ", "))
}

// some are the first ids, each once: as many as are given as evidence.
func some(ids []string) []string {
	var few []string
	for _, id := range ids {
		if len(few) == most {
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
	f := Finding{ID: id, Checker: "stores", Verdict: Pass, Detail: detail, Evidence: evidence[:min(len(evidence), most)]}
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
	return t.both(func(r *reading) []string { return r.duplicates })
}

func (t storeAudit) phantoms() []string {
	return t.both(func(r *reading) []string { return r.phantoms })
}

// both is what either reading shows.
func (t storeAudit) both(of func(*reading) []string) []string {
	var all []string
	for _, r := range []*reading{t.returned, t.reconciled} {
		if r != nil {
			all = append(all, of(r)...)
		}
	}
	return dedup(all)
}

func names(ws []write) []string {
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
