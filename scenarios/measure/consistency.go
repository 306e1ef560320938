package measure

// FindingLinearizability fails when a read saw what no order of the operations explains.
const FindingLinearizability = "linearizability"

// linearizability is the checker of whether some order of the operations explains what was read.
type linearizability struct {
	noMetric
	noRows
}

// IDs are those of its findings.
func (linearizability) IDs() []string { return []string{FindingLinearizability} }

// Find says whether one does.
func (linearizability) Find(v *view, _ Metrics) []Finding {
	if v.spec.Consistency != Linearizable {
		return nil
	}
	return []Finding{v.linearizable()}
}
