package evidence

import (
	"fmt"

	"github.com/regionfall/regionfall/scenarios/measure"
)

// sessionRow says how often a guarantee was broken, and how old what was not found was.
func (r Result) sessionRow(s Session) row {
	out := row{
		ID: s.Guarantee, Name: title(s.Guarantee), Objective: "always", Judged: true, Verdict: s.Verdict,
		Measured: fmt.Sprintf("%d of %s found it", s.Judged-s.Violations, count(s.Judged, "read", "reads")),
	}
	if s.Violations == 0 {
		return out
	}
	age := int64(0)
	for _, w := range s.Windows {
		age = max(age, w.AgeMS)
	}
	out.Measured = fmt.Sprintf("%d of %s in %s did not find what was up to %s old",
		s.Violations, count(s.Judged, "read", "reads"), count(len(s.Windows), "window", "windows"), exactly(age))
	r.full(&out, nil, func(scale float64) string { return "up to " + exactly(atScale(age, scale)) + " old" })
	return out
}

// readRows have what is local first, which is what a promise is about. Nothing in them is scaled.
func (r Result) readRows() []row {
	var rows, others []row
	worst := int64(0)
	for _, l := range r.Metrics.Reads {
		line := row{
			ID: "reads." + l.Region + "." + l.Path, Name: l.Path + " in " + l.Region, Part: true,
			Measured: fmt.Sprintf("%s (%d)", l.words(), l.Count),
		}
		if l.Path == measure.PathLocal {
			rows, worst = append(rows, line), max(worst, l.P99MS)
		} else {
			others = append(others, line)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	head := row{ID: "local_reads", Name: "local reads, not scaled", Measured: "p99 at most " + exactly(worst)}
	for _, f := range r.Findings {
		if f.ID == head.ID {
			head.Judged, head.Verdict = true, f.Verdict
		}
	}
	return append(append([]row{head}, rows...), others...)
}
