package measure

import "github.com/regionfall/regionfall/scenarios/history"

func gap(withinMS int) *overrides {
	none := 0
	return &overrides{RecoveryPointMS: &none, WriteGapMS: &withinMS}
}

var switchoverFixtures = []fixture{
	{"switchover", func(d *drill) { d.rotate() }, expectation{
		Why: "The standby takes over in order, and nothing is lost. The last write before it is acknowledged at " +
			"2.912 s, the first after it at 4.212 s; those " +
			"in between are due from 3.0 to 4.1 s.",
		Spec: gap(1500), Verdict: Pass, Figures: figures{WriteGapMS: []float64{1100, 1300}, Lost: new(0)},
	}},
	{"switchover-too-long", func(d *drill) { d.rotate() }, expectation{
		Why:  "The same, and 1 s is promised.",
		Spec: gap(1000), Verdict: Fail, Findings: one(FindingWriteGap, Fail),
	}},
	{"switchover-straddling", func(d *drill) { d.rotate() }, expectation{
		Why:  "The same, and 1.25 s are promised: before 3.0 s and after 4.1 s nobody wrote who could have been refused.",
		Spec: gap(1250), Verdict: Inconclusive, Findings: one(FindingWriteGap, Inconclusive),
	}},
	{"switchover-never-back", func(d *drill) { d.rotate(); d.outage(60) }, expectation{
		Why:  "After the switchover nobody can write any more.",
		Spec: gap(1500), Verdict: Fail, Findings: map[string]Verdict{FindingWriteGap: Fail, FindingRecoveryTime: Fail},
		Figures: figures{WriteGapMS: []float64{3400}},
	}},
	{"switchover-lost-one", func(d *drill) { d.rotate(); d.lose(history.StorePostgres, "v24") }, expectation{
		Why:  "What was acknowledged just before the switchover is gone.",
		Spec: gap(1500), Verdict: Fail, Findings: one(FindingRecoveryPoint, Fail), Figures: figures{Lost: new(1)},
	}},
	{"switchover-refused", func(d *drill) {
		d.rotate()
		d.outage(25)
		d.Faults[0].Healed, d.Faults[0].By = nil, "the standby is behind"
		for i := 25; i < len(d.Ops); i++ {
			d.ok(i, home)
		}
		d.Marks = nil
	}, expectation{
		Why:  "The standby does not take over, and nobody notices but who ordered it.",
		Spec: gap(1500), Verdict: Fail, Findings: one(FindingSwitchover, Fail),
	}},
	{"switchover-there-and-back", func(d *drill) { d.rotate(); d.back(48, 49) }, expectation{
		Why:  "The second switchover, ordered at 5.25 s, costs one of them, and the first one takes 1.3 s.",
		Spec: gap(1500), Verdict: Pass, Figures: figures{WriteGapMS: []float64{1100, 1300}, Lost: new(0)},
	}},
}

// rotate makes the fault a switchover that is done at 4.1 s, with nothing lost.
func (d *drill) rotate() {
	d.Faults[0] = history.Fault{
		Name: history.Switchover, Target: standby, Command: 3000 * msec, Effective: between(3000, 3000),
		Healed: between(3000, 4100), Confirmed: true,
		By: "the automation says that it is done",
	}
	d.keep(23)
	d.keep(24)
}

// back orders a second switchover just before operation i is due; those from i to the one before served are not
// answered.
func (d *drill) back(i, served int) {
	at := int(d.Ops[i].Due/msec) - 50
	d.Faults = append(d.Faults, history.Fault{
		Name: history.Switchover, Target: home, Command: between(at, at).Lo, Effective: between(at, at),
		Healed: between(at, at+200), Confirmed: true,
	})
	// The automation that took over gives back as well.
	d.Marks = append(d.Marks, history.Mark{
		At: *between(at+80, at+85), Source: "automation." + standby,
		Name: "promoted",
	})
	for n := range d.Reads { // it is read who is in charge in the end
		d.Reads[n].Region = home
	}
	for n := i; n < len(d.Ops); n++ {
		if n < served {
			d.bad(n)
			continue
		}
		d.ok(n, home)
		d.Ops[n].Timeline = 3
	}
}
