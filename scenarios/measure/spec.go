// Package measure turns a history into findings: pure functions, no clock, no network. A zero value never passes: what
// was not measured is inconclusive. What it gives is what result.json has, under the names of that.
package measure

import "time"

// Spec says what was promised and how the history is to be judged. Durations are lab time.
type Spec struct {
	Timescale     float64
	RecoveryTime  *RecoveryTimeObjective  // nil: not promised
	RecoveryPoint *RecoveryPointObjective // nil: not promised
	// JointRecoveryPoint is how old at the fault writes may be that some stores have and others lost; 0: there may be
	// none; nil: not promised.
	JointRecoveryPoint *time.Duration
	// Stores that must hold an acknowledged write, such as postgres, objects, items.
	Stores []string
	// Rules are parts of stores that are judged by themselves.
	Rules []Rule
	// Claims are what a dashboard says.
	Claims []Claim
	// Manifests says that the app writes manifests, which may name nothing that is not there.
	Manifests bool
	// StandFor are how many bytes of the story the objects of rules stand for, by rule; none: nothing is said.
	StandFor map[string]int64
	// Bandwidth is what each link between regions carries, in bytes a second of the lab; 0: no limit is known.
	Bandwidth int64
	// Restores is how often earlier versions of objects are to be brought back after a fault.
	Restores int
	// Ordered are the stores in which a write can't be lost while one that was sent after its acknowledgement is kept
	// (PostgreSQL's log): such a hole is a finding.
	Ordered []string
	// Home is the region in charge from the start; empty: who acknowledges most before anything is broken.
	Home string
	// Survivor is the region that takes over in the end and whose stores are read.
	Survivor string
	// ClientsIn are the regions that clients are in, in turn; none: that is not known of them.
	ClientsIn []string
	// StaleClients are how many of the clients, from the first on, keep an answer of the name service whatever its TTL
	// says; 0: none.
	StaleClients int
	// Given are the preconditions that must have come true after the first fault, for a failure to be the one that was
	// expected.
	Given []string
	// StandbyCapacity is the least share of the demand that the service must sustain for a window of the recovery
	// time's after the fault; 0: not promised.
	StandbyCapacity float64
	// Consistency is what reads may see of writes: Linearizable, or empty for nothing that was promised.
	Consistency string
	// Sessions are the guarantees that a client's session is promised, by the ids of their findings; none: nothing was
	// promised.
	Sessions []string
	// Decisions says that no decision falls without a recorded reason.
	Decisions bool
	// LocalReads is the 99th percentile at most of the reads in each region, whoever answers them. Physical; 0: not
	// promised.
	LocalReads time.Duration
	// StaleConfig is for how long after clients were redirected a node may refer to the lost region; nil: not promised.
	StaleConfig *time.Duration
	// WriteGap is for how long no write may be acknowledged while regions change roles; nil: not promised.
	WriteGap *time.Duration
	// Conservation is the pipeline whose records must all be accounted for; nil: not promised.
	Conservation *Pipeline
	// Deadline is until when the app's job must be done; nil: not promised.
	Deadline *DeadlineObjective
	// Replicated are the stores that reach the survivor by what stands in for a managed service's replication, whenever
	// it comes to it. CopyTakes is how long that takes there by the distance alone, which is the design's; what comes
	// on top of it is the machine's.
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
	Within time.Duration            // of every store that has no limit of its own
	Stores map[string]time.Duration // the limits of stores, and of rules, that have one of their own
}

// Limit is the limit of a store, or of a rule.
func (o RecoveryPointObjective) Limit(name string) time.Duration {
	if own, has := o.Stores[name]; has {
		return own
	}
	return o.Within
}

// lossLimit is what a store or a rule may lose, or what all may, for the joint figure. It is false where nothing is
// promised, and for the joint figure of what is promised different things.
func (s Spec) lossLimit(name string) (limit time.Duration, promised bool) {
	judged := s.Judged()
	switch {
	case s.RecoveryPoint == nil:
		return 0, false
	case name != "":
		return s.RecoveryPoint.Limit(name), true
	case len(judged) == 0:
		return s.RecoveryPoint.Within, true
	}
	limit = s.RecoveryPoint.Limit(judged[0])
	for _, other := range judged[1:] {
		if s.RecoveryPoint.Limit(other) != limit {
			return 0, false
		}
	}
	return limit, true
}
