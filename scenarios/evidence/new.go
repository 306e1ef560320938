package evidence

import (
	"cmp"
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
	Scenario Scenario
	Status   Status
	// Err is why, when Status is Errored. Whoever judges evidence again passes the text that its result has: places are taken out once.
	Err       error
	History   history.History
	Report    measure.Report
	Expect    Expect
	Lab       Lab
	Leftovers int
}

// Expect is what the author of the scenario says the drill must find, as measure.Met has it. The zero value expects pass.
type Expect struct {
	Fail     bool
	Findings []string // ids of the findings that must fail, no others
}

// ScenarioOf describes a scenario from its text as run.
func ScenarioOf(name string, source []byte, timescale float64) Scenario {
	sum := sha256.Sum256(source)
	return Scenario{Name: name, FileSHA256: hex.EncodeToString(sum[:]), Timescale: timescale}
}

// New writes down a drill. A drill that left something behind is an error of the harness, whatever it measured; one that did not
// complete neither passes nor fails and meets no expectation: what was seen of it stays, without a verdict.
func New(d Drill) Result {
	r := Result{
		Schema:    Schema,
		Scenario:  d.Scenario,
		Status:    d.Status,
		Verdict:   verdictOf(d.Report.Verdict),
		Reasons:   append([]string{}, d.Report.Reasons...),
		Faults:    FaultsOf(d.History),
		Metrics:   metricsOf(d.Report.Metrics, d.Scenario.Timescale),
		Findings:  findingsOf(d.Report.Findings),
		Lab:       d.Lab,
		Leftovers: d.Leftovers,
	}
	r.Lab.Images = append([]Image{}, d.Lab.Images...)
	slices.SortFunc(r.Lab.Images, func(a, b Image) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
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
	if r.Status != Completed {
		r.withdraw()
	}
	r.Expected = Expected{Verdict: Pass, Findings: append([]string{}, d.Expect.Findings...), Given: d.Report.Given}
	if d.Expect.Fail {
		r.Expected.Verdict = Fail
	}
	r.Expected.Met = r.Status == Completed && measure.Met(d.Report, d.Expect.Fail, d.Expect.Findings)
	return r
}

// withdraw takes back every verdict and says first why.
func (r *Result) withdraw() {
	r.Verdict = Inconclusive
	r.Reasons = append([]string{r.Why()}, r.Reasons...)
	for i := range r.Findings {
		r.Findings[i].Verdict = Inconclusive
	}
	if t := r.Metrics.RecoveryTime; t != nil {
		t.Verdict = Inconclusive
	}
	if c := r.Metrics.Capacity; c != nil {
		c.Verdict = Inconclusive
	}
	if c := r.Metrics.StaleConfig; c != nil {
		c.Verdict = Inconclusive
	}
	if g := r.Metrics.WriteGap; g != nil {
		g.Verdict = Inconclusive
		for i := range g.Each {
			g.Each[i].Verdict = Inconclusive
		}
	}
	for i := range r.Metrics.Sessions {
		r.Metrics.Sessions[i].Verdict = Inconclusive
	}
	if p := r.Metrics.RecoveryPoint; p != nil {
		p.Verdict = Inconclusive
		for i := range p.Stores {
			p.Stores[i].Verdict = Inconclusive
		}
	}
}

// unexpected compares the findings that fail with those expected to: "exactly that finding" means neither fewer nor others.
func (r Result) unexpected() (missing, surplus []string) {
	if r.Expected.Verdict != Fail {
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
