package measure

import (
	"fmt"
	"strings"
)

// FindingFencing fails when a lost region acknowledged a write that was sent after the fault, or, whatever the fault, a region one that was
// sent after another one's promotion and is not in the database of that on the new timeline.
const FindingFencing = "fencing"

// fencing is the checker of whether only the region in charge acknowledged.
type fencing struct {
	unmeasured
	unshown
}

// IDs are those of its findings.
func (fencing) IDs() []string { return []string{FindingFencing} }

// Find says whether it was.
func (fencing) Find(v *view, _ Metrics) []Finding {
	if a := v.audit(); a != nil {
		return []Finding{a.strays()}
	}
	return nil
}

// strays is about acknowledgements by who was not in charge. Where no mark tells when that changed, and somebody else may have acknowledged
// afterwards, nobody can tell.
func (a *audit) strays() Finding {
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
