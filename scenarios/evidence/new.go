package evidence

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// Drill is what is known when a drill is over.
type Drill struct {
	Scenario Scenario
	Status   Status
	// Err is why, when Status is Errored. Whoever judges evidence again passes the text that its result has: places are
	// taken out once.
	Err       error
	History   history.History
	Report    measure.Report
	Expect    Expect
	Ran       Ran
	Lab       Lab
	Leftovers int
}

// Ran is when a drill ran, by the wall clock, and what ran it. Who judges evidence again keeps it.
type Ran struct {
	Began, Ended time.Time // zero: not known
	Harness      Harness
	Host         *Host
}

// Ran is when the drill ran, and what ran it.
func (r Result) Ran() Ran {
	ran := Ran{Harness: r.Harness, Host: r.Host}
	if r.Began != nil {
		ran.Began = *r.Began
	}
	if r.Ended != nil {
		ran.Ended = *r.Ended
	}
	return ran
}

// Expect is what the author of the scenario says the drill must find, as measure.Met has it. The zero value expects
// pass.
type Expect struct {
	Fail     bool
	Findings []string // ids of the findings that must fail, no others
}

// ScenarioOf describes a scenario from its text as run.
func ScenarioOf(name string, source []byte, timescale float64) Scenario {
	return Scenario{Name: name, FileSHA256: Digest(source), Timescale: timescale}
}

// Digest is the SHA-256 of a file's text, in hex.
func Digest(source []byte) string {
	sum := sha256.Sum256(source)
	return hex.EncodeToString(sum[:])
}

// New writes down a drill. A drill that left something behind is an error of the harness, whatever it measured; one
// that did not complete neither passes nor fails and meets no expectation: what was seen of it stays, without a
// verdict.
func New(d Drill) Result {
	r := Result{
		Schema: Schema, Scenario: d.Scenario, Status: d.Status, Began: utc(d.Ran.Began), Ended: utc(d.Ran.Ended),
		Faults: FaultsOf(d.History), Steps: stepsOf(d.History),
		Harness: d.Ran.Harness, Host: d.Ran.Host, Lab: d.Lab, Leftovers: d.Leftovers,
	}
	if began := d.History.Heading.Began; !began.IsZero() {
		r.Began = utc(began)
	}
	if r.Lab.Serving == nil {
		r.Lab.Serving = map[string]string{}
	}
	r.Lab.Images = append([]Image{}, d.Lab.Images...)
	slices.SortFunc(r.Lab.Images, func(a, b Image) int {
		return cmp.Or(cmp.Compare(a.For, b.For),
			cmp.Compare(a.Name, b.Name))
	})
	if d.Err != nil {
		r.Status, r.Error = Errored, withoutPlaces(d.Err.Error())
	}
	switch {
	case r.Status == Completed && r.Leftovers > 0:
		r.Status, r.Error = Errored, fmt.Sprintf("%d of the lab's containers, networks and volumes outlived it",
			r.Leftovers)
	case r.Status != Completed && r.Status != Interrupted:
		r.Status = Errored
		if r.Error == "" {
			r.Error = "the drill ended without saying why"
		}
	}
	report := d.Report
	if r.Status != Completed {
		report = report.Withdrawn()
		report.Reasons = append([]string{r.Why()}, report.Reasons...)
	}
	r.conclude(report)
	r.Expected = Expected{
		Verdict: measure.Pass, Findings: append([]string{}, d.Expect.Findings...),
		Given: d.Report.Given,
	}
	if d.Expect.Fail {
		r.Expected.Verdict = measure.Fail
	}
	r.Expected.Met = r.Status == Completed && measure.Met(d.Report, d.Expect.Fail, d.Expect.Findings)
	return r.asWritten()
}

// utc is a time as it is written; nil is not known.
func utc(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return new(t.UTC().Truncate(time.Millisecond))
}

// asWritten is a result as it is read back: rounded. What is rendered when a drill ends says the same as what is
// rendered from its file later.
func (r Result) asWritten() Result {
	data, err := json.Marshal(r)
	if err != nil {
		return r // Write says what is wrong with it
	}
	var out Result
	if err := json.Unmarshal(data, &out); err != nil {
		return r
	}
	return out
}

// conclude takes over what was measured. Lists are lists, also where they are empty.
func (r *Result) conclude(report measure.Report) {
	r.Verdict, r.Metrics, r.Reasons = report.Verdict, report.Metrics, append([]string{}, report.Reasons...)
	r.Incidents = append([]measure.Incident{}, report.Incidents...)
	r.Findings = append([]measure.Finding{}, report.Findings...)
	for i := range r.Findings {
		r.Findings[i].Evidence = append([]string{}, r.Findings[i].Evidence...)
	}
}

// unexpected compares the findings that fail with those expected to: "exactly that finding" means neither fewer nor
// others.
func (r Result) unexpected() (missing, surplus []string) {
	if r.Expected.Verdict != measure.Fail {
		return nil, nil
	}
	var failed []string
	for _, f := range r.Findings {
		if f.Verdict == measure.Fail && !slices.Contains(failed, f.ID) {
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
	roles := measure.Roles(h)
	for i, f := range h.Faults {
		faults = append(faults, Fault{
			Name: f.Name, Target: f.Target, Role: roles[i], Command: measure.Low(f.Command),
			Effective: measure.SpanOf(f.Effective),
			Healed:    measure.SpanOf(f.Healed), Lapsed: measure.SpanOf(f.Lapsed), Confirmed: f.Confirmed, By: f.By,
		})
	}
	return faults
}

// An error's text comes from anywhere: an engine's address, a file of this machine. These say what happened without
// saying where.
var (
	urlInText  = regexp.MustCompile(`\b([a-z][a-z0-9+.-]*://)[^\s"'` + "`" + `,;)\]]+`)
	pathInText = regexp.MustCompile(`(^|[\s"'` + "`" + `=(\[:,])(/[^/\s]|[A-Za-z]:\\)[^\s"'` + "`" +
		`:;,)\]]*[/\\]([^\s"'` + "`" + `:;,)\]/\\]*)`)
)

func withoutPlaces(text string) string {
	text = urlInText.ReplaceAllString(text, "${1}…")
	text = pathInText.ReplaceAllString(text, "${1}…/${3}")
	return strings.TrimSpace(text)
}
