package evidence

import (
	"bytes"
	"strings"
	"testing"
)

// The auditor's page has what result.json has, and leaves to people what only they can say.
func TestTheAuditorsPage(t *testing.T) {
	for name, r := range drills(t) {
		var b bytes.Buffer
		if err := writeAudit(&b, r); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			r.Scenario.Name, r.Scenario.FileSHA256, r.Verdict.String(), "a person has to say it: regionfall attest",
			"nobody names the policy", "What this does not show", "does not replace one",
		} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: %q is missing", name, want)
			}
		}
		for _, f := range r.Faults {
			if !strings.Contains(b.String(), f.Name+" on "+f.Target) {
				t.Errorf("%s: nothing is said of %s", name, f.Name)
			}
		}
	}
}

func TestTheAuditorsPageNamesThePolicy(t *testing.T) {
	for _, r := range drills(t) {
		r.Scenario.ObjectivesSource = "policy 4.2 <section 3>"
		r.Steps = append(r.Steps, Step{Action: "failover", Of: "us-west-2", By: "the engineer on call"})
		var b bytes.Buffer
		if err := writeAudit(&b, r); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"from: policy 4.2 &lt;section 3&gt;", "failover us-west-2, by the engineer on call",
		} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%q is missing", want)
			}
		}
	}
}
