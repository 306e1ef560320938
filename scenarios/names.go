package scenarios

import (
	"fmt"
	"slices"

	"github.com/regionfall/regionfall/lab/api"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// The names a file may use that are not the names of keys. Each list has its origin in the package that gives the name its meaning.

// automationMarks are the conditions that only the failover automation brings about.
var automationMarks = []drill.Condition{
	api.MarkDetected, api.MarkDecided, api.MarkFenced, api.MarkRestored, api.MarkPromoted, api.MarkRepointed, api.MarkScaledOut,
	api.MarkPreflight, api.MarkShifted, api.MarkRedirected, api.MarkFollowed, api.MarkFailed, api.MarkFencedLate,
}

// anytimeMarks are those of the name service, which can come before anything is broken.
var anytimeMarks = []drill.Condition{api.MarkHealth, api.MarkAnswer}

// conditions a step can wait for.
func conditions() []drill.Condition {
	return slices.Concat([]drill.Condition{drill.Recovered, api.MarkBackup}, anytimeMarks, automationMarks)
}

// jobBackup is the backup job of the home region (lab/agent.BackupConfig).
const jobBackup = "backup"

func jobs() []string { return []string{jobBackup} }

func stores() []string {
	return []string{history.StorePostgres, history.StoreObjects, history.StoreItems}
}

// preconditions of an expected failure: marks of the automation, and what else can be asked of a history.
func preconditions() []string {
	all := []string{measure.GivenReadLocally}
	for _, mark := range slices.Concat(anytimeMarks, automationMarks) {
		all = append(all, string(mark))
	}
	return all
}

func faultKinds() []string {
	var kinds []string
	for _, e := range fault.Catalogue() {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// UnknownFault is the complaint about a kind that the catalogue does not have, with the nearest that it has.
func UnknownFault(kind string) error {
	return fmt.Errorf("unknown fault %s: %s", quote(kind), suggest(kind, faultKinds()))
}
