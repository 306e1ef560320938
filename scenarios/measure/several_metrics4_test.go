package measure

import (
	"fmt"

	"github.com/regionfall/regionfall/scenarios/history"
)

var severalMetrics4 = []metricCase{
	{"sessions: a read that got no answer tells nothing", func(d *drill) {
		d.spec.Sessions = []string{FindingReadYourWrites}
		op := d.reader(0, "v10", 5600, 503, standby)
		op.Retry = 1
	}, says(FindingReadYourWrites, Inconclusive)},
	{"linear: there before it was sent", func(d *drill) {
		d.spec.Consistency = Linearizable
		d.reader(3, "v40", 2000, 200, home)
	}, says(FindingLinearizability, Fail)},
	{"refused: a write told not applied is there", func(d *drill) {
		d.unsent(30)
		d.keep(30)
	}, says(FindingRefused, Fail)},
	{"phases: two waits in one phase", func(d *drill) {
		for _, f := range [][2]int{{3660, 3700}, {3800, 3850}} {
			d.Faults = append(d.Faults, history.Fault{
				Name: "hang_step", Target: fmt.Sprint("step ", f[0]),
				Command: between(f[0], 0).Lo, Effective: between(f[0], f[0]), Healed: between(f[1], f[1]),
				Confirmed: true,
			})
		}
	}, func(r Report, _ *drill) string {
		// 3.66 to 3.70 and 3.80 to 3.85 waited: 90 of 250 ms
		if t := r.Metrics.RecoveryTime; *t.FullScale != Near((390+200+100+90)*60*msec+360*msec) {
			return fmt.Sprint(t.FullScale.Duration(), t.Phases[3])
		}
		return ""
	}},
	{"own: capacity fails either way, and the harness stood still once", func(d *drill) {
		d.spec.StandbyCapacity = 0.9
		d.longer(60, standby)
		for i := 37; i < 120; i += 2 {
			d.bad(i)
		}
		d.Stalls = []history.Interval{{Lo: 6000 * msec, Hi: 6300 * msec}}
	}, says(FindingStandbyCapacity, Fail)},

	// --- odd input
	{"odd: nothing", func(d *drill) { d.History = history.History{} }, never(Pass)},
	{"odd: no operations", func(d *drill) { d.Ops = nil }, never(Pass)},
	{"odd: no phases", func(d *drill) { d.Phases = nil }, never(Pass)},
	{"odd: effective is upside down", func(d *drill) { d.Faults[0].Effective = between(3020, 3000) }, never(Pass)},
	{"odd: healed is upside down", func(d *drill) { d.Faults[0].Healed = between(7100, 7000) }, never(Pass)},
	{
		"odd: healed before it was effective, nobody moved",
		func(d *drill) { d.unmoved(); d.Faults[0].Healed = between(2000, 2100) }, never(Pass),
	},
	{"odd: a reading is upside down", func(d *drill) { d.Reads[0].At = *between(6810, 5000) }, never(Pass)},
	{"odd: readings of stores that nobody asked about only", func(d *drill) {
		for i := range d.Reads {
			d.Reads[i].Store = "kv"
		}
	}, never(Pass)},
	{
		"odd: an operation sent before it was due", func(d *drill) { d.Ops[3].Sent = d.Ops[3].Due - 1 },
		both(never(Pass), never(Fail)),
	},
	{
		"odd: an operation done before it was sent", func(d *drill) { d.Ops[3].Done = d.Ops[3].Sent - 1 },
		both(never(Pass), never(Fail)),
	},
	{"odd: attempted thrice", func(d *drill) { d.Ops[59].Attempts = 3 }, both(never(Pass), never(Fail))},
	{"odd: no window", func(d *drill) { d.spec.RecoveryTime.Window = 0; d.spec.StandbyCapacity = 0.9 }, never(Pass)},
	{"odd: no workload after the fault", func(d *drill) { d.drop(25, 60) }, never(Pass)},
	{"odd: effective after the end", func(d *drill) {
		d.outage(25)
		d.Faults[0].Effective = between(7200, 7300)
		d.Faults[0].Healed = between(7500, 7600)
	}, never(Pass)},
	{"odd: an empty id", func(d *drill) { d.Ops[40].ID = "" }, func(Report, *drill) string { return "" }},
	{
		"odd: a mark from before time", func(d *drill) { d.Marks[3].At = *between(-9000, -8000) },
		func(Report, *drill) string { return "" },
	},
}
