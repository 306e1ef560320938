package measure

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
}
