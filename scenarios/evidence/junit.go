package evidence

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/measure"
)

// A suite of JUnit has no failure exactly when the drill met its expectation, as the exit code of `regionfall run` has
// it.
type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     string      `xml:"time,attr,omitempty"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string     `xml:"name,attr"`
	Class   string     `xml:"classname,attr"`
	Failure *junitNote `xml:"failure,omitempty"`
	Error   *junitNote `xml:"error,omitempty"`
	Skipped *junitNote `xml:"skipped,omitempty"`
	Out     string     `xml:"system-out,omitempty"`
}

type junitNote struct {
	Type    string `xml:"type,attr,omitempty"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func writeJUnit(w io.Writer, r Result, took time.Duration) error {
	suite := junitSuite{Name: r.Scenario.Name}
	if took > 0 {
		suite.Time = fmt.Sprintf("%.3f", took.Seconds())
	}
	seen := map[string]bool{}
	for _, row := range r.rows() {
		if !row.Judged {
			continue
		}
		seen[row.ID] = true
		suite.add(r, row.ID, row.Verdict, measuredAgainst(row), r.detail(row.ID))
	}
	for _, f := range r.Findings {
		if seen[f.ID] { // said as a metric
			continue
		}
		suite.add(r, f.ID, f.Verdict, f.Detail, strings.Join(f.Evidence, "\n"))
	}
	end := junitCase{Name: "expectation", Class: r.Scenario.Name, Out: r.Expectation()}
	switch {
	case r.Status == Errored:
		end.Error = &junitNote{Type: "error", Message: r.Why()}
		suite.Errors++
	case !r.Expected.Met:
		kind := "expectation"
		if r.Verdict == measure.Inconclusive {
			kind = r.Verdict.String()
		}
		message := r.Why()
		if text := r.Expectation(); text != "" {
			message, end.Out = text, ""
		}
		end.Failure = &junitNote{Type: kind, Message: message, Text: strings.Join(r.Reasons, "\n")}
		suite.Failures++
	}
	suite.Cases = append(suite.Cases, end)
	suite.Tests = len(suite.Cases)

	data, err := xml.MarshalIndent(suite, "", "  ")
	if err != nil {
		return fmt.Errorf("encode junit: %w", err)
	}
	if _, err := fmt.Fprintf(w, "%s%s\n", xml.Header, data); err != nil {
		return fmt.Errorf("write junit: %w", err)
	}
	return nil
}

// measuredAgainst is what was measured, and what was promised.
func measuredAgainst(row measure.Row) string {
	if against := row.Against(); against != "" {
		return row.Measured + ", " + against
	}
	return row.Measured
}

func (s *junitSuite) add(r Result, id string, v measure.Verdict, message, text string) {
	c := junitCase{Name: id, Class: r.Scenario.Name}
	note := &junitNote{Type: v.String(), Message: message, Text: text}
	switch {
	case v == measure.Pass:
		c.Out = message
	case r.Expected.Met && v == measure.Fail && r.expects(id):
		c.Out = "expected fail: " + message
	case r.Expected.Met, r.Status != Completed:
		// The drill was to catch something else, and did: this is no failure of the gate, but neither did it pass. Of
		// one that did not complete nothing is known, and that is said once.
		c.Skipped = note
		s.Skipped++
	default:
		c.Failure = note
		s.Failures++
	}
	s.Cases = append(s.Cases, c)
}

// expects is whether a finding, or the finding that a part of a metric belongs to, was expected to fail.
func (r Result) expects(id string) bool {
	if r.Expected.Verdict != measure.Fail {
		return false
	}
	whole, _, _ := strings.Cut(id, ".")
	return slices.Contains(r.Expected.Findings, id) || slices.Contains(r.Expected.Findings, whole)
}

func (r Result) detail(id string) string {
	for _, f := range r.Findings {
		if f.ID == id {
			return f.Detail
		}
	}
	return ""
}
