package scenarios

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/jsonschema"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// The words that a file may use as values. Each list has its origin in the package that gives the word its sense.

// Preset is a topology by its name.
type Preset string

// Values are the presets.
func (Preset) Values() []string { return topology.PresetNames() }

// Condition is what a step can wait for.
type Condition string

// automationMarks are the conditions that only the failover automation brings about.
var automationMarks = toConditions(append(api.StepMarks(), api.MarkFailed, api.MarkFencedLate))

// anytimeMarks are those of the name service, which can come before anything is broken.
var anytimeMarks = []drill.Condition{api.MarkHealth, api.MarkAnswer}

// Values are the conditions.
func (Condition) Values() []string {
	return toStrings(slices.Concat([]drill.Condition{drill.Recovered, api.MarkBackup, api.MarkReplicated}, anytimeMarks,
		automationMarks))
}

// jobBackup is the lab's own job: the backup of the home region.
const jobBackup = "backup"

// FaultKind is the name of a fault in the catalogue.
type FaultKind string

// Values are the kinds of the catalogue.
func (FaultKind) Values() []string {
	var kinds []string
	for _, e := range fault.Catalogue() {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// StepName is what a step is called.
type StepName string

// steadyState is what at is counted from where nothing is said, and which no step is called.
const steadyState = "steady_state"

var stepNameForm = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)

// UnmarshalText reads a name such as cut.
func (n *StepName) UnmarshalText(text []byte) error {
	if !stepNameForm.Match(text) {
		return fmt.Errorf("%s is no name of a step: use up to 40 lower-case letters, digits, _ and -, such as cut",
			file.Quote(string(text)))
	}
	*n = StepName(text)
	return nil
}

// Form is that of such a name.
func (*StepName) Form() file.Form {
	return file.Form{Words: "the name of a step", Schema: &jsonschema.Schema{
		Type: "string", Pattern: stepNameForm.String(),
	}}
}

// Injected is a fault of a step above: by its kind, or by the name of the step.
type Injected string

// UnmarshalText reads either. Whether there is one is asked when all steps are known.
func (i *Injected) UnmarshalText(text []byte) error {
	if !stepNameForm.Match(text) {
		return UnknownFault(string(text))
	}
	*i = Injected(text)
	return nil
}

// Form is that of either.
func (*Injected) Form() file.Form {
	return file.Form{Words: "a fault, or the name of a step", Schema: jsonschema.Any( // editors offer the faults
		jsonschema.Strings(FaultKind("").Values()...),
		&jsonschema.Schema{Type: "string", Pattern: stepNameForm.String()},
	)}
}

// UnknownFault is the complaint about a kind that the catalogue does not have, with the nearest that it has.
func UnknownFault(kind string) error {
	return fmt.Errorf("unknown fault %s: %s", file.Quote(kind), file.Suggest(kind, FaultKind("").Values()))
}

// Store is where acknowledged writes are looked for.
type Store string

// Values are the stores.
func (Store) Values() []string {
	return []string{
		history.StorePostgres, history.StoreObjects, history.StoreItems, history.StoreRedis, history.StoreCode,
	}
}

// Guarantee is one that a client's session may be promised.
type Guarantee string

// Values are the guarantees.
func (Guarantee) Values() []string { return measure.Guarantees() }

// Consistency is what reads may see of writes.
type Consistency string

// Values are the kinds of consistency.
func (Consistency) Values() []string { return []string{measure.Linearizable} }

// Finding is what a drill may find.
type Finding string

// Values are the ids of findings.
func (Finding) Values() []string { return measure.Findings() }

// Precondition of an expected failure: a mark of the automation, or what else can be asked of a history.
type Precondition string

// Values are the preconditions.
func (Precondition) Values() []string {
	return append([]string{measure.GivenReadLocally}, toStrings(slices.Concat(anytimeMarks, automationMarks))...)
}

// Verdict is pass. What fails has to be said in more than a word.
type Verdict string

const verdictPass = "pass"

// UnmarshalText reads pass.
func (v *Verdict) UnmarshalText(text []byte) error {
	switch word := string(text); word {
	case verdictPass:
		*v = verdictPass
		return nil
	case "fail":
		return errors.New("fail does not say what must be found: write {fail: [recovery_point]}")
	default:
		return fmt.Errorf("unknown verdict %s: %s", file.Quote(word), file.Suggest(word, []string{verdictPass}))
	}
}

// Form is that of the word.
func (*Verdict) Form() file.Form { return file.Words(verdictPass) }

func toStrings[T ~string](words []T) []string {
	var all []string // nil for nil
	for _, w := range words {
		all = append(all, string(w))
	}
	return all
}

func toConditions(words []string) []drill.Condition {
	var all []drill.Condition
	for _, w := range words {
		all = append(all, drill.Condition(w))
	}
	return all
}

// itemPath is the path of the i-th item of the list at path.
func itemPath(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
