package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// Drill is what is known when a drill is over.
type Drill struct {
	Scenario  Scenario
	Status    Status
	Err       error // why, when Status is Errored
	History   history.History
	Report    measure.Report
	Expect    Expect
	Lab       Lab
	Leftovers int
}

// Expect is what the author of the scenario says the drill must find. The zero value expects pass.
type Expect struct {
	Fail     bool
	Findings []string // ids of the findings that must fail; none: any
}

// ScenarioOf describes a scenario from its text as run.
func ScenarioOf(name string, source []byte, timescale float64) Scenario {
	sum := sha256.Sum256(source)
	return Scenario{Name: name, FileSHA256: hex.EncodeToString(sum[:]), Timescale: timescale}
}

// New writes down a drill. A drill that left something behind is an error of the harness, whatever it measured; one that did not
// complete never passes and meets no expectation.
func New(d Drill) Result {
	r := Result{
		Schema:    Schema,
		Scenario:  d.Scenario,
		Status:    d.Status,
		Verdict:   verdictOf(d.Report.Verdict),
		Reasons:   append([]string{}, d.Report.Reasons...),
		Faults:    FaultsOf(d.History),
		Metrics:   metricsOf(d.Report.Metrics),
		Findings:  findingsOf(d.Report.Findings),
		Lab:       d.Lab,
		Leftovers: d.Leftovers,
	}
	r.Lab.Images = append([]Image{}, d.Lab.Images...)
	if d.Err != nil {
		r.Status, r.Error = Errored, withoutPlaces(d.Err.Error())
	}
	switch {
	case r.Status == Completed && r.Leftovers > 0:
		r.Status, r.Error = Errored, fmt.Sprintf("%d of the lab's containers, networks and volumes outlived it", r.Leftovers)
	case r.Status != Completed && r.Status != Interrupted:
		r.Status = Errored
		if r.Error == "" {
			r.Error = "the drill ended without saying why"
		}
	}
	if r.Status != Completed && r.Verdict == Pass {
		r.Verdict = Inconclusive
		r.Reasons = append(r.Reasons, "A drill that did not complete proves nothing.")
	}
	r.Expected = Expected{Verdict: Pass, Findings: append([]string{}, d.Expect.Findings...)}
	if d.Expect.Fail {
		r.Expected.Verdict = Fail
	}
	missing, surplus := r.unexpected()
	r.Expected.Met = r.Status == Completed && r.Verdict == r.Expected.Verdict && len(missing) == 0 && len(surplus) == 0
	return r
}

// unexpected compares the findings that fail with those expected to: "exactly that finding" means neither fewer nor others.
func (r Result) unexpected() (missing, surplus []string) {
	if r.Expected.Verdict != Fail || len(r.Expected.Findings) == 0 {
		return nil, nil
	}
	var failed []string
	for _, f := range r.Findings {
		if f.Verdict == Fail && !slices.Contains(failed, f.ID) {
			failed = append(failed, f.ID)
		}
	}
	for _, id := range r.Expected.Findings {
		if !slices.Contains(failed, id) {
			missing = append(missing, id)
		}
	}
	for _, id := range failed {
		if !slices.Contains(r.Expected.Findings, id) {
			surplus = append(surplus, id)
		}
	}
	return missing, surplus
}

// FaultsOf are the faults of a history in the form of result.json.
func FaultsOf(h history.History) []Fault {
	faults := []Fault{}
	for _, f := range h.Faults {
		faults = append(faults, Fault{
			Name: f.Name, Target: f.Target, CommandMS: f.Command.Milliseconds(), Effective: spanOf(f.Effective), Healed: spanOf(f.Healed),
			Confirmed: f.Confirmed, By: f.By,
		})
	}
	return faults
}

func findingsOf(fs []measure.Finding) []Finding {
	findings := []Finding{}
	for _, f := range fs {
		findings = append(findings, Finding{
			ID: f.ID, Checker: f.Checker, Verdict: verdictOf(f.Verdict), Detail: f.Detail, Evidence: append([]string{}, f.Evidence...),
		})
	}
	return findings
}

func verdictOf(v measure.Verdict) Verdict {
	switch v {
	case measure.Pass:
		return Pass
	case measure.Fail:
		return Fail
	case measure.Inconclusive:
	}
	return Inconclusive
}

// An error's text comes from anywhere: an engine's address, a file of this machine. These say what happened without saying where.
var (
	urlInText  = regexp.MustCompile(`\b([a-z][a-z0-9+.-]*://)[^\s"'` + "`" + `,;)\]]+`)
	pathInText = regexp.MustCompile(`(^|[\s"'` + "`" + `=(\[:,])(/[^/\s]|[A-Za-z]:\\)[^\s"'` + "`" + `:;,)\]]*[/\\]([^\s"'` + "`" + `:;,)\]/\\]*)`)
)

func withoutPlaces(text string) string {
	text = urlInText.ReplaceAllString(text, "${1}…")
	text = pathInText.ReplaceAllString(text, "${1}…/${3}")
	return strings.TrimSpace(text)
}
