package evidence

import (
	"maps"
	"slices"
	"strings"

	"github.com/regionfall/regionfall/scenarios/measure"
)

// Schema names the format of result.json.
const Schema = "regionfall-result/v1"

// Result is result.json. Durations are whole milliseconds of lab time; null is not measured, never 0.
type Result struct {
	Schema   string   `json:"schema"`
	Scenario Scenario `json:"scenario"`
	Status   Status   `json:"status"`
	// Error says in one sentence why the harness could not do its work; empty unless Status is Errored.
	Error     string            `json:"error,omitempty"`
	Verdict   measure.Verdict   `json:"verdict"`
	Reasons   []string          `json:"reasons"`
	Expected  Expected          `json:"expected"`
	Faults    []Fault           `json:"faults"`
	Metrics   measure.Metrics   `json:"metrics"`
	Findings  []measure.Finding `json:"findings"`
	Lab       Lab               `json:"lab"`
	Leftovers int               `json:"leftovers"` // containers, networks and volumes of the lab that outlived it
}

// Scenario says which scenario was run, and how.
type Scenario struct {
	Name       string  `json:"name"`
	FileSHA256 string  `json:"file_sha256"` // of the scenario's text, in hex
	Timescale  float64 `json:"timescale"`   // one lab second stands for this many
	// Repeat are the arguments of `regionfall run` that repeat the drill, when the name alone does not. Never an absolute path.
	Repeat string `json:"repeat,omitempty"`
}

// Status says how far a drill got. The zero value is not a status: a drill that does not know how it ended did not complete.
type Status string

// The statuses.
const (
	Completed   Status = "completed"
	Interrupted Status = "interrupted" // by a person
	Errored     Status = "error"       // the lab or the harness failed
)

// Expected is what the author of the scenario said the drill must find, and whether it did.
type Expected struct {
	Verdict  measure.Verdict `json:"verdict"`
	Findings []string        `json:"findings"` // ids of findings, with verdict fail
	// Given are the preconditions of the expected failure, and whether they came true.
	Given []measure.Precondition `json:"given,omitempty"`
	Met   bool                   `json:"met"`
}

// Fault is the life of one fault. A nil span was not seen.
type Fault struct {
	Name      string        `json:"name"`
	Target    string        `json:"target"`
	Command   measure.Low   `json:"command_ms"`
	Effective *measure.Span `json:"effective_ms"`
	Healed    *measure.Span `json:"healed_ms"`
	Confirmed bool          `json:"confirmed"`
	By        string        `json:"by"` // what the probe saw
}

// Lab says what the drill ran on.
type Lab struct {
	Engine string  `json:"engine"` // such as "Docker 28.5.1"
	Images []Image `json:"images"`
	AWS    string  `json:"aws"` // localstack or packages
	// Serving is which program served s3, and which dynamodb, with its version and where it is from.
	Serving map[string]string `json:"serving"`
	Ready   measure.Near      `json:"ready_ms"` // from nothing to every node ready
}

// Served is what served S3 and DynamoDB, as far as it was written down.
func (l Lab) Served() string {
	if len(l.Serving) == 0 {
		return l.AWS
	}
	var parts []string
	for _, service := range slices.Sorted(maps.Keys(l.Serving)) {
		parts = append(parts, service+": "+l.Serving[service])
	}
	return strings.Join(parts, "; ")
}

// Image is one the lab's nodes were started from.
type Image struct {
	Name string `json:"name"`
	ID   string `json:"id"`
}
