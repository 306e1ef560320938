package measure

import (
	"slices"
	"strings"

	"github.com/regionfall/regionfall/scenarios/history"
)

// Judge measures a history and compares it with what was promised. Findings are combined: fail, then inconclusive, then
// pass.
//
// A drill that proves nothing never passes. Where the fault can't be blamed for what was seen (it was not confirmed, or
// went away by itself, the lab was not steady before it, too little was written, the harness broke its own rules), no
// finding fails either: all are inconclusive. Where only the end is open (a fault not seen healed, a store that could
// not be read), what was found stands, and a drill that would have passed is inconclusive. What the harness or its
// machine may have caused by being late is inconclusive by itself.
func Judge(h history.History, s Spec) Report {
	v := viewOf(h, s)
	own := v.harnessEffects()
	r := Report{}
	for _, c := range checkers {
		c.Measure(v, &r.Metrics)
	}
	r.Incidents = v.incidents()
	own.apply(&r.Metrics, r.Incidents)
	invalid := v.invalidReasons(own)
	doubts := slices.Concat(invalid, v.incompleteReasons(), own.reasons())
	r.Findings = []Finding{v.drillFinding(doubts)}
	for _, c := range checkers {
		r.Findings = append(r.Findings, c.Find(v, r.Metrics)...)
	}
	if len(invalid) > 0 {
		r = r.Withdrawn()
	}
	verdicts := make([]Verdict, 0, len(r.Findings))
	for _, f := range r.Findings {
		verdicts = append(verdicts, f.Verdict)
	}
	r.Verdict = Combine(verdicts...)
	r.Reasons = reasons(r, doubts)
	r.Given = v.given(r.Incidents)
	return r
}

// reasons are the sentences that carry the verdict: for fail what failed, for inconclusive what is open, for pass (in
// one sentence) what was measured.
func reasons(r Report, doubts []string) []string {
	if r.Verdict == Inconclusive && len(doubts) > 0 {
		return slices.Clone(doubts) // the findings are open because of those
	}
	all := []string{}
	for _, f := range r.Findings {
		measured := slices.Contains(Promised(), f.ID)
		if f.Verdict == r.Verdict && (r.Verdict != Pass || measured) {
			all = append(all, f.Detail)
		}
	}
	if r.Verdict == Pass {
		return []string{strings.Join(all, "; ")}
	}
	return all
}
