package measure

import (
	"strings"
	"testing"
	"time"
)

// What was not put to the test is told apart from what was kept, in the finding and in the row.
func TestStaleConfigurationInWords(t *testing.T) {
	const s = time.Second
	value := []StaleValue{{
		Node: "app." + standby, Service: "app", Key: "database", Address: "10.0.0.1", Region: home, Source: "values",
	}}
	for name, c := range map[string]struct {
		of           StaleConfig
		finding, row string
	}{
		"nobody said anything": {
			StaleConfig{},
			"no node said what its configuration is while a region was lost: nothing is known",
			"not measured",
		},
		"nobody was redirected": {
			StaleConfig{Nodes: 2},
			"clients were not redirected from a region that was lost: nothing was put to the test",
			"not measured",
		},
		"nothing was stale": {
			StaleConfig{Nodes: 2, Interval: fromTo(0, 0)},
			"none of 2 nodes referred to the lost region when clients were redirected",
			"none of 2 nodes",
		},
		"something was": {
			StaleConfig{Nodes: 2, Stale: value, Failed: 3, Interval: fromTo(s, 2*s)},
			"after clients were redirected the lost region was referred to for 1 s to 2 s (objective 5 s): app of " +
				"app.us-west-2 has database at 10.0.0.1 in us-east-1 (values, revision 0); 3 operations failed",
			"1 s … 2 s, 3 operations failed at 1 node",
		},
		"something may have been": {
			StaleConfig{Nodes: 2, Interval: fromTo(0, s)},
			"none of 2 nodes referred to the lost region when clients were redirected",
			"0 ms … 1 s, 0 operations failed at 0 nodes",
		},
		"something is to the end": {
			StaleConfig{Nodes: 2, Stale: value, Interval: more(s), Censored: true},
			"after clients were redirected the lost region was referred to for 1 s or more",
			"> 1 s, 0 operations failed at 1 node",
		},
	} {
		c.of.Objective = Spec{}.objective(5 * s)
		if got := staleConfigFinding(c.of).Detail; !strings.HasPrefix(got, c.finding) {
			t.Errorf("%s: the finding says %q, want %q", name, got, c.finding)
		}
		rows := (Report{Metrics: Metrics{StaleConfig: &c.of}}).Rows(1)
		if rows[0].Measured != c.row {
			t.Errorf("%s: the row says %q, want %q", name, rows[0].Measured, c.row)
		}
	}
}
