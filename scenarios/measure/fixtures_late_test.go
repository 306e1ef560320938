package measure

import (
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// late1388 has the replication paused and then the region lost, so many milliseconds after each was due, and what was
// written in between is lost from PostgreSQL.
func (d *drill) late1388(paused, lost int) {
	d.first("pause_replication")
	for i := 11; i < 25; i++ {
		d.lose(history.StorePostgres, d.Ops[i].ID)
	}
	d.begun(paused, lost)
}

// begun are the steps that the faults were injected by, each so many milliseconds after it was due.
func (d *drill) begun(late ...int) {
	for i, ms := range late {
		f := d.Faults[i]
		d.Steps = append(d.Steps, history.Step{
			Action: history.ActionInject, Of: f.Name, Target: f.Target, Due: f.Command - time.Duration(ms)*msec,
			Began: f.Command,
		})
	}
}

// lateFixtures have steps that began after they were due. Where replication is paused, 1388 to 1508 ms are lost, of 400
// that may be.
var lateFixtures = []fixture{
	{"late-and-lost-as-much", func(d *drill) { d.late1388(0, 1000) }, expectation{
		Why: "The region is lost 1 s later after the pause than the scenario says: of what was lost, 388 ms are left, " +
			"and 400 were promised. Nobody can tell.",
		Verdict: Inconclusive, Findings: one(FindingRecoveryPoint, Inconclusive),
		Figures: figures{RecoveryPointMS: []float64{1388, 1508}, Lost: new(14)},
	}},
	{"late-and-lost-more", func(d *drill) { d.late1388(0, 900) }, expectation{
		Why:     "The region is lost 900 ms too late, and 988 ms too much are lost: in time it would have failed as well.",
		Verdict: Fail, Findings: one(FindingRecoveryPoint, Fail),
		Figures: figures{RecoveryPointMS: []float64{1388, 1508}, Lost: new(14)},
	}},
	{"late-alike", func(d *drill) { d.late1388(1000, 1000) }, expectation{
		Why:     "Both steps are a second late, and as far apart as the scenario says.",
		Verdict: Fail, Findings: one(FindingRecoveryPoint, Fail),
	}},
	{"late-alike-but-one-waited", func(d *drill) {
		d.late1388(1000, 1000)
		d.Steps[0].Waited = true
	}, expectation{
		Why: "Both steps are a second late, but the first had waited for something: how far apart they were to be " +
			"the scenario does not say.",
		Verdict: Inconclusive, Findings: one(FindingRecoveryPoint, Inconclusive),
	}},
	{
		"late-at-first", func(d *drill) {
			d.late1388(0, 0)
			d.Faults = d.Faults[1:]
			d.Steps = d.Steps[1:]
			d.Steps[0].Due -= 2 * time.Second
		},
		expectation{
			Why:     "The only step is two seconds late: the steady state went on for longer, and that excuses nothing.",
			Verdict: Fail, Findings: one(FindingRecoveryPoint, Fail),
		},
	},
	{"late-a-little", func(d *drill) {
		d.late1388(0, 240)
	}, expectation{
		Why:     "The region is lost 240 ms late, which is as good as in time: what is over its objective by less fails.",
		Spec:    &overrides{RecoveryPointMS: new(1200)},
		Verdict: Fail, Findings: one(FindingRecoveryPoint, Fail),
	}},
	{"late-by-store", func(d *drill) { d.late1388(0, 1000) }, expectation{
		Why:     "PostgreSQL has a limit of its own, and lost as much too much as the region was lost too late.",
		Spec:    &overrides{RecoveryPointMS: new(2000), StoreRecoveryPointMS: map[string]int{"postgres": 400}},
		Verdict: Inconclusive, Findings: one(FindingRecoveryPoint, Inconclusive),
	}},
	{"late-and-torn", func(d *drill) { d.late1388(0, 1000) }, expectation{
		Why:     "Documents without a row are up to 1.5 s old, of 500 ms: they may be only because the region was lost late.",
		Spec:    &overrides{RecoveryPointMS: new(2000), JointMS: new(500)},
		Verdict: Inconclusive, Findings: one(FindingJointRecoveryPoint, Inconclusive),
	}},
	{
		"late-and-claimed", func(d *drill) {
			d.byRule()
			d.loseSince("cold/", 10)
			d.first("latency")
			d.begun(0, 1000)
		},
		expectation{
			Why:     "The dashboard says 1 s, and what was lost is older by less than the region was lost too late.",
			Spec:    claimed("cold/", 1000),
			Verdict: Inconclusive, Findings: one(FindingClaim, Inconclusive),
		},
	},
	{"late-and-away", func(d *drill) { d.first("latency"); d.outage(47); d.begun(0, 1000) }, expectation{
		Why:     "The service is away for 2.08 s, of 2 s, and the region was lost a second too late.",
		Verdict: Inconclusive, Findings: one(FindingRecoveryTime, Inconclusive),
		Figures: figures{RecoveryTimeMS: []float64{2080, 2200}},
	}},
	{
		"late-and-away-for-good", func(d *drill) { d.first("latency"); d.Marks = nil; d.outage(60); d.begun(0, 1000) },
		expectation{
			Why:     "Nobody takes over, and 3.38 s are more than a second too long: that the region was lost late excuses nothing.",
			Verdict: Fail, Findings: one(FindingRecoveryTime, Fail), Figures: figures{RecoveryTimeMS: []float64{3380}},
		},
	},
}

// Why there is no verdict is told: who came late, and by how much.
func TestLatenessIsTold(t *testing.T) {
	const want = "lose_region on us-east-1 came 1 s later than the scenario says, counted from the steps before it"
	for _, f := range lateFixtures {
		d := goodDrill()
		f.edit(d)
		r := Judge(d.History, f.expect.promised())
		told := strings.Contains(strings.Join(r.Reasons, "\n"), want)
		if told != (f.expect.Verdict == Inconclusive) {
			t.Errorf("%s: it is %s, and the reasons are %q", f.name, r.Verdict, r.Reasons)
		}
	}
}
