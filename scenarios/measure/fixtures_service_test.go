package measure

import (
	"net/http"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// serviceFixtures are about what the service could do, where its clients were, and what reads saw.
var serviceFixtures = []fixture{
	{"capacity-enough", unchanged, expectation{
		Why: "The standby serves all of the demand from 4.2 s on.", Spec: &overrides{StandbyCapacity: 0.9},
		Verdict: Pass,
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
		Why: "One of three clients is sent to the lost region to the end: its last operation there is sent at " +
			"6.301 s.",
		Verdict: Pass,
		Figures: figures{ClientsMovedMS: []float64{3281}},
	}},
	{"app-reconnected", func(d *drill) {
		d.turned("app-1."+standby, "postgres", 4000)
		d.turned("app-2."+standby, "postgres", 4000)
		d.reconnected("app-1."+standby, "postgres", 4020)
		d.reconnected("app-2."+standby, "postgres", 4150)
	}, expectation{
		Why:     "Addresses are turned at 4 s, and the second of two nodes is answered over its own at 4.15 s.",
		Verdict: Pass, Figures: figures{ReconnectedMS: []float64{140, 160}},
	}},
	{"app-hangs-on", func(d *drill) {
		d.turned("app-1."+standby, "postgres", 4000)
		d.turned("app-2."+standby, "postgres", 4000)
		d.reconnected("app-1."+standby, "postgres", 4020)
	}, expectation{
		Why:     "Addresses are turned at 4 s, and nobody answers the second of two nodes over its own by 6.5 s.",
		Verdict: Pass, Figures: figures{ReconnectedMS: []float64{2495}},
	}},
	{"stale-read", func(d *drill) { d.readsOf(10, 1600, false) }, expectation{
		Why:  "A write is acknowledged at 1.512 s, and a read that is sent at 1.6 s does not find it.",
		Spec: &overrides{Consistency: Linearizable}, Verdict: Fail, Findings: one(FindingLinearizability, Fail),
	}},
	{"sessions-kept", func(d *drill) { d.session(true, true) }, expectation{
		Why:  "Client 0 finds at 5.6 s what it wrote by 1.512 s, and again at 5.7 s.",
		Spec: &overrides{Sessions: Guarantees()}, Verdict: Pass,
	}},
	{"read-your-writes-broken", func(d *drill) { d.session(false, true) }, expectation{
		Why:  "Client 0 is told at 1.512 s that it has written, and does not find it at 5.6 s. Later it does.",
		Spec: &overrides{Sessions: []string{FindingReadYourWrites}}, Verdict: Fail,
		Findings: one(FindingReadYourWrites, Fail),
	}},
	{"read-your-writes-broken-410", func(d *drill) {
		d.session(false, true)
		d.lastRead(1).Status = http.StatusGone
	}, expectation{
		Why:  "Client 0 is told at 1.512 s that it has written, and at 5.6 s by 410, as the app has it, that it has not.",
		Spec: &overrides{Sessions: []string{FindingReadYourWrites}}, Verdict: Fail,
		Findings: one(FindingReadYourWrites, Fail),
	}},
	{"read-your-writes-broken-sql", func(d *drill) {
		d.session(false, true)
		d.lastRead(1).Status = 0
		d.lastRead(0).Status = 0
	}, expectation{
		Why:  "Client 0 is told at 1.512 s that it has written, and at 5.6 s SQL, which knows no status, lists nothing.",
		Spec: &overrides{Sessions: []string{FindingReadYourWrites}}, Verdict: Fail,
		Findings: one(FindingReadYourWrites, Fail),
	}},
	{"read-your-writes-404-of-another-kind", func(d *drill) {
		d.session(false, true)
		d.lastRead(1).Error = "status 404"
	}, expectation{
		Why: "Client 0 reads at 5.6 s what it had written. The app says by 410 what is not there, so that 404 says " +
			"nothing of it, and at 5.7 s it is found.",
		Spec: &overrides{Sessions: []string{FindingReadYourWrites}}, Verdict: Pass,
	}},
	{"monotonic-reads-broken", func(d *drill) { d.session(true, false) }, expectation{
		Why:  "Client 0 finds at 5.6 s what it does not find any more at 5.7 s.",
		Spec: &overrides{Sessions: []string{FindingMonotonicReads}}, Verdict: Fail,
		Findings: one(FindingMonotonicReads, Fail),
	}},
	{"sessions-not-read", func(d *drill) {
		d.readsOf(10, 1600, true)
		d.Ops[len(d.Ops)-1].Client = 0
	}, expectation{
		Why: "Client 0 finds what it wrote, but before the fault. After it nobody reads what he has written, or " +
			"anything twice.",
		Spec: &overrides{Sessions: Guarantees()}, Verdict: Inconclusive,
		Findings: map[string]Verdict{FindingReadYourWrites: Inconclusive, FindingMonotonicReads: Inconclusive},
	}},
	{"local-reads-quick", func(d *drill) { d.locally(9, 30) }, expectation{
		Why:  "30 reads in each region take 9 ms, before the fault and after it.",
		Spec: &overrides{LocalReadsMS: 10}, Verdict: Pass,
	}},
	{"local-reads-slow", func(d *drill) { d.locally(30, 30) }, expectation{
		Why:  "After the fault reads take 30 ms, where 10 ms are promised.",
		Spec: &overrides{LocalReadsMS: 10}, Verdict: Fail, Findings: one(FindingLocalReads, Fail),
	}},
	{"local-reads-gone", func(d *drill) { d.locally(0, 30) }, expectation{
		Why:  "After the fault reads are not answered.",
		Spec: &overrides{LocalReadsMS: 10}, Verdict: Fail, Findings: one(FindingLocalReads, Fail),
	}},
	{"local-reads-few", func(d *drill) { d.locally(9, 19) }, expectation{
		Why:  "19 reads are too few to tell.",
		Spec: &overrides{LocalReadsMS: 10}, Verdict: Inconclusive, Findings: one(FindingLocalReads, Inconclusive),
	}},
}

// session has client 0, which wrote operation 10, read it at 5.6 s and at 5.7 s.
func (d *drill) session(found ...bool) {
	for i, is := range found {
		d.readsOf(10, 5600+100*i, is)
		d.Ops[len(d.Ops)-1].Client = 0
	}
}

// lastRead is the last operation but n.
func (d *drill) lastRead(n int) *history.Op { return &d.Ops[len(d.Ops)-1-n] }

// locally adds reads that the region's own database answers: in both regions before the fault, after 9 ms, and in the
// standby after the recovery, after so many milliseconds; those that take 0 ms are not answered. They are not counted
// by how they were offered.
func (d *drill) locally(tookAfter, count int) {
	const tookBefore = 9
	read := func(region string, dueMS, took int) {
		due := time.Duration(dueMS) * msec
		op := history.Op{
			Seq: int64(len(d.Ops)), Kind: history.Read, ID: d.Ops[0].ID, Client: 1, Due: due, Sent: due, Done: due +
				time.Duration(took)*msec, Attempts: 1,
			Outcome: history.OK, Status: 200, Region: region, Path: PathLocal, Retry: 1,
		}
		if took == 0 {
			op.Done, op.Outcome, op.Status, op.Path, op.Error = due+200*msec, history.Failed, 503, "", "status 503"
		}
		d.Ops = append(d.Ops, op)
	}
	for i := range count {
		read(home, 1100+50*i, tookBefore)
		read(standby, 1100+50*i, tookBefore)
		read(standby, 5000+40*i, tookAfter)
	}
	read(home, 2950, 0) // under way when the fault comes
	read(home, 5500, 0) // after it, where nobody is any more
}
