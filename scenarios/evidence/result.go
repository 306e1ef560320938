package evidence

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/measure"
)

// Schema names the format of result.json. docs/schema/result.schema.json describes it.
const Schema = "regionfall-result/v2"

// Result is result.json. Durations are whole milliseconds of lab time; null is not measured, or not known, and never 0.
type Result struct {
	Schema   string   `json:"schema"`
	Scenario Scenario `json:"scenario"`
	Status   Status   `json:"status"`
	// Error says in one sentence why the harness could not do its work; it is there only with status error.
	Error string     `json:"error,omitempty"`
	Began *time.Time `json:"began"` // the recording, in UTC by the wall clock, by which nothing is measured
	Ended *time.Time `json:"ended"` // when the lab was gone, or left alone
	// Verdict is that of the findings; what the author of the scenario expected is told apart from it.
	Verdict  measure.Verdict `json:"verdict"`
	Reasons  []string        `json:"reasons"` // one sentence each
	Expected Expected        `json:"expected"`
	Faults   []Fault         `json:"faults"` // and ordered moves, as they were ordered
	// Steps are those of the scenario that were begun, in that order; left out where nobody wrote that down.
	Steps []Step `json:"steps,omitempty"`
	// Incidents are what came of each of those that takes something away, in the order of time.
	Incidents []measure.Incident `json:"incidents"`
	Metrics   measure.Metrics    `json:"metrics"` // of all of the drill: the worst
	Findings  []measure.Finding  `json:"findings"`
	Harness   Harness            `json:"harness"`
	Host      *Host              `json:"host"`
	Lab       Lab                `json:"lab"`
	Leftovers int                `json:"leftovers"` // containers, networks and volumes of the lab that outlived it
}

// Scenario says which scenario was run, and how.
type Scenario struct {
	Name       string  `json:"name"`
	FileSHA256 string  `json:"file_sha256"`          // of the scenario's text, in hex
	AppSHA256  string  `json:"app_sha256,omitempty"` // of the text of the app's own file, in hex, if it has one
	Timescale  float64 `json:"timescale"`            // one lab second stands for this many
	// ObjectivesSource names the policy that the objectives are from, with its version.
	ObjectivesSource string `json:"objectives_source,omitempty"`
	// Documented are the numbers that people rely on, in the time of the story; null: nobody wrote any down.
	Documented *Documented `json:"documented,omitempty"`
	// Repeat are the arguments of `regionfall run` that repeat the drill, when the name alone does not. Never an
	// absolute path.
	Repeat string `json:"repeat,omitempty"`
	// Program is the Go program that ran it, of an app whose operations are Go code, by its import path or its name:
	// `regionfall run` refuses it. It is "unknown" where nobody wrote that down.
	Program string `json:"program,omitempty"`
}

// Documented are numbers of a runbook or a contract, in the time of the story.
type Documented struct {
	RecoveryTime  *measure.Near `json:"recovery_time_ms,omitempty"`
	RecoveryPoint *measure.Near `json:"recovery_point_ms,omitempty"`
}

// UnknownProgram is a Scenario's Program where that ran in one, and nobody knows which.
const UnknownProgram = "unknown"

// Status says how far a drill got. The zero value is not a status: a drill that does not know how it ended did not
// complete.
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

// Fault is the life of one fault. A span that is null was not seen.
type Fault struct {
	Name      string        `json:"name"`
	Target    string        `json:"target"`
	Role      measure.Role  `json:"role"`
	Command   measure.Low   `json:"command_ms"`
	Effective *measure.Span `json:"effective_ms"`
	Healed    *measure.Span `json:"healed_ms"`
	// Lapsed says that it was not in force any more when it was to be healed: between when it was last seen in force
	// and first seen not to be.
	Lapsed    *measure.Span `json:"lapsed_ms"`
	Confirmed bool          `json:"confirmed"`
	By        string        `json:"by"` // what the probe saw
}

// Step is one of the scenario's, and when it was due and began.
type Step struct {
	Action string `json:"action"`           // inject, heal, switchover, failover, job, replicate, restore or note
	Of     string `json:"of"`               // the fault's kind, the region, the job, the rule or the text
	Target string `json:"target,omitempty"` // of the fault
	By     string `json:"by,omitempty"`     // the person who ordered or said it
	// Waited says that it was due so long after something that it waited for; else it is counted from the steady
	// state.
	Waited bool         `json:"waited,omitempty"`
	Due    measure.Near `json:"due_ms"`
	Began  measure.Near `json:"began_ms"` // of a fault, when it was ordered
	Late   measure.Near `json:"late_ms"`  // how much later than it was due it began
}

// Harness is the program that ran and judged the drill. Null is not known.
type Harness struct {
	Version *string `json:"version"`
	Commit  *string `json:"commit"` // of its sources, in hex
	Dirty   *bool   `json:"dirty"`  // the sources were not those of the commit
}

// Host is the class of the machine that the harness ran on, and says nothing of which one it was. Null is not known.
type Host struct {
	OS         string  `json:"os"`
	Arch       string  `json:"arch"`
	Processors int     `json:"processors"`
	MemoryMB   *int64  `json:"memory_mb"` // 1 MB is 2^20 bytes
	Kernel     *string `json:"kernel"`    // its release
}

// Lab says what the drill ran on.
type Lab struct {
	Engine string  `json:"engine"` // such as "Docker 28.5.1"
	Images []Image `json:"images"`
	AWS    string  `json:"aws"` // localstack or packages
	// Serving is what stood in for the cloud's own services: which program served s3, and which dynamodb, with its
	// version and where it is from.
	Serving map[string]string `json:"serving"`
	// Processes are the kinds of nodes of the app, where it has more than one, by their names.
	Processes []Process     `json:"processes,omitempty"`
	Ready     *measure.Near `json:"ready_ms"` // from nothing to every node ready; null: it never was
}

// Readiness says how long it took until every node was ready; empty where it never was.
func (l Lab) Readiness() string {
	if l.Ready == nil {
		return ""
	}
	return measure.Exactly(l.Ready.Duration())
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
	For    string `json:"for"`  // such as postgres
	Name   string `json:"name"` // in the engine
	Digest string `json:"digest"`
}
