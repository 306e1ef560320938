package measure

// Report is everything measured of one history, as result.json has it.
type Report struct {
	Verdict   Verdict
	Reasons   []string // one sentence each: why the verdict is what it is
	Incidents []Incident
	Metrics   Metrics
	Findings  []Finding
	// Given are the preconditions of the failure that was expected, and whether they came true.
	Given []Precondition
}

// Precondition is something that must have happened for a failure to be the one that was expected.
type Precondition struct {
	Name string `json:"name"`
	Met  bool   `json:"met"`
}

// Metrics are the measurements by name. Null was not measured.
type Metrics struct {
	RecoveryTime  *RecoveryTime  `json:"recovery_time"`
	RecoveryPoint *RecoveryPoint `json:"recovery_point"`
	// of what some stores have and others lost; left out where it was not measured, as in results of before it was
	JointRecoveryPoint *JointRecoveryPoint `json:"joint_recovery_point,omitempty"`
	// what a dashboard says, and what is true
	Claims       []ClaimCheck `json:"claims,omitempty"`
	Backlogs     []Backlog    `json:"backlogs,omitempty"`  // of rules of replication
	Restore      *Restore     `json:"restore,omitempty"`   // of earlier versions of objects
	Manifests    *Manifests   `json:"manifests,omitempty"` // of the survivor
	WriteLatency *Latency     `json:"write_latency"`       // of the writes before the first fault
	Capacity     *Capacity    `json:"capacity"`            // of what took over
	Clients      *Clients     `json:"clients"`             // when they left the lost region
	// when nodes of an app whose addresses stay were connected again after those were turned
	Reconnected *Reconnected `json:"reconnected"`
	// what another region than the one in charge answered
	Forwarded      *Forwarded      `json:"forwarded"`
	Sessions       []Session       `json:"sessions" schema:"null"` // by guarantee
	Reads          []ReadLatency   `json:"reads" schema:"null"`    // by region and path
	StaleConfig    *StaleConfig    `json:"stale_config"`
	WriteGap       *WriteGap       `json:"write_gap"`       // the longest of the switchovers
	ReplicationLag *ReplicationLag `json:"replication_lag"` // of what stands in for a managed service's replication
	Decisions      *Decisions      `json:"decisions"`
	Conservation   *Conservation   `json:"conservation"`       // of the records of the app's pipeline
	Deadline       *Deadline       `json:"deadline,omitempty"` // of the app's job
}

// NotMeasured is the place of a metric that nothing measures yet. It is always null.
type NotMeasured struct{}

// FindingDrill says whether the drill counts at all; it never fails, it is inconclusive when the drill proves nothing.
const FindingDrill = "drill"

// Finding is what a checker says. Every checker that ran says something, also when all is well.
type Finding struct {
	ID       string   `json:"id"` // such as recovery_time
	Checker  string   `json:"checker"`
	Verdict  Verdict  `json:"verdict"`
	Detail   string   `json:"detail"`
	Evidence []string `json:"evidence"` // ids of operations, at most 20
}
