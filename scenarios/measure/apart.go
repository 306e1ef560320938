package measure

import "fmt"

// Apart is the acknowledged writes that one store kept and another lost: half of each is there, such as a run without
// its artifact.
type Apart struct {
	In     string   `json:"in"`     // the store that kept them
	NotIn  string   `json:"not_in"` // the one that lost them
	Writes int      `json:"writes"`
	IDs    []string `json:"ids,omitempty"` // the first 20
}

// apart compares each two stores that could be read, both ways.
func (k account) apart() (all []Apart) {
	for _, one := range k.stores {
		for _, other := range k.stores {
			kept, lost := one.evidence(k.taken), other.evidence(k.taken)
			if one.name == other.name || kept == nil || lost == nil {
				continue
			}
			var halves []write
			for _, w := range other.loss.lost {
				if !kept.lacks(w) {
					halves = append(halves, w)
				}
			}
			all = append(all, Apart{In: one.name, NotIn: other.name, Writes: len(halves), IDs: evidenceIDs(halves)})
		}
	}
	return all
}

// halfRows show them below the stores.
func (p RecoveryPoint) halfRows() (rows []Row) {
	for _, a := range p.Apart {
		if a.Writes > 0 {
			rows = append(rows, Row{
				ID:       FindingRecoveryPoint + "." + a.In + "_without_" + a.NotIn,
				Name:     a.In + " without " + a.NotIn,
				Part:     true,
				Measured: fmt.Sprintf("%d of %d", a.Writes, p.Acked),
			})
		}
	}
	return rows
}
