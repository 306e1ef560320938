package measure

import (
	"fmt"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// incidentFixtures have more than one fault, more than one outage, or one that nothing caused.
var incidentFixtures = []fixture{
	{"harmless-cut-then-lost", func(d *drill) { d.first("cut_link"); d.Marks = nil; d.outage(60) }, expectation{
		Why:     "A cut that hurt nobody is healed; then the region is lost and nobody takes over.",
		Verdict: Fail, Findings: one(FindingRecoveryTime, Fail), Figures: figures{RecoveryTimeMS: []float64{3380}},
	}},
	{
		"automation-killed-then-lost", func(d *drill) { d.first("kill_automation"); d.Marks = nil; d.outage(60) },
		expectation{
			Why:     "The automation is killed, then the region is lost, and nobody takes over.",
			Verdict: Fail, Findings: one(FindingRecoveryTime, Fail), Figures: figures{RecoveryTimeMS: []float64{3380}},
		},
	},
	{"latency-then-lost", func(d *drill) { d.first("latency") }, expectation{
		Why: "Latency that hurts nobody comes first; the failover after it is as it should be.", Verdict: Pass,
		Figures: figures{RecoveryTimeMS: []float64{1080, 1200}, RecoveryPointMS: []float64{188, 308}, Lost: new(2)},
	}},
	{"replication-paused-then-lost", func(d *drill) {
		d.first("pause_replication")
		for i := 11; i < 25; i++ {
			d.lose(history.StorePostgres, d.Ops[i].ID)
		}
	}, expectation{
		Why: "The replication is paused at 1.5 s, and with the region 14 of 25 writes are lost: 1.388 s at the " +
			"least.",
		Verdict: Fail, Findings: one(FindingRecoveryPoint, Fail),
		Figures: figures{RecoveryPointMS: []float64{1388, 1508}, Lost: new(14)},
	}},
	{"second-fault-in-the-outage", func(d *drill) {
		d.Faults = append(d.Faults, history.Fault{
			Name: "latency", Target: "us-west-2 to eu-west-1", Command: 3290 * msec, Effective: between(3300, 3310),
			Healed: between(7000, 7100), Confirmed: true,
		})
	}, expectation{
		Why: "Another fault comes while the service is away: the outage, the promotion and what was lost stay the " +
			"first one's.", Verdict: Pass,
		Figures: figures{RecoveryTimeMS: []float64{1080, 1200}, RecoveryPointMS: []float64{188, 308}, Lost: new(2)},
	}},
	{"later-outage-is-judged", func(d *drill) {
		d.outage(25)
		d.Marks = nil
		d.Faults[0] = history.Fault{
			Name: "fill_disk", Target: "postgres.us-east-1", Command: 2990 * msec, Effective: between(3000, 3020),
			Healed: between(7000, 7100), Confirmed: true,
		}
		for i := 25; i < 60; i++ {
			if i < 37 {
				d.ok(i, home)
				continue
			}
			d.bad(i)
		}
		d.keep(23)
		d.keep(24)
	}, expectation{
		Why: "The disk is full at 3 s, and the service is away from 4.2 s to the end: 2.2 s from its own " +
			"beginning, where 2 s are promised.",
		Verdict: Fail, Findings: one(FindingRecoveryTime, Fail),
		Figures: figures{RecoveryTimeMS: []float64{2200}, Lost: new(0)},
	}},
	{"felt-before-the-probe-turned", func(d *drill) {
		d.Faults[0].Command = 2800 * msec
		for i := 23; i < 25; i++ {
			d.bad(i)
			d.Ops[i].Done = d.Ops[i].Sent + 100*msec
		}
	}, expectation{
		Why: "The region is ordered away at 2.8 s and some of it is gone at once: two writes fail before the " +
			"probe, which looks at another part, turns at 3 s.",
		Verdict: Pass, Figures: figures{RecoveryTimeMS: []float64{1300, 1400}, Lost: new(0)},
	}},
	{"outage-without-a-cause", func(d *drill) {
		for i := 15; i < 25; i++ {
			d.bad(i)
		}
		for i := 25; i < 60; i++ {
			d.ok(i, standby)
			d.keep(i)
		}
	}, expectation{
		Why: "The service is away from 2 s on by itself, and the region is lost at 3 s: what followed is no " +
			"doing of that.",
		Spec:    &overrides{MinAcked: 10},
		Verdict: Inconclusive, Findings: void(),
	}},
	{"slow-by-itself-before-the-fault", func(d *drill) {
		for i := 18; i < 22; i++ {
			d.slowly(i, 600*msec)
		}
	}, expectation{
		Why: "Four writes are answered too late before anything is broken.", Verdict: Inconclusive, Findings: void(),
	}},
	{"fault-lapsed", func(d *drill) { d.Faults[0].Lapsed = between(3100, 6900) }, expectation{
		Why: "The fault was not in force any more when it was to be healed.", Verdict: Inconclusive, Findings: void(),
	}},
	{"two-failovers", func(d *drill) { d.failsBack() }, expectation{
		Why: "The standby is lost as well, at 5.3 s, and home serves again 600 ms later; both outages are within " +
			"what was promised.",
		Verdict: Pass, Figures: figures{Outages: []float64{1080, 1200, 580, 700}, Lost: new(2)},
	}},
	{"two-failovers-second-loses", func(d *drill) {
		d.failsBack()
		for i := 37; i < 48; i++ {
			d.lose(history.StoreItems, d.Ops[i].ID)
		}
	}, expectation{
		Why: "With the second region 11 writes of the time since the first failover are lost, 1.088 s old at the " +
			"least.",
		Verdict: Fail, Findings: one(FindingRecoveryPoint, Fail),
		Figures: figures{Lost: new(11), RecoveryPointMS: []float64{1088, 2608}},
	}},
	{"partition-without-a-failover", func(d *drill) { d.unmoved() }, expectation{
		Why: "The regions are cut off from one another and nobody is promoted: home is in charge, goes on, and " +
			"lost nothing.",
		Spec:    promise(0),
		Verdict: Pass, Figures: figures{Lost: new(0)},
	}},
	{"partition-without-a-failover-loses", func(d *drill) { d.unmoved(); d.forget("v10") }, expectation{
		Why:     "The same, and home itself lost a write that it had acknowledged.",
		Spec:    promise(0),
		Verdict: Fail, Findings: map[string]Verdict{FindingRecoveryPoint: Fail, FindingHole: Fail},
		Figures: figures{Lost: new(1)},
	}},
	{"reads-of-late-copies", func(d *drill) {
		d.unmoved()
		for _, store := range d.spec.Stores {
			r := d.read(history.BeforeReturn, store)
			r.IDs = r.IDs[:20]
		}
		for i := range 34 {
			d.readsOf(20, 550+50*i, true)
		}
		for i := range 60 {
			d.readsOf(24, 3050+50*i, false)
		}
		for i := range 34 {
			d.Ops[60+i].ID = d.Ops[0].ID
		}
	}, expectation{
		Why: "Nobody is promoted, and readers do not find what the standby never got: nothing is lost, and they are " +
			"not served.", Spec: promise(0),
		Verdict: Fail, Findings: one(FindingRecoveryTime, Fail), Figures: figures{Lost: new(0)},
	}},
	{"reads-of-lost-writes", func(d *drill) {
		for i := range 10 {
			d.readsOf(24, 4250+200*i, false)
			d.readsOf(20, 550+200*i, true)
		}
	}, expectation{
		Why: "After the failover ten reads do not find a write that is lost: that is a loss of data, and told as " +
			"one.",
		Verdict: Pass, Figures: figures{RecoveryTimeMS: []float64{1080, 1250}, Lost: new(2)},
	}},
	{
		"no-write-works", func(d *drill) { d.reading(func(time.Duration) bool { return true }); d.outage(60) },
		expectation{
			Why:     "40 reads to each write are answered throughout, and after the fault no write is any more.",
			Verdict: Fail, Findings: one(FindingRecoveryTime, Fail), Figures: figures{RecoveryTimeMS: []float64{3380}},
		},
	},
	{
		"no-read-works",
		func(d *drill) { d.outage(25); d.reading(func(due time.Duration) bool { return due < 3*time.Second }) },
		expectation{
			Why:     "Writes are answered throughout, and after the fault no read is.",
			Verdict: Fail, Findings: one(FindingRecoveryTime, Fail),
		},
	},
}

// first puts a fault before the others that is healed half a second before them.
func (d *drill) first(name string) {
	d.Faults = append([]history.Fault{{
		Name: name, Target: "postgres to us-west-2", Command: 1450 * msec, Effective: between(1500, 1510),
		Healed:    between(2500, 2510),
		Confirmed: true,
	}}, d.Faults...)
}

// unmoved makes the fault a partition after which nobody was promoted, and home went on.
func (d *drill) unmoved() {
	d.partition()
	d.Marks = nil
	for i := range d.Ops {
		d.ok(i, home)
		d.keep(i)
	}
	for _, store := range d.spec.Stores {
		r := d.read(history.BeforeReturn, store)
		r.IDs = r.IDs[:24] // the standby had no more then
	}
}

// failsBack loses the standby just before operation 48 is due, and has home serve again from operation 55 on. Home had
// been given back by then, and the stores had been read.
func (d *drill) failsBack() {
	const i, back = 48, 55
	for n := range 20 { // two seconds more
		due := 6500*msec + time.Duration(n)*100*msec
		d.Ops = append(d.Ops, history.Op{
			Seq: int64(60 + n), Kind: history.Write, ID: fmt.Sprint("w", n), Due: due,
			Sent: due + msec,
		})
	}
	d.Phases[2].At, d.Phases[3].At = 8500*msec, 11*time.Second
	d.returned(5100)
	at := int(d.Ops[i].Due / msec)
	d.Faults = append(d.Faults, history.Fault{
		Name: "lose_region", Target: standby, Regions: []string{standby}, Command: between(at-10, at).Lo,
		Effective: between(at, at+20),
		Healed:    between(9000, 9100), Confirmed: true,
	})
	d.Marks = append(d.Marks, history.Mark{
		At: *between(at+500, at+510), Source: "automation." + home,
		Name: "promoted",
	})
	for n := i; n < len(d.Ops); n++ {
		if n < back {
			d.bad(n)
			continue
		}
		d.ok(n, home)
		d.Ops[n].Timeline = 3
	}
	for _, store := range d.spec.Stores {
		r := *d.read(history.BeforeReturn, store)
		r.Region, r.At, r.IDs = home, *between(8800, 8810), slices.Clone(r.IDs)
		d.Reads = append(d.Reads, r)
		after := d.read(history.AfterReconciliation, store)
		after.Region, after.At = home, *between(9500, 9510)
	}
	for n := back; n < len(d.Ops); n++ {
		d.keep(n)
	}
	d.spec.Survivor = home
}

// reading adds 40 reads to each write, answered as ok says.
func (d *drill) reading(ok func(due time.Duration) bool) {
	for i := range 2360 {
		due := 500*msec + time.Duration(i)*2500*time.Microsecond
		op := history.Op{
			Seq: int64(1000 + i), Kind: history.Read, ID: "v00", Due: due, Sent: due, Done: due + 5*msec, Attempts: 1,
			Outcome: history.OK, Status: 200, Region: home,
			Client: i % 8, Node: fmt.Sprint("app-", i%2),
		}
		if due >= 3*time.Second {
			op.Region = standby
		}
		if !ok(due) {
			op.Outcome, op.Status, op.Error = history.Failed, 503, "status 503"
		}
		d.Ops = append(d.Ops, op)
	}
}
