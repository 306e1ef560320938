package measure

import (
	"fmt"
	"strings"
	"time"
)

// FindingClaim fails when less is kept than a dashboard says.
const FindingClaim = "claim"

// Claim is what a dashboard says of a rule, of a store or, where it names neither, of all.
type Claim struct {
	Of            string        // the name of a rule or of a store
	RecoveryPoint time.Duration // lab time
}

// ClaimCheck is a claim beside what was measured.
type ClaimCheck struct {
	Of        string `json:"of,omitempty"`
	Store     string `json:"store,omitempty"` // of a rule
	Objective        // what is claimed
	Interval         // the recovery point, as it was measured
	// Newest is how old the newest write of a rule was that is kept.
	Newest  *Interval `json:"newest,omitempty"`
	Lost    int       `json:"lost"`
	LostIDs []string  `json:"lost_ids,omitempty"` // the first 20
	Region  string    `json:"region,omitempty"`   // whose stores were read
	Verdict Verdict   `json:"verdict"`
}

// measureClaims compares what is claimed of the recovery point with what it was. A claim of a store or a rule in which
// nothing was acknowledged before the fault, or that was not read, is neither borne out nor contradicted.
func (v *view) measureClaims() []ClaimCheck {
	var all []ClaimCheck
	for _, c := range v.spec.Claims {
		check := ClaimCheck{Of: c.Of, Objective: v.spec.objective(c.RecoveryPoint)}
		if a := v.audit(); a != nil {
			check.compare(c, a, v)
		}
		all = append(all, check)
	}
	return all
}

// compare takes the figure of what is claimed about, and says whether it bears the claim out.
func (check *ClaimCheck) compare(c Claim, a *audit, v *view) {
	check.Region = a.point.InCharge
	p := a.point.of(c.Of)
	if p == nil {
		return
	}
	check.Store = p.Store
	check.Interval, check.Newest, check.Lost, check.LostIDs = p.Interval, p.Newest, p.Lost, p.LostIDs
	if p.Acked == 0 || p.Lo == nil || p.Hi == nil || a.blamesMachine(c.Of) {
		return
	}
	if !v.lateEnough(v.causeOf(a.point.Cause), p.Lo.Duration(), c.RecoveryPoint) {
		check.Verdict = against(p.Lo.Duration(), p.Hi.Duration(), c.RecoveryPoint)
	}
}

// of is the figure of a store or a rule, or the joint one; nil: there is none.
func (p *RecoveryPoint) of(name string) *RecoveryPoint {
	if name == "" {
		return p
	}
	for i := range p.Stores {
		if p.Stores[i].Name == name {
			return &p.Stores[i]
		}
	}
	return nil
}

// blamesMachine says whether the machine was too slow for a store or a rule, or for any.
func (a *audit) blamesMachine(name string) bool {
	for _, l := range a.laggingStores {
		if name == "" || l.name == name {
			return true
		}
	}
	return false
}

// claims is the checker of what a dashboard says.
type claims struct{}

// IDs are those of its findings.
func (claims) IDs() []string { return []string{FindingClaim} }

// Measure notes what was claimed, and what is true.
func (claims) Measure(v *view, m *Metrics) { m.Claims = v.measureClaims() }

// Find says which claims are contradicted, with both numbers.
func (claims) Find(v *view, m Metrics) []Finding {
	if len(m.Claims) == 0 {
		return nil
	}
	f := Finding{ID: FindingClaim, Checker: "claims"}
	var verdicts []Verdict
	var details []string
	for _, c := range m.Claims {
		verdicts = append(verdicts, c.Verdict)
		text := c.sentence(v.spec.Timescale)
		if a := v.audit(); a != nil {
			if late := v.lateReason(c.Verdict, a.point.Cause, c.Interval, c.Objective); late != "" {
				text += "; " + late
			}
		}
		details = append(details, text)
		if c.Verdict == Fail {
			f.Evidence = firstIDs(append(f.Evidence, c.LostIDs...))
		}
	}
	f.Verdict, f.Detail = Combine(verdicts...), strings.Join(details, "; ")
	return []Finding{f}
}

// sentence is what the dashboard says, and what is so, in the time of the story and in that of the lab.
func (c ClaimCheck) sentence(timescale float64) string {
	text := "the dashboard says that "
	if c.Of != "" {
		text += c.Of + " "
	} else {
		text += "everything "
	}
	text += "is at most " + Promise(AtScale(c.claimed(), timescale)) + " behind"
	switch {
	case c.Lo == nil || c.Hi == nil:
		return text + ", and what was lost is not known"
	case c.Lost == 0:
		return text + ", and nothing was lost"
	}
	if n := c.Newest; n != nil {
		text += fmt.Sprintf(", the newest %s in %s is %s old", c.word(), c.Region, n.took(false, timescale))
	}
	text += fmt.Sprintf(", and %s lost, the oldest acknowledged %s before the fault",
		Count(c.Lost, "write is", "writes are"), AtLeast(AtScale(c.Lo.Duration(), timescale)))
	if timescale > 1 {
		text += fmt.Sprintf(" (in the lab %s, of %s)", c.took(false, 1), Promise(c.claimed()))
	}
	return text
}

// word is what a rule of a store copies.
func (c ClaimCheck) word() string { return strings.TrimSuffix(c.Store, "s") }

func (c ClaimCheck) claimed() time.Duration { return c.Within.Duration() }

// Rows show each claim beside what was measured.
func (claims) Rows(s rowSource) []Row {
	var rows []Row
	for _, c := range s.Metrics.Claims {
		row := Row{
			ID: FindingClaim, Name: "claim", Objective: Promise(c.claimed()), Measured: c.measured(1), Judged: true,
			Verdict: c.Verdict,
		}
		if c.Of != "" {
			row.ID, row.Name = FindingClaim+"."+c.Of, "claim of "+c.Of
		}
		row.Deviation = c.deviation(c.Interval, false)
		s.full(&row, c.Objective, c.measured)
		rows = append(rows, row)
	}
	return rows
}

// measured says how far back what was lost reaches.
func (c ClaimCheck) measured(scale float64) string {
	switch {
	case c.Lo == nil || c.Hi == nil:
		return ""
	case c.Lost == 0:
		return "≤ " + AtMost(AtScale(c.Hi.Duration(), scale))
	}
	return c.took(false, scale)
}
