package measure

import (
	"github.com/regionfall/regionfall/scenarios/history"
)

var storeFixtures = []fixture{
	{"recovery-point-straddling", func(d *drill) { d.lose(history.StoreItems, "v22") }, expectation{
		Why: "The loss is 288 to 408 ms old, 400 ms were promised: nobody can tell.", Verdict: Inconclusive,
		Findings: one(FindingRecoveryPoint, Inconclusive), Figures: figures{
			RecoveryPointMS: []float64{288, 408},
			Lost:            new(3),
		},
	}},
	{
		"recovery-point-too-old", func(d *drill) { d.lose(history.StorePostgres, "v20", "v21", "v22", "v23") },
		expectation{
			Why: "PostgreSQL lost 488 ms at the least, 400 ms were promised.", Verdict: Fail,
			Findings: one(FindingRecoveryPoint, Fail),
			Figures:  figures{RecoveryPointMS: []float64{488, 608}, Lost: new(5), Holes: new(0)},
		},
	},
	{"recovery-point-nothing-lost", func(d *drill) { d.keep(23); d.keep(24) }, expectation{
		Why: "0 of 25 lost; the figure is how long before the fault the last write was acknowledged.", Verdict: Pass,
		Figures: figures{RecoveryPointMS: []float64{0, 108}, Lost: new(0)},
	}},
	{"recovery-point-everything-lost", func(d *drill) {
		for i := range 25 {
			d.lose(history.StoreObjects, d.Ops[i].ID)
		}
	}, expectation{
		Why:      "No object of before the fault is there: the loss reaches back to the start of the workload.",
		Verdict:  Fail,
		Findings: one(FindingRecoveryPoint, Fail), Figures: figures{
			RecoveryPointMS: []float64{2488, 2620},
			Lost:            new(25),
		},
	}},
	{"zero-loss", func(d *drill) { d.keep(23); d.keep(24) }, expectation{
		Why: "Nothing may be lost, nothing is.", Spec: promise(0), Verdict: Pass, Figures: figures{Lost: new(0)},
	}},
	{"zero-loss-one-lost", func(d *drill) { d.keep(23); d.keep(24); d.lose(history.StoreItems, "v24") }, expectation{
		Why: "Nothing may be lost, one item is, however young it was.", Spec: promise(0), Verdict: Fail,
		Findings: one(FindingRecoveryPoint, Fail), Figures: figures{Lost: new(1)},
	}},
	{"fencing", func(d *drill) { d.ok(27, home) }, expectation{
		Why: "The lost region acknowledged a write that was sent 180 ms after it was surely lost.", Verdict: Fail,
		Findings: one(FindingFencing, Fail), Figures: figures{AckedAfterFault: new(1), Lost: new(2)},
	}},
	{"fencing-in-flight", func(d *drill) { d.ok(25, home); d.slowly(25, 60*msec) }, expectation{
		Why: "A write that was sent before the fault was sure is answered after it: lost, but not for want of " +
			"fencing.",
		Verdict: Pass,
		Figures: figures{AckedAfterFault: new(0), Lost: new(3), RecoveryPointMS: []float64{188, 308}},
	}},
	{"fencing-after-return", func(d *drill) {
		d.Marks = nil
		d.returned(6000)
		for i := 37; i < len(d.Ops); i++ {
			d.Ops[i].Timeline = 0
			d.Ops[i].Region = ""
		}
		d.ok(58, home)
		d.keep(58)
	}, expectation{
		Why: "Nobody is known to have been promoted, and the lost region answers again once it was given back: no " +
			"want of fencing.", Verdict: Pass,
		Figures: figures{AckedAfterFault: new(0)},
	}},
	{"fencing-no-marks", func(d *drill) {
		d.Marks = nil
		d.returned(6000)
		d.ok(58, home)
	}, expectation{
		Why: "No mark says so, but the standby answered on a new timeline, and then the old primary on the old one: " +
			"a split brain.", Verdict: Fail,
		Findings: one(FindingFencing, Fail), Figures: figures{AckedAfterFault: new(1)},
	}},
	{"fencing-no-marks-partition", func(d *drill) {
		d.partition()
		d.ok(35, home)
		d.keep(35)
		d.Marks = nil
	}, expectation{
		Why: "The old primary acknowledges at 4.012 s; the standby was promoted some time before 4.212 s: nobody can " +
			"tell.", Verdict: Inconclusive,
		Findings: one(FindingFencing, Inconclusive), Figures: figures{AckedAfterFault: new(0)},
	}},
	{"fencing-no-timeline-handed-on", func(d *drill) {
		d.returned(6000)
		d.ok(58, home)
		d.Ops[58].Timeline = 0
	}, expectation{
		Why: "The old primary's region acknowledges a write once it was given back, and names no timeline. The database " +
			"in charge holds the write, so its app wrote there.", Verdict: Pass,
		Figures: figures{AckedAfterFault: new(0), Lost: new(2)},
	}},
	{"fencing-no-timeline", func(d *drill) {
		d.returned(6000)
		d.ok(58, home)
		d.forget(d.Ops[58].ID)
		d.Ops[58].Timeline = 0
	}, expectation{
		Why: "The same, and the database in charge does not hold the write: the old one took it.", Verdict: Fail,
		Findings: one(FindingFencing, Fail), Figures: figures{AckedAfterFault: new(1)},
	}},
	{"fencing-no-timeline-sent-again", func(d *drill) {
		d.returned(6000)
		d.ok(57, home)
		d.sentAgain(57, 0)
		d.Ops[57].Timeline, d.Ops[57].Outcome = 0, history.Unknown
		d.Ops[len(d.Ops)-1].Region, d.Ops[len(d.Ops)-1].Timeline = home, 0
	}, expectation{
		Why: "The database in charge holds the write, but it was sent twice, and each may have put it there: nobody " +
			"can tell where the one that was acknowledged went.", Verdict: Inconclusive,
		Findings: one(FindingFencing, Inconclusive), Figures: figures{AckedAfterFault: new(0)},
	}},
	{
		"returned-before-the-reading", func(d *drill) {
			d.Faults[0].Healed = between(6600,
				6700)
			d.keep(23)
			d.keep(24)
		},
		expectation{
			Why: "The lost region was given back at 6.6 s, and the stores were read at 6.8 s: 0 lost proves " +
				"nothing.",
			Verdict:  Inconclusive,
			Findings: map[string]Verdict{FindingDrill: Inconclusive, FindingRecoveryPoint: Inconclusive},
		},
	},
	{"refused-and-there", func(d *drill) {
		d.Ops[30].Outcome, d.Ops[30].Status, d.Ops[30].Error = history.Failed, 503, "status 503: not applied"
		d.keep(30)
	}, expectation{
		Why: "A client was told that its write is not applied, and it is there.", Verdict: Fail,
		Findings: one(FindingRefused, Fail),
	}},
	{"refused-and-sent-again", func(d *drill) {
		d.Ops[30].Outcome, d.Ops[30].Status, d.Ops[30].Error = history.Failed, 503, "status 503: not applied"
		d.sentAgain(30, 0)
		d.Ops[len(d.Ops)-1].Outcome = history.Unknown
		d.keep(30)
	}, expectation{
		Why:     "The write that was refused was sent again, and nobody knows what came of that: it may be there.",
		Verdict: Pass,
	}},
	{"fencing-after-return-superseded", func(d *drill) {
		d.returned(6000)
		d.ok(58, home)
	}, expectation{
		Why:      "Once it was given back the region acknowledges a write, but the standby was promoted: a split brain.",
		Verdict:  Fail,
		Findings: one(FindingFencing, Fail), Figures: figures{AckedAfterFault: new(1)},
	}},
	{"third-region-follows", func(d *drill) {
		d.ok(50, "eu-west-1")
		d.Ops[50].Timeline = 2
	}, expectation{
		Why: "A third region acknowledges a write on the new timeline, and the survivor has it: it follows the new " +
			"primary.", Verdict: Pass,
		Figures: figures{AckedAfterFault: new(0)},
	}},
	{"third-region-follows-at-once", func(d *drill) {
		d.ok(32, "eu-west-1") // answered before the mark of the promotion was left
		d.Ops[32].Timeline = 2
		d.keep(32)
		d.ok(50, "eu-west-1")
		d.Ops[50].Timeline = 2
	}, expectation{
		Why: "A third region acknowledges a write on the new timeline just before the mark says that there is one: " +
			"it follows.", Verdict: Pass,
		Figures: figures{AckedAfterFault: new(0)},
	}},
	{"third-region-promoted-too", func(d *drill) {
		d.ok(50, "eu-west-1")
		d.Ops[50].Timeline = 2
		d.forget(d.Ops[50].ID)
	}, expectation{
		Why: "A third region acknowledges a write on a new timeline of its own, and the survivor never has it: two " +
			"primaries.", Verdict: Fail,
		Findings: one(FindingFencing, Fail), Figures: figures{AckedAfterFault: new(1)},
	}},
	{"fencing-partition", func(d *drill) { d.partition(); d.ok(35, home) }, expectation{
		Why: "The old primary is cut off, not lost, and acknowledges a write that was sent after the standby's " +
			"promotion.", Verdict: Fail,
		Findings: one(FindingFencing, Fail), Figures: figures{AckedAfterFault: new(1), Lost: new(2)},
	}},
	{"fencing-partition-in-time", func(d *drill) { d.partition(); d.ok(34, home); d.keep(34) }, expectation{
		Why:     "The old primary is cut off, and acknowledges a write last when the promotion was not yet sure.",
		Verdict: Pass,
		Figures: figures{AckedAfterFault: new(0), Lost: new(2)},
	}},
	{"lost-after-failover", func(d *drill) { d.lose(history.StoreItems, "v40") }, expectation{
		Why: "The survivor acknowledged v40 after the failover and does not have it.", Verdict: Fail,
		Findings: one(FindingLostAfterFailover, Fail), Figures: figures{Lost: new(2)},
	}},
	{"lost-in-reconciliation", func(d *drill) {
		r := d.read(history.AfterReconciliation, history.StoreObjects)
		r.IDs = r.IDs[1:]
	}, expectation{
		Why: "v00 survived the fault, and is gone after reconciliation.", Verdict: Fail,
		Findings: one(FindingLostAfterFailover, Fail),
		Figures:  figures{Lost: new(2)},
	}},
	{"hole", func(d *drill) { d.lose(history.StorePostgres, "v22") }, expectation{
		Why:  "PostgreSQL lost v22 and kept v23, which was sent after v22 was acknowledged: its log can't do that.",
		Spec: promise(500), Verdict: Fail, Findings: one(FindingHole, Fail), Figures: figures{Holes: new(1)},
	}},
	{"hole-not-concurrent-writes", func(d *drill) {
		d.keep(23)
		d.lose(history.StorePostgres, "v22")
		d.slowly(22,
			149*msec)
	}, expectation{
		Why: "PostgreSQL lost v22 and kept v23, but v23 was sent before v22 was acknowledged: the log may have had " +
			"it first.",
		Spec: promise(500), Verdict: Pass, Figures: figures{Holes: new(0), Lost: new(2)},
	}},
	{"hole-in-objects", func(d *drill) { d.lose(history.StoreObjects, "v22") }, expectation{
		Why:  "Objects are copied in no order: one lost before others that are kept is counted, and no finding.",
		Spec: promise(500), Verdict: Pass, Figures: figures{Holes: new(1), Lost: new(3)},
	}},
	{"duplicate", func(d *drill) {
		r := d.read(history.BeforeReturn, history.StorePostgres)
		r.IDs = append(r.IDs, "v05")
	}, expectation{
		Why: "v05 is in PostgreSQL twice.", Verdict: Fail, Findings: one(FindingDuplicate, Fail),
		Figures: figures{Duplicates: new(1)},
	}},
	{"taken-twice", func(d *drill) { d.sentAgain(40, 201) }, expectation{
		Why: "v40 is sent again, and answered as new both times: it is there once, and was taken twice.", Verdict: Fail,
		Findings: one(FindingDuplicate, Fail), Figures: figures{Duplicates: new(1)},
	}},
	{"taken-once", func(d *drill) { d.sentAgain(40, 200) }, expectation{
		Why: "v40 is sent again, and answered as known the second time.", Verdict: Pass,
		Figures: figures{Duplicates: new(0)},
	}},
	{"given-again", func(d *drill) { d.giveAgain(40, 24) }, expectation{
		Why: "The service chose v24, and lost it with the region. The standby gives it to another write: it is there, " +
			"and is not what was acknowledged before the fault.", Verdict: Fail,
		Findings: one(FindingDuplicate, Fail), Figures: figures{Duplicates: new(1), Lost: new(2)},
	}},
	{"given-again-after-the-failover", func(d *drill) { d.giveAgain(50, 40) }, expectation{
		Why: "The standby gives v40 to two writes, and has it once: the first of them is gone.", Verdict: Fail,
		Findings: map[string]Verdict{FindingDuplicate: Fail, FindingLostAfterFailover: Fail},
		Figures:  figures{Duplicates: new(1), Lost: new(2)},
	}},
	{"given-again-by-who-was-lost", func(d *drill) {
		d.returned(6000)
		d.giveAgain(40, 40)
		d.forget(d.Ops[58].ID)
		d.Ops[58].ID = d.Ops[40].ID
		d.ok(58, home)
		d.Ops[58].Given, d.Ops[58].Status = true, 200
	}, expectation{
		Why: "Once it was given back the old primary acknowledges a write, and gives it v40, which the standby had " +
			"given: that one is there.", Verdict: Fail,
		Findings: map[string]Verdict{FindingFencing: Fail, FindingDuplicate: Fail},
		Figures:  figures{Duplicates: new(1), Lost: new(2), AckedAfterFault: new(1)},
	}},
	{"phantom", func(d *drill) {
		r := d.read(history.AfterReconciliation, history.StoreObjects)
		r.IDs = append(r.IDs, "v99")
	}, expectation{
		Why: "v99 is among the objects, and nobody wrote it.", Verdict: Fail, Findings: one(FindingPhantom, Fail),
	}},
	{"unknown-write-kept", func(d *drill) { d.keep(25); d.keep(26) }, expectation{
		Why: "Writes that nobody answered may be there: neither phantoms nor acknowledged.", Verdict: Pass,
		Figures: figures{Lost: new(2)},
	}},
	{"resurrected", func(d *drill) {
		for _, store := range []string{history.StorePostgres, history.StoreItems} {
			r := d.read(history.AfterReconciliation, store)
			r.IDs = append(r.IDs, "v24")
		}
	}, expectation{
		Why: "v24 was lost and is there again after reconciliation: listed, and still lost.", Verdict: Pass,
		Figures: figures{Lost: new(2), Resurrected: new(1)},
	}},
}

// returned gives the lost region back at a time, just after the stores were read.
func (d *drill) returned(at int) {
	d.Faults[0].Healed = between(at, at+100)
	for i := range d.Reads {
		if d.Reads[i].Read == history.BeforeReturn {
			d.Reads[i].At = *between(at-50, at-40)
		}
	}
}

// sentAgain sends write i once more, which is answered with that status.
func (d *drill) sentAgain(i, status int) {
	op := d.Ops[i]
	op.Seq, op.Sent, op.Done, op.Retry, op.Status = int64(len(d.Ops)), op.Sent+200*msec, op.Done+200*msec, 1, status
	d.Ops = append(d.Ops, op)
}

// giveAgain has the service choose all ids, and give operation i the one that it gave an earlier one.
func (d *drill) giveAgain(i, earlier int) {
	for n := range d.Ops {
		if op := &d.Ops[n]; op.Kind == history.Write && op.Outcome == history.OK {
			op.Given, op.Status = true, 200
		}
	}
	d.forget(d.Ops[i].ID)
	d.Ops[i].ID = d.Ops[earlier].ID
	d.keep(i)
}
