// Package measure turns a history into findings: pure functions, no clock, no network. A zero value never passes: what was not
// measured is inconclusive.
package measure

import "time"

// Spec says what was promised and how the history is to be judged. Durations are lab time.
type Spec struct {
	Timescale     float64
	RecoveryTime  *RecoveryTimeObjective  // nil: not promised
	RecoveryPoint *RecoveryPointObjective // nil: not promised
	// Stores that must hold an acknowledged write, such as postgres, objects, items.
	Stores []string
	// Ordered are the stores in which a write can't be lost while one that was sent after its acknowledgement is kept
	// (PostgreSQL's log): such a hole is a finding.
	Ordered []string
	// Home is the region in charge from the start; empty: who acknowledges most before anything is broken.
	Home string
	// Survivor is the region that takes over in the end and whose stores are read.
	Survivor string
	// ClientsIn are the regions that clients are in, in turn; none: that is not known of them.
	ClientsIn []string
	// Given are the preconditions that must have come true after the first fault, for a failure to be the one that was expected.
	Given []string
	// StandbyCapacity is the least share of the demand that the service must sustain for a window of the recovery time's after the fault;
	// 0: not promised.
	StandbyCapacity float64
	// Consistency is what reads may see of writes: Linearizable, or empty for nothing that was promised.
	Consistency string
	// Sessions are the guarantees that a client's session is promised, by the ids of their findings; none: nothing was promised.
	Sessions []string
	// LocalReads is the 99th percentile at most of the reads in each region, whoever answers them. Physical; 0: not promised.
	LocalReads time.Duration
	// StaleConfig is for how long after clients were redirected a node may refer to the lost region; nil: not promised.
	StaleConfig *time.Duration
	// WriteGap is for how long no write may be acknowledged while regions change roles; nil: not promised.
	WriteGap *time.Duration
	// Replicated are the stores that reach the survivor by what stands in for a managed service's replication, whenever it comes to it. CopyTakes is
	// how long that takes there by the distance alone, which is the design's; what comes on top of it is the machine's.
	Replicated []string
	CopyTakes  time.Duration
	// MinAcked is how many writes must have been acknowledged before the first fault; fewer prove nothing.
	MinAcked int
}

// RecoveryTimeObjective says what "the service is back" means and how soon it must be.
type RecoveryTimeObjective struct {
	Within   time.Duration
	Window   time.Duration // W: how long the criterion must hold throughout
	Success  float64       // share of operations that are ok, such as 0.99
	Quantile float64       // of latency from the due time, such as 0.99
	Latency  time.Duration // at that quantile, at most
	Capacity float64       // goodput at least this share of the offered load
}

// RecoveryPointObjective says how much acknowledged data may be lost. Zero means none at all, and is judged by count.
type RecoveryPointObjective struct {
	Within time.Duration
}

// Verdict is pass, fail or inconclusive. The zero value is inconclusive.
type Verdict int

// The verdicts.
const (
	Inconclusive Verdict = iota
	Pass
	Fail
)

// Report is everything measured of one history.
type Report struct {
	Verdict  Verdict   `json:"verdict"`
	Reasons  []string  `json:"reasons"` // one sentence each: why the verdict is what it is
	Metrics  Metrics   `json:"metrics"`
	Findings []Finding `json:"findings"`
	// Given are the preconditions of the failure that was expected, and whether they came true.
	Given []Precondition `json:"given,omitempty"`
}

// Precondition is something that must have happened for a failure to be the one that was expected.
type Precondition struct {
	Name string `json:"name"`
	Met  bool   `json:"met"`
}

// Metrics as in result.json. A nil metric was not measured.
type Metrics struct {
	RecoveryTime  *RecoveryTime  `json:"recovery_time"`
	RecoveryPoint *RecoveryPoint `json:"recovery_point"`
	WriteLatency  *Latency       `json:"write_latency"` // of acknowledged writes before the first fault
	Capacity      *Capacity      `json:"capacity"`      // of what took over
	Clients       *Clients       `json:"clients"`       // that have left the lost region
	Sessions      []Session      `json:"sessions"`      // by guarantee
	Reads         []ReadLatency  `json:"reads"`         // by region and path
	StaleConfig   *StaleConfig   `json:"stale_config"`
	WriteGap      *WriteGap      `json:"write_gap"` // of the switchovers; the longest
	// ReplicationLag is that of what stands in for a managed service's replication, before anything was broken.
	ReplicationLag *ReplicationLag `json:"replication_lag"`
}

// ReplicationLag is how far the survivor's stores were behind before anything was broken.
type ReplicationLag struct {
	Stores []StoreLag `json:"stores"`
}

// StoreLag is the worst that was seen of one store: it was at least that. Milliseconds as they are; null: nothing was copied then, or nobody looked.
type StoreLag struct {
	Store    string   `json:"store"`
	QuietMS  *float64 `json:"quiet_ms"`  // before the load began
	LoadedMS *float64 `json:"loaded_ms"` // from the steady state until the first fault was ordered
}

// WriteGap is for how long no write was acknowledged while regions changed roles. Milliseconds of lab time.
type WriteGap struct {
	To          string     `json:"to"` // the region that took over
	LoMS        *float64   `json:"lo_ms"`
	HiMS        *float64   `json:"hi_ms"` // null when censored
	Censored    bool       `json:"censored"`
	ObjectiveMS *float64   `json:"objective_ms"`
	Verdict     Verdict    `json:"verdict"`
	Each        []WriteGap `json:"each,omitempty"` // in the order of time, where there are several
}

// RecoveryTime is the time from the fault to the first window in which the service criterion holds throughout. Milliseconds of lab time.
type RecoveryTime struct {
	LoMS           *float64 `json:"lo_ms"`
	HiMS           *float64 `json:"hi_ms"`            // null when censored
	Censored       bool     `json:"censored"`         // never reached: more than lo_ms
	FirstSuccessMS *float64 `json:"first_success_ms"` // from the middle of the fault to the first ok answer to what was sent after it
	Cause          string   `json:"cause"`            // what it is counted from: the fault and its target
	ObjectiveMS    *float64 `json:"objective_ms"`
	Verdict        Verdict  `json:"verdict"`
	Phases         []Phase  `json:"phases"`
	FullScaleMS    *float64 `json:"full_scale_ms"` // extrapolation: scaled phases x N + physical phases
	Outages        []Outage `json:"outages"`       // all of the drill, in the order of time; the figures above are of the worst
	SumLoMS        *float64 `json:"sum_lo_ms"`     // of all that have a cause
	SumHiMS        *float64 `json:"sum_hi_ms"`     // null when one is censored
}

// Outage is a stretch in which the service criterion did not hold. Milliseconds since the recorder started, or of lab time.
type Outage struct {
	Cause     string   `json:"cause"` // empty: nothing was broken that could have caused it
	What      string   `json:"what"`  // the operations that show it, such as "writes"; empty: all
	BeginLoMS float64  `json:"begin_lo_ms"`
	BeginHiMS float64  `json:"begin_hi_ms"`
	EndLoMS   float64  `json:"end_lo_ms"`
	EndHiMS   *float64 `json:"end_hi_ms"` // null when censored
	LoMS      float64  `json:"lo_ms"`     // the recovery time
	HiMS      *float64 `json:"hi_ms"`
	Censored  bool     `json:"censored"`
	Verdict   Verdict  `json:"verdict"`
}

// Phase is one part of the recovery. Phases add up to the recovery time.
type Phase struct {
	Name   string  `json:"name"` // detected, decided, fenced, restored, promoted, repointed, scaled_out, preflight, redirected, sustained
	MS     float64 `json:"ms"`
	Scaled bool    `json:"scaled"` // scheduled by the scenario (and so divided by the timescale), or physical
	// WaitedMS is how much of a physical phase waited for a step of the plan, and so was scheduled.
	WaitedMS float64 `json:"waited_ms,omitempty"`
}

// RecoveryPoint is how much acknowledged data was lost, in milliseconds of lab time before the fault.
type RecoveryPoint struct {
	Name            string          `json:"name,omitempty"` // the store; empty for the joint figure
	Rule            string          `json:"rule,omitempty"`
	Cause           string          `json:"cause,omitempty"`     // what it is counted to, of the joint figure
	InCharge        string          `json:"in_charge,omitempty"` // the region whose stores were read
	Acked           int             `json:"acked"`               // acknowledged before the fault
	Lost            int             `json:"lost"`
	LostIDs         []string        `json:"lost_ids,omitempty"` // the first 20
	LoMS            *float64        `json:"lo_ms"`
	HiMS            *float64        `json:"hi_ms"`
	ObjectiveMS     *float64        `json:"objective_ms"`
	Verdict         Verdict         `json:"verdict"`
	AckedAfterFault int             `json:"acked_after_fault"` // sent after the fault and acknowledged by a region that should have been fenced
	Holes           int             `json:"holes"`             // lost while a later one is kept
	Resurrected     int             `json:"resurrected"`       // absent before the lost region returned, there after
	Duplicates      int             `json:"duplicates"`
	Stores          []RecoveryPoint `json:"stores,omitempty"`
	Causes          []RecoveryPoint `json:"causes,omitempty"` // that of each, where there are several
}

// Latency of a set of operations, counted from their due time.
type Latency struct {
	Count int `json:"count"`
	// Unanswered are those of them that were not ok: they took longer, by nobody knows how much.
	Unanswered int     `json:"unanswered,omitempty"`
	P50MS      float64 `json:"p50_ms"`
	P99MS      float64 `json:"p99_ms"`
	MaxMS      float64 `json:"max_ms"`
}

// Capacity is what the service could do after the fault, against what was asked of it. Nil was not measured.
type Capacity struct {
	Demand    *float64 `json:"demand"`   // operations per second of the lab in the steady state, repetitions not counted
	ShareLo   *float64 `json:"share_lo"` // of it: what was sustained to the end
	ShareHi   *float64 `json:"share_hi"` // and for a window at best
	Objective float64  `json:"objective"`
	Verdict   Verdict  `json:"verdict"`
	// How many calls were made for each operation that was offered, before and after the fault: above 1 by what clients try again.
	AmplificationBefore *float64 `json:"amplification_before"`
	AmplificationAfter  *float64 `json:"amplification_after"`
}

// Clients is when they left the region that was lost: the time from the fault to the last one of them. Milliseconds of lab time.
type Clients struct {
	Count    int      `json:"count"` // that were sent there before the fault, and anywhere after it
	Moved    int      `json:"moved"` // of those, that were sent elsewhere for good by the end
	LoMS     *float64 `json:"lo_ms"` // the last of them was still sent there; null if none was after the fault
	HiMS     *float64 `json:"hi_ms"` // and was sent elsewhere for good; null when censored
	Censored bool     `json:"censored"`
}

// StaleConfig is for how long nodes referred to the lost region after clients were redirected. Milliseconds of lab time.
type StaleConfig struct {
	Nodes       int          `json:"nodes"`  // that said what their configuration is, outside the lost region
	Stale       []StaleValue `json:"stale"`  // what of it led to the lost region then
	Failed      int          `json:"failed"` // operations that these nodes answered meanwhile, and not ok
	LoMS        *float64     `json:"lo_ms"`
	HiMS        *float64     `json:"hi_ms"` // null when censored
	Censored    bool         `json:"censored"`
	ObjectiveMS *float64     `json:"objective_ms"`
	Verdict     Verdict      `json:"verdict"`
}

// StaleValue is a value of a node's configuration, or an open connection (its Source says so), that leads to a lost region.
type StaleValue struct {
	Node     string `json:"node"`
	Service  string `json:"service"`
	Key      string `json:"key"`
	Address  string `json:"address"`
	Region   string `json:"region"`
	Source   string `json:"source"` // the document's part that it comes from
	Revision int    `json:"revision"`
}

// Session is how a guarantee was kept.
type Session struct {
	Guarantee  string          `json:"guarantee"` // the id of its finding
	Sessions   int             `json:"sessions"`  // that have read anything that tells of it
	Judged     int             `json:"judged"`    // reads that do
	After      int             `json:"after"`     // of those, that were sent when the fault was surely effective
	Violations int             `json:"violations"`
	Windows    []SessionWindow `json:"windows"` // of violations, in the order of time
	Verdict    Verdict         `json:"verdict"`
}

// SessionWindow are violations of one session that nothing else came between. Milliseconds since the recorder started, or of lab time.
type SessionWindow struct {
	Client int      `json:"client"`
	Region string   `json:"region"` // that did not find it
	LoMS   float64  `json:"lo_ms"`
	HiMS   float64  `json:"hi_ms"`
	Reads  int      `json:"reads"`
	AgeMS  float64  `json:"age_ms"` // at most: how long the session had known of what it did not find
	LagMS  float64  `json:"lag_ms"` // at most: how far behind the database that was asked said that it was
	IDs    []string `json:"ids"`
}

// PathLocal is the path of a read that the database of the region answered without waiting.
const PathLocal = "local"

// ReadLatency is that of reads answered in one region by one path (of the app: local, waited or primary).
type ReadLatency struct {
	Region string `json:"region"`
	Path   string `json:"path"`
	Latency
}

// The ids of findings.
const (
	// FindingDrill says whether the drill counts at all; it never fails, it is inconclusive when the drill proves nothing.
	FindingDrill = "drill"
	// FindingRecoveryTime and FindingRecoveryPoint compare what was measured with the objective.
	FindingRecoveryTime  = "recovery_time"
	FindingRecoveryPoint = "recovery_point"
	// FindingStandbyCapacity compares what the service sustained after the fault with the demand.
	FindingStandbyCapacity = "standby_capacity"
	// FindingLinearizability fails when a read saw what no order of the operations explains.
	FindingLinearizability = "linearizability"
	// FindingReadYourWrites and FindingMonotonicReads fail when a session did not find what it wrote, or what it had read before.
	FindingReadYourWrites = "read_your_writes"
	FindingMonotonicReads = "monotonic_reads"
	// FindingStaleConfig fails when a node referred to a lost region after clients were sent to it.
	FindingStaleConfig = "stale_config"
	// FindingLocalReads compares the reads in each region with the latency that was promised.
	FindingLocalReads = "local_reads"
	// FindingSwitchover fails when a region that was told to take over did not; FindingWriteGap compares the time without an acknowledged write with the
	// objective.
	FindingSwitchover = "switchover"
	FindingWriteGap   = "write_gap"
	// FindingFencing fails when a lost region acknowledged a write that was sent after the fault, or, whatever the fault, a region one that was
	// sent after another one's promotion and is not in the database of that on the new timeline.
	FindingFencing = "fencing"
	// FindingLostAfterFailover fails when the region in charge lost what it had acknowledged, or had kept: no objective excuses that.
	FindingLostAfterFailover = "lost_after_failover"
	// FindingHole fails when an ordered store lost a write and kept one that was sent after its acknowledgement.
	FindingHole = "hole"
	// FindingRefused fails when a write is there that clients were told is not applied.
	FindingRefused = "refused_write"
	// FindingDuplicate and FindingPhantom fail when a store holds a write twice or clients were told twice that it is new, and when a store holds one
	// that nobody sent.
	FindingDuplicate = "duplicate"
	FindingPhantom   = "phantom"
)

// Finding is what a checker says. Every checker that ran says something, also when all is well.
type Finding struct {
	ID       string   `json:"id"` // see the constants
	Checker  string   `json:"checker"`
	Verdict  Verdict  `json:"verdict"`
	Detail   string   `json:"detail"`
	Evidence []string `json:"evidence,omitempty"` // ids of operations, at most 20
}
