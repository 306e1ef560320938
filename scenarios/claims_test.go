package scenarios

import (
	"strings"
	"testing"

	"github.com/regionfall/regionfall/scenarios/file"
)

// What nothing is measured of can be neither claimed nor promised: nobody would see that it was never looked at.
func TestOnlyWhatIsMeasuredIsClaimedAndLimited(t *testing.T) {
	const (
		claim = "{rule: hot/, rpo: 1h}"
		limit = "rules: {hot/: 1h, cold/: 24h}"
		hot   = "{prefix: hot/, stands_for: 10TB}"
		after = ": nothing is measured of manifests/hot/: no write of a client is told to belong to what is copied " +
			"after hot/"
		items = ": nothing is measured of decisions: the app does not say how it writes to items"
	)
	s, err := Load("analytics-hot-cold")
	if err != nil {
		t.Fatal(err)
	}
	with := func(rule string) string { return hot + "\n      - " + rule }
	for name, c := range map[string]struct{ old, new, want string }{
		"a claim of what is copied after another rule": {
			claim, "{rule: manifests/hot/, rpo: 1h}", "claims[0].rule" + after,
		},
		"a limit of that": {limit, "rules: {manifests/hot/: 1h}", ruleLimitsPath + ".manifests/hot/" + after},
		"a size of that": {
			"after: hot/}", "after: hot/, stands_for: 1GB}", "topology.replication.rules[2].stands_for" + after,
		},
		"a limit of a table that the app does not write": {
			limit, "rules: {decisions: 1h}", ruleLimitsPath + ".decisions" + items,
		},
		"a size of a table": {
			hot, with("{table: decisions, stands_for: 1GB}"),
			"topology.replication.rules[1].stands_for: it goes with a prefix only: nobody counts the items that wait",
		},
		"two claims of one rule": {
			claim, claim + "\n  - {rule: hot/, rpo: 2h}",
			"claims[1]: a claim above is about hot/ too: which of them does the dashboard show?",
		},
		"a rule that another one above covers": {
			hot, with("{prefix: hot/today/}"),
			"topology.replication.rules[1]: it copies nothing, as all of hot/today/ belongs to hot/ above it: put it " +
				"above that",
		},
		"a rule that is called like a store": {
			hot, with("{prefix: items}"),
			"topology.replication.rules[1].prefix: items is what a store is called: write items/",
		},
	} {
		src := s.source
		if strings.Count(src, c.old) == 0 {
			t.Fatalf("%s: %q is not in it", name, c.old)
		}
		src = strings.Replace(src, c.old, c.new, 1)
		if strings.HasPrefix(c.new, "rules: {decisions") {
			src = strings.Replace(src, hot, with("{table: decisions}"), 1)
		}
		_, err := Parse("f.yaml", []byte(src))
		if err == nil || !strings.Contains(err.Error(), c.want) || len(file.Problems(err)) != 1 {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
