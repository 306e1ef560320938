package measure

import (
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// fixture is a variation of goodDrill, and what must be found in it.
type fixture struct {
	name   string
	edit   func(d *drill)
	expect expectation
}

// expectation is expect.json.
type expectation struct {
	Why      string             `json:"why"`
	Spec     *overrides         `json:"spec,omitempty"`
	Verdict  Verdict            `json:"verdict"`
	Findings map[string]Verdict `json:"findings,omitempty"` // those that don't pass, and no others
	Figures  figures            `json:"figures"`
}

// overrides are the promises in which a fixture differs from goodDrill.
type overrides struct {
	RecoveryPointMS *int `json:"recovery_point_ms,omitempty"`
	// by store, of those that have a limit of their own
	StoreRecoveryPointMS map[string]int `json:"store_recovery_point_ms,omitempty"`
	Redis                bool           `json:"redis,omitempty"` // the app writes to it too
	MinAcked             int            `json:"min_acked,omitempty"`
	Replicated           []string       `json:"replicated,omitempty"`
	CopyTakesMS          int            `json:"copy_takes_ms,omitempty"`
	StandbyCapacity      float64        `json:"standby_capacity,omitempty"`
	Consistency          string         `json:"consistency,omitempty"`
	Sessions             []string       `json:"sessions,omitempty"`
	LocalReadsMS         int            `json:"local_reads_ms,omitempty"`
	StaleConfigMS        *int           `json:"stale_config_ms,omitempty"`
	WriteGapMS           *int           `json:"write_gap_ms,omitempty"`
	JointMS              *int           `json:"joint_recovery_point_ms,omitempty"`
	Decisions            bool           `json:"decisions,omitempty"`
	// Rules are prefixes of objects that are judged by themselves, and copied at any time; ClaimsMS what a dashboard
	// says of them.
	Rules []string `json:"rules,omitempty"`
	// Restores is how often versions are brought back.
	Restores int `json:"restores,omitempty"`
	// Manifests says that the app writes manifests.
	Manifests bool `json:"manifests,omitempty"`
	// Only is the one store there is.
	Only         string         `json:"only,omitempty"`
	ClaimsMS     map[string]int `json:"claims_ms,omitempty"`
	Conservation []string       `json:"conservation,omitempty"` // the stages of the pipeline
	DeadlineMS   int            `json:"deadline_ms,omitempty"`
}

// figures are measured values that matter in the fixture; nil ones are not compared.
type figures struct {
	RecoveryTimeMS  []float64 `json:"recovery_time_ms,omitempty"` // lo, hi; lo only when censored
	RecoveryPointMS []float64 `json:"recovery_point_ms,omitempty"`
	// by store: lo, hi
	StoreRecoveryPointMS map[string][]float64 `json:"store_recovery_point_ms,omitempty"`
	JointMS              []float64            `json:"joint_recovery_point_ms,omitempty"` // lo, hi
	Torn                 *int                 `json:"torn,omitempty"`
	Flips                *int                 `json:"flips,omitempty"`
	Subjects             *int                 `json:"subjects,omitempty"`
	DeniedMS             []float64            `json:"denied_ms,omitempty"` // lo, hi; lo only without an end
	BehindMS             []float64            `json:"behind_ms,omitempty"`
	Lost                 *int                 `json:"lost,omitempty"`
	// how many are in one store and not in another, as "one without another"
	Holes           *int `json:"holes,omitempty"`
	Resurrected     *int `json:"resurrected,omitempty"`
	Duplicates      *int `json:"duplicates,omitempty"`
	AckedAfterFault *int `json:"acked_after_fault,omitempty"`
	// the recovery time's lo and hi of each; the last one's lo only when censored
	Outages        []float64 `json:"outages_ms,omitempty"`
	CapacityShare  []float64 `json:"capacity_share,omitempty"`  // lo, hi
	StaleConfigMS  []float64 `json:"stale_config_ms,omitempty"` // lo, hi; lo only when censored
	StaleFailed    *int      `json:"stale_failed,omitempty"`
	WriteGapMS     []float64 `json:"write_gap_ms,omitempty"` // lo, hi; lo only when censored
	Missing        *int      `json:"missing,omitempty"`
	InFlight       *int      `json:"in_flight,omitempty"`
	Breaches       []string  `json:"breaches,omitempty"`         // stage/partition of each
	DeadlineMS     []float64 `json:"deadline_ms,omitempty"`      // lo, hi; lo only when censored
	ClientsMovedMS []float64 `json:"clients_moved_ms,omitempty"` // lo, hi; lo only when censored
	ReconnectedMS  []float64 `json:"reconnected_ms,omitempty"`   // lo, hi; lo only when censored
	// by what is claimed about: lo, hi
	ClaimsMS map[string][]float64 `json:"claims_ms,omitempty"`
	LagMS    []float64            `json:"lag_ms,omitempty"` // by store, in the order of replicated, under load
}

func promise(recoveryPointMS int) *overrides { return &overrides{RecoveryPointMS: &recoveryPointMS} }

func one(id string, v Verdict) map[string]Verdict { return map[string]Verdict{id: v} }

// void is every finding withdrawn.
func void() map[string]Verdict {
	all := map[string]Verdict{}
	for _, id := range []string{
		FindingDrill, FindingRecoveryTime, FindingRecoveryPoint, FindingFencing, FindingLostAfterFailover, FindingHole,
		FindingDuplicate, FindingPhantom, FindingRefused,
	} {
		all[id] = Inconclusive
	}
	return all
}

func unchanged(*drill) {}

var recoveryTimeFixtures = []fixture{
	{"good", unchanged, expectation{
		Why:     "The region is lost, the standby serves 1.1 s later, two writes are lost: all within what was promised.",
		Verdict: Pass,
		Figures: figures{
			RecoveryTimeMS: []float64{1080, 1200}, RecoveryPointMS: []float64{188, 308}, Lost: new(2), Holes: new(0),
			Resurrected: new(0), Duplicates: new(0), AckedAfterFault: new(0), Outages: []float64{1080, 1200},
		},
	}},
	{"recovery-time-just-in-time", func(d *drill) { d.outage(45) }, expectation{
		Why: "Back after 1.88 to 2.00 s, 2 s were promised.", Verdict: Pass,
		Figures: figures{RecoveryTimeMS: []float64{1880, 2000}},
	}},
	{"recovery-time-straddling", func(d *drill) { d.outage(46) }, expectation{
		Why: "Back after 1.98 to 2.10 s, 2 s were promised: nobody can tell.", Verdict: Inconclusive,
		Findings: one(FindingRecoveryTime, Inconclusive), Figures: figures{RecoveryTimeMS: []float64{1980, 2100}},
	}},
	{"recovery-time-late", func(d *drill) { d.outage(47) }, expectation{
		Why: "Back after 2.08 s at the earliest, 2 s were promised.", Verdict: Fail,
		Findings: one(FindingRecoveryTime, Fail),
		Figures:  figures{RecoveryTimeMS: []float64{2080, 2200}},
	}},
	{"recovery-time-never", func(d *drill) { d.outage(60) }, expectation{
		Why: "The standby never serves, and was watched for longer than was promised.", Verdict: Fail,
		Findings: one(FindingRecoveryTime, Fail), Figures: figures{RecoveryTimeMS: []float64{3380}},
	}},
	{"recovery-time-cut-short", func(d *drill) { d.outage(60); d.drop(41, 60) }, expectation{
		Why:      "The standby does not serve while it is watched, but it is not watched for as long as was promised.",
		Verdict:  Inconclusive,
		Findings: one(FindingRecoveryTime, Inconclusive), Figures: figures{RecoveryTimeMS: []float64{1480}},
	}},
	{"recovery-time-slow", func(d *drill) {
		for i := 37; i < 60; i++ {
			d.Ops[i].Done = d.Ops[i].Due + 300*msec
		}
	}, expectation{
		Why:      "The standby answers every call, but slower than the criterion allows: that is not being back.",
		Verdict:  Fail,
		Findings: one(FindingRecoveryTime, Fail), Figures: figures{RecoveryTimeMS: []float64{3380}},
	}},
	{"recovery-time-never-lost", func(d *drill) { d.outage(25) }, expectation{
		Why: "Every call is answered right through the fault: the recovery time is 0, as well as the fault's time is " +
			"known.", Verdict: Pass,
		Figures: figures{RecoveryTimeMS: []float64{0, 100}},
	}},
	{"recovery-time-unrecorded", func(d *drill) { d.drop(39, 42) }, expectation{
		Why: "Three calls are missing from the history after the failover: a stretch in which nothing is known " +
			"is no proof of service.",
		Verdict: Pass, Figures: figures{RecoveryTimeMS: []float64{1280, 1700}},
	}},
	{"recovery-time-relapse", func(d *drill) { d.bad(47); d.bad(48) }, expectation{
		Why:     "The service is back in time, then two calls in a row fail: a second outage, which is shorter.",
		Verdict: Pass,
		Figures: figures{RecoveryTimeMS: []float64{1080, 1200}, Outages: []float64{1080, 1200, 100, 300}},
	}},
	{"recovery-time-relapse-late", func(d *drill) { d.bad(50); d.bad(51) }, expectation{
		Why: "After two calls that fail the service is not watched for as long as it has to hold: nobody knows " +
			"whether it was back.", Verdict: Inconclusive,
		Findings: one(FindingRecoveryTime, Inconclusive), Figures: figures{RecoveryTimeMS: []float64{100}},
	}},
}

var drillFixtures = []fixture{
	{"no-fault", func(d *drill) { d.Faults = nil }, expectation{
		Why: "Nothing was broken: nothing was tested.", Verdict: Inconclusive,
		Findings: one(FindingDrill, Inconclusive),
	}},
	{"fault-unconfirmed", func(d *drill) { d.Faults[0].Confirmed = false }, expectation{
		Why: "The probe never saw the fault: it may not have happened.", Verdict: Inconclusive,
		Findings: one(FindingDrill, Inconclusive),
	}},
	{"second-fault-unconfirmed", func(d *drill) {
		d.outage(60)
		d.Faults = append(d.Faults, history.Fault{
			Name: "link_latency", Target: "us-west-2 to us-east-1",
			Command: 3100 * msec,
		})
	}, expectation{
		Why:     "One of two faults was never seen: that the standby never served can't be held against it.",
		Verdict: Inconclusive, Findings: void(),
	}},
	{"fault-unhealed", func(d *drill) { d.Faults[0].Healed = nil }, expectation{
		Why: "All is well, but the region was not seen to return.", Verdict: Inconclusive,
		Findings: one(FindingDrill, Inconclusive),
	}},
	{"fault-unhealed-and-late", func(d *drill) { d.outage(47); d.Faults[0].Healed = nil }, expectation{
		Why: "The region was not seen to return; the service was late all the same.", Verdict: Fail,
		Findings: map[string]Verdict{FindingDrill: Inconclusive, FindingRecoveryTime: Fail},
	}},
	{"too-few-writes", unchanged, expectation{
		Why: "26 acknowledged writes are needed before the fault, there were 25.", Spec: &overrides{MinAcked: 26},
		Verdict:  Inconclusive,
		Findings: void(),
	}},
	{"unsteady", func(d *drill) { d.Phases = slices.Delete(d.Phases, 1, 2) }, expectation{
		Why: "Steady state was never reached.", Verdict: Inconclusive, Findings: void(),
	}},
	{"steady-too-late", func(d *drill) { d.Phases[1].At = 3010 * msec }, expectation{
		Why: "Steady state was reached when the fault may already have been there.", Verdict: Inconclusive,
		Findings: void(),
	}},
	{"retried", func(d *drill) { d.Ops[7].Attempts = 2 }, expectation{
		Why: "An operation was attempted twice: a bug of the harness.", Verdict: Inconclusive, Findings: void(),
	}},
	{"unsent", func(d *drill) {
		for i := 26; i < 30; i++ {
			d.unsent(i)
		}
	}, expectation{
		Why: "In the outage the name service did not answer: some operations were never sent. They are failed ones, " +
			"and no bug.", Verdict: Pass,
		Figures: figures{RecoveryTimeMS: []float64{1080, 1200}, Lost: new(2)},
	}},
	{"unsent-not-failed", func(d *drill) { d.unsent(26); d.Ops[26].Outcome = history.Unknown }, expectation{
		Why:     "An operation was never sent, and yet not known to have failed: a bug of the harness.",
		Verdict: Inconclusive, Findings: void(),
	}},
	{"truncated", func(d *drill) { d.cut = true; d.lose(history.StoreItems, "v10") }, expectation{
		Why: "The recording ends in the middle of a line: who knows what else was said.", Verdict: Inconclusive,
		Findings: void(),
	}},
	{"read-failed", func(d *drill) {
		r := d.read(history.BeforeReturn, history.StoreItems)
		r.IDs, r.Error = nil, "scan items: connection refused"
	}, expectation{
		Why: "The items could not be read before the region returned.", Verdict: Inconclusive,
		Findings: map[string]Verdict{FindingDrill: Inconclusive, FindingRecoveryPoint: Inconclusive},
		Figures:  figures{RecoveryPointMS: []float64{88}, Lost: new(1)},
	}},
	{"read-failed-and-lost", func(d *drill) {
		r := d.read(history.BeforeReturn, history.StoreItems)
		r.IDs, r.Error = nil, "scan items: connection refused"
		d.lose(history.StorePostgres, "v20", "v21", "v22", "v23")
	}, expectation{
		Why: "The items could not be read, but what PostgreSQL lost is enough to fail.", Verdict: Fail,
		Findings: map[string]Verdict{FindingDrill: Inconclusive, FindingRecoveryPoint: Fail},
		Figures:  figures{RecoveryPointMS: []float64{488}, Lost: new(5)},
	}},
	{"read-missing", func(d *drill) { d.Reads = slices.Delete(d.Reads, 5, 6) }, expectation{
		Why: "The items were not read again after reconciliation.", Verdict: Inconclusive,
		Findings: one(FindingDrill, Inconclusive),
	}},
	{"read-of-another-region", func(d *drill) { d.Reads[0].Region = home }, expectation{
		Why: "PostgreSQL was read in the region that was lost.", Verdict: Inconclusive,
		Findings: map[string]Verdict{FindingDrill: Inconclusive, FindingRecoveryPoint: Inconclusive},
	}},
	{"read-too-early", func(d *drill) { d.Reads[1].At = *between(2900, 2950) }, expectation{
		Why: "The objects were read before the fault: that says nothing about what survived it.", Verdict: Inconclusive,
		Findings: map[string]Verdict{FindingDrill: Inconclusive, FindingRecoveryPoint: Inconclusive},
	}},
	{"written-after-the-reads", func(d *drill) {
		for i := range d.Reads {
			d.Reads[i].At = history.At(6300 * msec)
		}
	}, expectation{
		Why: "The last two writes were acknowledged after the stores were last read.", Verdict: Inconclusive,
		Findings: one(FindingDrill, Inconclusive),
	}},
}

// slowly lets operation i take so long.
func (d *drill) slowly(i int, takes time.Duration) { d.Ops[i].Done = d.Ops[i].Sent + takes }
