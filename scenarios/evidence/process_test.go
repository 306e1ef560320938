package evidence

import (
	"bytes"
	"strings"
	"testing"

	"github.com/regionfall/regionfall/scenarios/history"
)

func TestAProcessInWords(t *testing.T) {
	for want, p := range map[string]Process{
		"1 node; when the load ended, worker.us-east-1 ran": {
			Count: 1,
			Nodes: []Node{{"worker.us-east-1", NodeRuns, new(1)}},
		},
		"2 nodes that clients are sent to; when the load ended, app-1.us-east-1 did not answer, app-1.us-west-2 ran " +
			"(started 2 times)": {
			Count: 2, Clients: true,
			Nodes: []Node{{"app-1.us-east-1", NodeSilent, nil}, {"app-1.us-west-2", NodeRuns, new(2)}},
		},
		"2 nodes; when the load ended, a had ended (started 3 times), b waited for a failover": {
			Count: 2, Nodes: []Node{{"a", NodeEnded, new(3)}, {"b", NodeWaits, new(0)}},
		},
	} {
		if got := p.Words(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// `regionfall run` refuses a scenario whose operations are Go code.
func TestADrillOfGoCodeIsRepeatedByItsProgram(t *testing.T) {
	for program, want := range map[string]string{
		"example.com/payments/drill": "run example.com/payments/drill, the Go program that ran it",
		UnknownProgram:               "run the Go program that ran it",
	} {
		r := Result{Scenario: Scenario{Name: "payments", Repeat: "payments.yaml", Program: program}}
		for name, write := range map[string]func(out *bytes.Buffer) error{
			"table":   func(out *bytes.Buffer) error { return Table(out, r, false) },
			"summary": func(out *bytes.Buffer) error { return writeSummary(out, r) },
			"report":  func(out *bytes.Buffer) error { return writeReport(out, r, history.History{}) },
			"junit":   func(out *bytes.Buffer) error { return writeJUnit(out, r, 0) },
		} {
			var out bytes.Buffer
			if err := write(&out); err != nil {
				t.Fatal(err)
			}
			text := out.String()
			if strings.Contains(text, "regionfall run") || !strings.Contains(text, want) && name != "junit" {
				t.Errorf("%s of a drill by %s:\n%s\nwant: %s", name, program, text, want)
			}
		}
	}
}
