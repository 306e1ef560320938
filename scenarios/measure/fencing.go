package measure

import (
	"fmt"
	"strings"
)

// FindingFencing fails when a lost region acknowledged a write that was sent after the fault, or, whatever the fault, a
// region one that was sent after another one's promotion and is not in the database of that on the new timeline.
const FindingFencing = "fencing"

// fencing is the checker of whether only the region in charge acknowledged.
type fencing struct {
	noMetric
	noRows
}

// IDs are those of its findings.
func (fencing) IDs() []string { return []string{FindingFencing} }

// Find says whether it was.
func (fencing) Find(v *view, _ Metrics) []Finding {
	if a := v.audit(); a != nil {
		return []Finding{v.strays(a)}
	}
	return nil
}

// strays is about acknowledgements by who was not in charge. Where no mark tells when that changed, and somebody else
// may have acknowledged afterwards, nobody can tell.
func (v *view) strays(a *audit) Finding {
	stray, doubts := a.writes.unfenced, a.writes.doubtful
	detail := "no write was sent to a region that should have been fenced"
	if of := max(a.writes.attempts, len(stray)); of > 0 {
		detail = fmt.Sprintf("%d of %s that were sent to a region that should have been fenced were acknowledged",
			len(stray), Count(of, "write", "writes"))
	}
	if len(stray) > 0 {
		var regions []string
		for _, w := range stray {
			regions = append(regions, w.Region)
		}
		detail += ", by " + strings.Join(dedup(regions), ", ")
	}
	if len(stray) == 0 || a.writes.reachable > 0 {
		detail += v.whenReachable(a.writes)
	}
	f := finding(FindingFencing, writeIDs(stray), detail)
	if len(stray) == 0 && len(doubts) > 0 {
		f.Verdict, f.Evidence = Inconclusive, writeIDs(doubts)[:min(len(doubts), maxEvidence)]
		f.Detail = v.doubt(doubts)
	}
	return f
}

// doubt says why nobody can tell whether writes were acknowledged by who was in charge.
func (v *view) doubt(doubts []write) string {
	acknowledged := Count(len(doubts), "write was", "writes were") + " acknowledged by " + doubts[0].Region
	if v.charge.standing(doubts[0].Op, v.causes) == doubtful {
		return acknowledged + " when another region may have been in charge: no mark says when it was promoted"
	}
	in, last := v.charge.at(doubts[0].Sent).region, v.charge.last()
	why := "was read before that, or holds them and they were sent more than once"
	if v.heldInCharge().has == nil {
		why = "could not be read"
	}
	return fmt.Sprintf("%s when %s was in charge, and nobody can tell in which database they are: the answers name no "+
		"timeline (extras: {timeline: …} would), and that of %s %s", acknowledged, in, last, why)
}

// whenReachable says how many of the attempts could have been acknowledged at all, where a region was lost: one that is
// gone acknowledges nothing, fenced or not.
func (v *view) whenReachable(l writesByCause) string {
	if l.attempts == 0 || len(v.regionLosses()) == 0 {
		return ""
	}
	if l.reachable == 0 {
		return "; none was sent when it could be reached, so nothing put that to the test"
	}
	var since []string
	for _, c := range v.regionLosses() {
		if back, is := c.healedAt(); is && back < v.end {
			since = append(since, strings.Join(c.Regions, ", ")+" from "+Exactly(back)+" on")
		}
	}
	text := fmt.Sprintf("; %d of them were sent when it could be reached", l.reachable)
	if len(since) > 0 {
		text += ": " + strings.Join(since, ", ")
	}
	return text
}
