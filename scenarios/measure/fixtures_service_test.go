package measure

import (
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// serviceFixtures are about what the service could do, where its clients were, and what reads saw.
var serviceFixtures = []fixture{
	{"capacity-enough", unchanged, expectation{
		Why: "The standby serves all of the demand from 4.2 s on.", Spec: &overrides{StandbyCapacity: 0.9}, Verdict: Pass,
		Figures: figures{CapacityShare: []float64{22.0 / 23, 1}, ClientsMovedMS: []float64{1081, 1201}},
	}},
	{"capacity-short", everyOther(2), expectation{
		Why:  "The standby answers soon, and every other operation only, to the end.",
		Spec: &overrides{StandbyCapacity: 0.9}, Verdict: Fail,
		Findings: map[string]Verdict{FindingRecoveryTime: Fail, FindingStandbyCapacity: Fail},
		Figures:  figures{CapacityShare: []float64{11.0 / 23, 0.5}},
	}},
	{"client-stays", func(d *drill) {
		for i := range d.Ops {
			d.Ops[i].Client = i % 3
		}
		d.bad(58)
	}, expectation{
		Why: "One of three clients is sent to the lost region to the end: its last operation there is sent at 6.301 s.", Verdict: Pass,
		Figures: figures{ClientsMovedMS: []float64{3281}},
	}},
	{"stale-read", func(d *drill) { d.readsOf(10, 1600, false) }, expectation{
		Why:  "A write is acknowledged at 1.512 s, and a read that is sent at 1.6 s does not find it.",
		Spec: &overrides{Consistency: Linearizable}, Verdict: Fail, Findings: one(FindingLinearizability, Fail),
	}},
	{"sessions-kept", func(d *drill) { d.session(true, true); d.locally(9) }, expectation{
		Why:  "Client 0 finds at 1.6 s what it wrote by 1.512 s, and again at 1.7 s; the reads are local and take 9 ms.",
		Spec: &overrides{Sessions: Guarantees(), LocalReadsMS: 10}, Verdict: Pass,
	}},
	{"read-your-writes-broken", func(d *drill) { d.session(false, true) }, expectation{
		Why:  "Client 0 is told at 1.512 s that it has written, and does not find it at 1.6 s. Later it does.",
		Spec: &overrides{Sessions: []string{FindingReadYourWrites}}, Verdict: Fail, Findings: one(FindingReadYourWrites, Fail),
	}},
	{"monotonic-reads-broken", func(d *drill) { d.session(true, false) }, expectation{
		Why:  "Client 0 finds at 1.6 s what it does not find any more at 1.7 s.",
		Spec: &overrides{Sessions: []string{FindingMonotonicReads}}, Verdict: Fail, Findings: one(FindingMonotonicReads, Fail),
	}},
	{"taken-twice", func(d *drill) {
		again := d.Ops[10]
		again.Seq, again.Retry, again.Sent, again.Done = int64(len(d.Ops)), 1, again.Sent+50*msec, again.Done+50*msec
		d.Ops = append(d.Ops, again)
	}, expectation{
		Why: "A write that is sent again is acknowledged as new a second time.", Verdict: Fail, Findings: one(FindingDuplicate, Fail),
	}},
	{"taken-once", func(d *drill) {
		again := d.Ops[10]
		again.Seq, again.Retry, again.Sent, again.Done, again.Status = int64(len(d.Ops)), 1, again.Sent+50*msec, again.Done+50*msec, 200
		d.Ops = append(d.Ops, again)
	}, expectation{
		Why: "A write that is sent again is acknowledged as one that is there.", Verdict: Pass,
	}},
	{"sessions-not-read", func(*drill) {}, expectation{
		Why:  "Nobody reads what he has written, or anything twice.",
		Spec: &overrides{Sessions: Guarantees()}, Verdict: Inconclusive,
		Findings: map[string]Verdict{FindingReadYourWrites: Inconclusive, FindingMonotonicReads: Inconclusive},
	}},
	{"local-reads-slow", func(d *drill) { d.session(true, true); d.locally(30) }, expectation{
		Why:  "Two local reads take 30 ms, where 10 ms are promised.",
		Spec: &overrides{LocalReadsMS: 10}, Verdict: Fail, Findings: one(FindingLocalReads, Fail),
	}},
}

// session has client 0, which wrote operation 10, read it at 1.6 s and at 1.7 s.
func (d *drill) session(found ...bool) {
	for i, is := range found {
		d.readsOf(10, 1600+100*i, is)
		d.Ops[len(d.Ops)-1].Client = 0
	}
}

// locally has all reads answered by the region's own database, after so many milliseconds.
func (d *drill) locally(took int) {
	for i := range d.Ops {
		if op := &d.Ops[i]; op.Kind == history.Read {
			op.Path, op.Done = PathLocal, op.Due+time.Duration(took)*msec
		}
	}
}
