package evidence

import (
	"fmt"
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
	Error     string    `json:"error,omitempty"`
	Verdict   Verdict   `json:"verdict"`
	Reasons   []string  `json:"reasons"`
	Expected  Expected  `json:"expected"`
	Faults    []Fault   `json:"faults"`
	Metrics   Metrics   `json:"metrics"`
	Findings  []Finding `json:"findings"`
	Lab       Lab       `json:"lab"`
	Leftovers int       `json:"leftovers"` // containers, networks and volumes of the lab that outlived it
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

// Verdict is the word of a verdict. The zero value is read and written as inconclusive.
type Verdict string

// The verdicts.
const (
	Pass         Verdict = "pass"
	Fail         Verdict = "fail"
	Inconclusive Verdict = "inconclusive"
)

// String is the word; that of the zero value is inconclusive.
func (v Verdict) String() string {
	if v == "" {
		return string(Inconclusive)
	}
	return string(v)
}

// MarshalText writes the word and refuses any that is not a verdict.
func (v Verdict) MarshalText() ([]byte, error) {
	var known Verdict
	if err := known.UnmarshalText([]byte(v.String())); err != nil {
		return nil, err
	}
	return []byte(known), nil
}

// UnmarshalText reads the word and refuses any that is not a verdict.
func (v *Verdict) UnmarshalText(text []byte) error {
	switch word := Verdict(text); word {
	case Pass, Fail, Inconclusive:
		*v = word
		return nil
	default:
		return fmt.Errorf("read verdict: %q is none of pass, fail, inconclusive", text)
	}
}

// Expected is what the author of the scenario said the drill must find, and whether it did.
type Expected struct {
	Verdict  Verdict  `json:"verdict"`
	Findings []string `json:"findings"` // ids of findings, with verdict fail
	// Given are the preconditions of the expected failure, and whether they came true.
	Given []measure.Precondition `json:"given,omitempty"`
	Met   bool                   `json:"met"`
}

// Span is an interval [lo, hi] in milliseconds since the recorder started.
type Span [2]int64

// Fault is the life of one fault. A nil span was not seen.
type Fault struct {
	Name      string `json:"name"`
	Target    string `json:"target"`
	CommandMS int64  `json:"command_ms"`
	Effective *Span  `json:"effective_ms"`
	Healed    *Span  `json:"healed_ms"`
	Confirmed bool   `json:"confirmed"`
	By        string `json:"by"` // what the probe saw
}

// Metrics are the measurements by name. Nil was not measured.
type Metrics struct {
	RecoveryTime  *RecoveryTime  `json:"recovery_time"`
	RecoveryPoint *RecoveryPoint `json:"recovery_point"`
	WriteLatency  *Latency       `json:"write_latency"`
	Capacity      *Capacity      `json:"capacity"`
	Clients       *Clients       `json:"clients"`
	Sessions      []Session      `json:"sessions"` // by guarantee
	Reads         []ReadLatency  `json:"reads"`    // by region and path
	StaleConfig   *StaleConfig   `json:"stale_config"`
	WriteGap      *WriteGap      `json:"write_gap"` // the longest of the switchovers
	// ReplicationLag is that of what stands in for S3's and DynamoDB's own replication, before anything was broken.
	ReplicationLag *ReplicationLag `json:"replication_lag"`
	// These are named by the schema and have no checker: always null.
	Decisions    *NotMeasured `json:"decisions"`
	Conservation *NotMeasured `json:"conservation"`
}

// NotMeasured is the type of a metric without a checker; a pointer to it is nil, which is written as null.
type NotMeasured struct{}

// RecoveryTime is how long the service was away.
type RecoveryTime struct {
	LoMS           *int64 `json:"lo_ms"`
	HiMS           *int64 `json:"hi_ms"`    // nil when censored
	Censored       bool   `json:"censored"` // never reached: more than lo
	FirstSuccessMS *int64 `json:"first_success_ms"`
	Cause          string `json:"cause"` // what it is counted from
	ObjectiveMS    *int64 `json:"objective_ms"`
	// FullObjectiveMS is the objective in the time of the story. ObjectiveMS times the timescale is not: that was rounded.
	FullObjectiveMS *int64   `json:"objective_full_scale_ms"`
	Verdict         Verdict  `json:"verdict"`
	Phases          []Phase  `json:"phases"`
	FullScaleMS     *int64   `json:"full_scale_ms"` // an extrapolation
	Outages         []Outage `json:"outages"`       // all of the drill, in the order of time
}

// Outage is a stretch in which the service criterion did not hold.
type Outage struct {
	Cause    string  `json:"cause"` // empty: nothing was broken
	What     string  `json:"what"`  // the operations that show it; empty: all
	Begin    Span    `json:"begin_ms"`
	End      *Span   `json:"end_ms"` // nil when censored
	LoMS     int64   `json:"lo_ms"`  // the recovery time
	HiMS     *int64  `json:"hi_ms"`
	Censored bool    `json:"censored"`
	Verdict  Verdict `json:"verdict"`
}

// Phase is one part of the recovery.
type Phase struct {
	Name   string `json:"name"`
	MS     int64  `json:"ms"`
	Scaled bool   `json:"scaled"` // divided by the timescale; else physical
}

// RecoveryPoint is how much acknowledged data was lost.
type RecoveryPoint struct {
	Name            string          `json:"name,omitempty"` // the store; empty for the joint figure
	Rule            string          `json:"rule,omitempty"`
	Cause           string          `json:"cause,omitempty"`
	InCharge        string          `json:"in_charge,omitempty"` // the region that is in charge after the cause
	Acked           int             `json:"acked"`
	Lost            int             `json:"lost"`
	LostIDs         []string        `json:"lost_ids,omitempty"` // the first 20
	LoMS            *int64          `json:"lo_ms"`
	HiMS            *int64          `json:"hi_ms"`
	ObjectiveMS     *int64          `json:"objective_ms"`
	FullObjectiveMS *int64          `json:"objective_full_scale_ms"`
	Verdict         Verdict         `json:"verdict"`
	AckedAfterFault int             `json:"acked_after_fault"`
	Holes           int             `json:"holes"`
	Resurrected     int             `json:"resurrected"`
	Duplicates      int             `json:"duplicates"`
	Stores          []RecoveryPoint `json:"stores,omitempty"`
	Causes          []RecoveryPoint `json:"causes,omitempty"` // of each, where there are several
}

// Latency is that of some operations, rounded up.
type Latency struct {
	Count int   `json:"count"`
	P50MS int64 `json:"p50_ms"`
	P99MS int64 `json:"p99_ms"`
	MaxMS int64 `json:"max_ms"`
}

// Capacity is what was sustained after the fault, as shares of the demand: to the end, rounded down, and for a window at best, rounded up.
type Capacity struct {
	Demand              *float64 `json:"demand_per_s"` // operations per second of the lab
	ShareLo             *float64 `json:"share_lo"`
	ShareHi             *float64 `json:"share_hi"`
	Objective           float64  `json:"objective"`
	Verdict             Verdict  `json:"verdict"`
	AmplificationBefore *float64 `json:"amplification_before"` // calls per operation offered
	AmplificationAfter  *float64 `json:"amplification_after"`
}

// Clients is when they left the region that was lost.
type Clients struct {
	Count    int    `json:"count"` // that were there before the fault, and sent anything after it
	Moved    int    `json:"moved"` // of those, by the end
	LoMS     *int64 `json:"lo_ms"`
	HiMS     *int64 `json:"hi_ms"` // nil when censored
	Censored bool   `json:"censored"`
}

// StaleConfig is for how long nodes referred to the lost region after clients were redirected.
type StaleConfig struct {
	Nodes           int                  `json:"nodes"` // that said what their configuration is
	Stale           []measure.StaleValue `json:"stale"`
	Failed          int                  `json:"failed"` // operations that these nodes answered meanwhile, and not ok
	LoMS            *int64               `json:"lo_ms"`
	HiMS            *int64               `json:"hi_ms"` // nil when censored
	Censored        bool                 `json:"censored"`
	ObjectiveMS     *int64               `json:"objective_ms"`
	FullObjectiveMS *int64               `json:"objective_full_scale_ms"`
	Verdict         Verdict              `json:"verdict"`
}

// ReplicationLag is how far the stores of the region that takes over were behind before anything was broken: at least so far.
type ReplicationLag struct {
	Stores []StoreLag `json:"stores"`
}

// StoreLag is the worst that was seen. Nil: nothing was copied, or nobody looked.
type StoreLag struct {
	Store    string `json:"store"`
	QuietMS  *int64 `json:"quiet_ms"`  // before the load began
	LoadedMS *int64 `json:"loaded_ms"` // from the steady state until the first fault was ordered
}

// WriteGap is for how long no write was acknowledged while regions changed roles.
type WriteGap struct {
	To              string     `json:"to"`
	LoMS            *int64     `json:"lo_ms"`
	HiMS            *int64     `json:"hi_ms"` // nil when censored
	Censored        bool       `json:"censored"`
	ObjectiveMS     *int64     `json:"objective_ms"`
	FullObjectiveMS *int64     `json:"objective_full_scale_ms"`
	Verdict         Verdict    `json:"verdict"`
	Each            []WriteGap `json:"each,omitempty"`
}

// Session is how a guarantee of sessions was kept.
type Session struct {
	Guarantee  string          `json:"guarantee"`
	Sessions   int             `json:"sessions"` // that have read anything that tells of it
	Judged     int             `json:"judged"`   // reads that do
	After      int             `json:"after"`    // of those, that were sent when the fault was surely effective
	Violations int             `json:"violations"`
	Windows    []SessionWindow `json:"windows"` // of violations, in the order of time
	Verdict    Verdict         `json:"verdict"`
}

// SessionWindow are violations of one session that nothing else came between.
type SessionWindow struct {
	Client int      `json:"client"`
	Region string   `json:"region"`
	At     Span     `json:"at_ms"`
	Reads  int      `json:"reads"`
	AgeMS  int64    `json:"age_ms"` // at most: how long the session had known of what it did not find
	LagMS  int64    `json:"lag_ms"` // at most: how far behind the database that was asked said that it was
	IDs    []string `json:"ids"`
}

// ReadLatency is that of reads answered in one region by one path: local, waited or primary.
type ReadLatency struct {
	Region string `json:"region"`
	Path   string `json:"path"`
	Latency
}

// Finding is what a checker said.
type Finding struct {
	ID       string   `json:"id"`
	Checker  string   `json:"checker"`
	Verdict  Verdict  `json:"verdict"`
	Detail   string   `json:"detail"`
	Evidence []string `json:"evidence"`
}

// Lab says what the drill ran on.
type Lab struct {
	Engine string  `json:"engine"` // such as "Docker 28.5.1"
	Images []Image `json:"images"`
	AWS    string  `json:"aws"` // localstack or packages
	// Serving is which program served s3, and which dynamodb, with its version and where it is from.
	Serving map[string]string `json:"serving"`
	ReadyMS int64             `json:"ready_ms"` // from nothing to every node ready
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
