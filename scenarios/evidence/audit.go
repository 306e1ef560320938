package evidence

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/regionfall/regionfall/scenarios/evidence/page"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// writeAudit writes the page that says what auditors ask for: by DORA's RTS 2024/1774 Art. 25, ISO 22301 8.5, NIST SP
// 800-53 CP-4 and 800-34, SOC 2 A1.3 and FFIEC BCM VII.K.
func writeAudit(w io.Writer, r Result) error {
	if err := r.audit().Render(w); err != nil {
		return fmt.Errorf("render the auditor's page: %w", err)
	}
	return nil
}

// limits are what no drill in a lab shows, whatever came of it.
var limits = []string{
	"It is a test of a design, in containers on one machine, by a program. It supports an exercise in production, " +
		"and does not replace one.",
	"Full scale is an extrapolation from the scale of the lab, and is labelled so.",
	"Nothing is shown of staff, of communication, of suppliers, or of a cloud provider's own services, which others " +
		"stand in for.",
	"What was not measured is said to be not measured. It is not zero.",
}

func (r Result) audit() page.Audit {
	a := page.Audit{Scenario: r.Scenario.Name, Limits: limits}
	add := func(question, askedBy string, here ...string) {
		a.Answers = append(a.Answers, page.Answer{Question: question, AskedBy: askedBy, Here: here})
	}
	add("Which exercise, and when", "RTS Art. 25(5), FFIEC", cmp.Or(r.Times(), "nobody wrote down when"))
	add("Of what kind", "NIST CP-4, ISO 22301 8.5(b)", "a functional test of a design in a lab, "+string(r.Status))
	add("Traceable to what was run", "RTS Art. 25(5), NIST 800-84",
		cmp.Or(r.Harness.Words(), "the harness is not known"), "scenario SHA-256 "+r.Scenario.FileSHA256,
		"again: "+r.Command())
	add("On what", "SOC 2 A1.3", r.machine()...)
	add("Objectives, and where they come from", "DORA Art. 12(6), ISO 22301 8.5(a), FFIEC", r.promised()...)
	add("What was planned, and what was done when, by whom", "RTS Art. 25(2)(e), FFIEC", r.stepLog()...)
	add("What was broken, and how that is known", "RTS Art. 25(2)(a)", r.faultLog()...)
	add("What was measured", "SOC 2 A1.3, NIST 800-34 3.5.1, DORA Art. 12(7)", r.measurements()...)
	add("Deviations and findings", "RTS Art. 25(5), FFIEC VII.K", r.deviations()...)
	add("Return to normal", "NIST 800-34 3.5.1, SEBI", r.whole())
	add("How anybody can check it", "auditors in general",
		"regionfall rejudge computes the verdict again from the raw history",
		"regionfall evidence verify compares every file with the seal, where there is one")
	add("Approval before, who led, who took part", "NIST CP-4, DORA Art. 24(4)")
	add("Owners, due dates and accepted risks of findings", "FFIEC, NIST CP-4(c)")
	add("Notification and communication, sign-off, report to the management body",
		"RTS Art. 25(2)(d), ISO 22301 8.5(e)")
	return a
}

func (r Result) machine() []string {
	all := []string{"engine " + cmp.Or(r.Lab.Engine, "not known")}
	if r.Host != nil {
		all = append(all, r.Host.Words())
	}
	if served := r.Lab.Served(); served != "" {
		all = append(all, "S3 and DynamoDB: "+served)
	}
	for _, i := range r.Lab.Images {
		all = append(all, i.For+": "+i.Digest)
	}
	return all
}

func (r Result) promised() []string {
	all := []string{"from: " + cmp.Or(r.Scenario.ObjectivesSource, "nobody names the policy (objectives.source)")}
	for _, row := range r.rows() {
		if row.Objective != "" {
			all = append(all, strings.TrimSpace(row.Name)+": "+cmp.Or(row.FullObjective, row.Objective))
		}
	}
	return all
}

func (r Result) stepLog() []string {
	var all []string
	for _, s := range r.Steps {
		all = append(all, fmt.Sprintf("%s, by %s: due at %s, done at %s", s.words(), cmp.Or(s.By, "the harness"),
			measure.Exactly(s.Due.Duration()), measure.Exactly(s.Began.Duration())))
	}
	return orNone(all, "no step was begun")
}

func (r Result) faultLog() []string {
	var all []string
	for _, f := range r.Faults {
		all = append(all, fmt.Sprintf("%s on %s: in effect %s, healed %s; seen by: %s", f.Name, f.Target,
			spanText(f.Effective), spanText(f.Healed), cmp.Or(f.By, "nobody")))
	}
	return orNone(all, "nothing was broken")
}

func (r Result) measurements() []string {
	var all []string
	for _, row := range r.rows() {
		line := strings.TrimSpace(row.Name) + ": " + row.Measured
		if row.FullMeasured != "" {
			line += " (at full scale " + row.FullMeasured + ")"
		}
		all = append(all, line)
	}
	return orNone(all, "nothing was measured")
}

func (r Result) deviations() []string {
	all := []string{"verdict: " + r.Verdict.String() + "; " + r.Expectation()}
	for _, row := range r.rows() {
		if row.Deviation != "" {
			all = append(all, strings.TrimSpace(row.Name)+": "+row.Deviation+" of the objective")
		}
	}
	for _, f := range r.Findings {
		if f.Verdict != measure.Pass {
			all = append(all, f.ID+" ("+f.Verdict.String()+"): "+f.Detail)
		}
	}
	return append(all, r.late()...)
}

// whole says whether everything was healed and removed.
func (r Result) whole() string {
	for _, f := range r.Faults {
		if f.Confirmed && f.Healed == nil {
			return f.Name + " on " + f.Target + " was not seen healed"
		}
	}
	if r.Leftovers > 0 {
		return fmt.Sprintf("%d resources of the lab were left over", r.Leftovers)
	}
	return "every fault was seen healed, and nothing of the lab was left over"
}

func orNone(all []string, none string) []string {
	if len(all) == 0 {
		return []string{none}
	}
	return all
}
