package measure

import (
	"fmt"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

var severalMetrics1 = []metricCase{
	// --- capacity
	{
		"capacity: two losses, all of it served after each", func(d *drill) { d.twice(); d.spec.StandbyCapacity = 0.9 },
		says(FindingStandbyCapacity, Pass),
	},
	{"capacity: two losses, half served after the second", func(d *drill) {
		d.twice()
		d.spec.StandbyCapacity = 0.9
		for i := 56; i < 80; i += 2 {
			d.bad(i)
		}
	}, says(FindingStandbyCapacity, Fail)},
	{"capacity: two losses, half served after the first", func(d *drill) {
		d.twice()
		d.spec.StandbyCapacity = 0.9
		for i := 38; i < 48; i += 2 {
			d.bad(i)
		}
	}, both(says(FindingStandbyCapacity, Fail))},
	{"capacity: a squeeze that is healed in between", func(d *drill) {
		d.spec.StandbyCapacity = 0.9
		d.Faults = append(d.Faults, history.Fault{
			Name: "squeeze", Target: standby, Command: 1990 * msec,
			Effective: between(2000, 2010), Healed: between(4900, 4950), Confirmed: true,
		})
		for i := 37; i < 45; i += 2 {
			d.bad(i)
		}
	}, both(says(FindingStandbyCapacity, Pass))},
	{"capacity: one lucky window, then nothing", func(d *drill) {
		d.spec.StandbyCapacity = 0.9
		for i := 48; i < 60; i++ {
			d.bad(i)
		}
	}, both(says(FindingStandbyCapacity, Inconclusive))},
	{"capacity: the second loss comes within a window", func(d *drill) {
		d.spec.StandbyCapacity = 0.9
		d.Faults = append(d.Faults, history.Fault{
			Name: "lose_region", Target: third, Regions: []string{third},
			Command: 3490 * msec, Effective: between(3500, 3510), Healed: between(7000, 7100), Confirmed: true,
		})
	}, not(FindingStandbyCapacity, Fail)},
	{"capacity: the reported figure explains the verdict", func(d *drill) {
		d.spec.StandbyCapacity = 0.9
		d.outage(25)
		d.Marks = nil
		d.Faults = nil
		d.switchover(standby, 2000, 2100)
		d.switchover(home, 4500, 4600)
		for i := 26; i < 40; i++ {
			d.bad(i)
		}
		for i := 40; i < 60; i++ {
			d.ok(i, home)
			if i%10 == 5 {
				d.bad(i)
			}
		}
	}, func(r Report, _ *drill) string {
		c := r.Metrics.Capacity
		if c.Verdict == Inconclusive && float64(*c.ShareLo) >= c.Objective {
			f, _ := found(r, FindingStandbyCapacity)
			return "inconclusive, and it says " + f.Detail
		}
		return ""
	}},
	{"capacity: late answers do not count", func(d *drill) {
		d.spec.StandbyCapacity = 0.9
		for i := 37; i < 60; i += 2 {
			d.slowly(i, 300*msec)
		}
	}, says(FindingStandbyCapacity, Fail)},
	{
		"capacity: a thin load tells nothing",
		func(d *drill) { d.spec.StandbyCapacity = 0.9; d.spec.RecoveryTime.Window = 300 * msec },
		says(FindingStandbyCapacity, Inconclusive),
	},
	{
		"capacity: a partition without a failover", func(d *drill) { d.unmoved(); d.spec.StandbyCapacity = 0.9 },
		both(says(FindingStandbyCapacity, Pass), shares(1, 1)),
	},
	{"capacity: retries are no demand", func(d *drill) {
		d.spec.StandbyCapacity = 0.9
		for i := 40; i < 50; i++ {
			d.sentAgain(i, 200)
		}
	}, says(FindingStandbyCapacity, Pass)},
	{
		"capacity: latency first, then the loss", func(d *drill) { d.first("latency"); d.spec.StandbyCapacity = 0.9 },
		says(FindingStandbyCapacity, Pass),
	},
	{"capacity: a partition with a failover, then the old home is lost", func(d *drill) {
		// After the partition half is served, to the end. That the old home, which serves nobody, is lost later moves
		// nobody.
		d.partition()
		d.spec.StandbyCapacity = 0.9
		for i := 38; i < 60; i += 2 {
			d.bad(i)
		}
		d.Faults = append(d.Faults, history.Fault{
			Name: "lose_region", Target: home, Regions: []string{home},
			Command: 6190 * msec, Effective: between(6200, 6210), Healed: between(7000, 7100), Confirmed: true,
		})
	}, says(FindingStandbyCapacity, Fail)},

	// --- stale configuration
	{"stale: after the second redirect a node leads to the region lost first, which is not back", func(d *drill) {
		d.twice()
		d.Faults[0].Healed = between(9000, 9100)
		d.spec.StaleConfig = lasting(0)
		d.spec.Survivor = third
		d.Marks = append(d.Marks, history.Mark{
			At: *between(5945, 5955), Source: "automation." + third,
			Name: "redirected",
		})
		d.sight("app."+third, third, standby, 490, 500)
		d.sight("app."+third, third, home, 5500, 5600)
	}, func(r Report, d *drill) string {
		m := MeasureStaleConfig(d.History, d.spec)
		if m.Verdict == Pass {
			return fmt.Sprintf("it leads to %s, lost since 3 s, from 5.6 s to the end, redirect at 5.95 s: %s %s", home,
				m.Verdict, ivMS(m.Interval))
		}
		return ""
	}},
	{"stale: from the first redirect past the second loss to the end", func(d *drill) {
		d.twice()
		d.Faults[0].Healed = between(9000, 9100)
		d.spec.StaleConfig = lasting(2000)
		d.Marks = append(d.Marks, history.Mark{
			At: *between(5945, 5955), Source: "automation." + third,
			Name: "redirected",
		})
		d.sight("app."+third, third, home, 490, 500)
	}, func(r Report, d *drill) string {
		m := MeasureStaleConfig(d.History, d.spec)
		if m.Verdict != Fail {
			return fmt.Sprintf("4.4 s at least, of 2 s: %s %s", m.Verdict, ivMS(m.Interval))
		}
		return ""
	}},
	{"stale: redirected after the region was given back only", func(d *drill) {
		d.returned(3900)
		d.spec.StaleConfig = lasting(0)
		d.sight("app."+standby, standby, home, 490, 500)
	}, not(FindingStaleConfig, Pass)},
	{"stale: before the redirect only", func(d *drill) {
		d.spec.StaleConfig = lasting(0)
		d.sight("app."+standby, standby, home, 490, 500)
		d.sight("app."+standby, standby, standby, 3900, 4040)
	}, both(says(FindingStaleConfig, Pass), func(r Report,
		_ *drill,
	) string {
		return is(r.Metrics.StaleConfig.Interval, 0, 0)
	})},
	{"stale: rolled back after the redirect", func(d *drill) {
		d.spec.StaleConfig = lasting(1000)
		d.sight("app."+standby, standby, standby, 490, 500)
		d.sight("app."+standby, standby, home, 5000, 5100)
		d.sight("app."+standby, standby, standby, 5500, 5600)
	}, both(says(FindingStaleConfig, Fail), func(r Report,
		_ *drill,
	) string {
		return is(r.Metrics.StaleConfig.Interval, 1445, 1555)
	})},
	{"stale: back to the region after it returned", func(d *drill) {
		d.spec.StaleConfig = lasting(0)
		d.returned(5500)
		d.sight("app."+standby, standby, standby, 490, 500)
		d.sight("app."+standby, standby, home, 5600, 5700)
	}, both(says(FindingStaleConfig, Pass))},
	{"stale: silent, then fresh", func(d *drill) {
		d.spec.StaleConfig = lasting(1000)
		d.sight("app."+standby, standby, home, 490, 500)
		d.sight("app."+standby, standby, "", 3000, 3100)
		d.sight("app."+standby, standby, standby, 5000, 5100)
	}, both(says(FindingStaleConfig, Inconclusive), func(r Report,
		_ *drill,
	) string {
		return is(r.Metrics.StaleConfig.Interval, 0, 1055)
	})},
	{"stale: never said anything before the redirect, and then fresh", func(d *drill) {
		d.answered()
		d.spec.StaleConfig = lasting(0)
		d.sight("app."+standby, standby, "", 490, 500)
		d.sight("app."+standby, standby, standby, 3900, 6000)
	}, func(r Report, _ *drill) string {
		m := r.Metrics.StaleConfig
		if m.Hi != nil && m.Hi.Duration() < 1955*msec {
			return fmt.Sprintf("nobody knows what it had between 4.045 and 6 s: %s %s", m.Verdict, ivMS(m.Interval))
		}
		return ""
	}},
	{"stale: it dies stale", func(d *drill) {
		d.spec.StaleConfig = lasting(1000)
		d.sight("app."+standby, standby, home, 490, 500)
		d.sight("app."+standby, standby, "", 4500, 4600)
	}, both(says(FindingStaleConfig, Inconclusive), func(r Report,
		_ *drill,
	) string {
		return is(r.Metrics.StaleConfig.Interval, 445, -1)
	})},
	{"stale: nodes of the lost region do not count", func(d *drill) {
		d.spec.StaleConfig = lasting(0)
		d.sight("app."+home, home, home, 490, 500)
		d.sight("app."+standby, standby, standby, 490, 500)
	}, says(FindingStaleConfig, Pass)},
	{"stale: of two losses the one that decides is told", func(d *drill) {
		d.twice()
		d.spec.StaleConfig = lasting(1000)
		d.Marks = append(d.Marks, history.Mark{
			At: *between(5945, 5955), Source: "automation." + home,
			Name: "redirected",
		})
		d.sight("app."+third, third, home, 490, 500)
		d.sight("app."+third, third, standby, 4500, 4600)
		d.sight("app."+third, third, "", 5400, 5500)
		d.sight("app."+third, third, home, 7900, 8000)
	}, func(r Report, _ *drill) string {
		m := r.Metrics.StaleConfig
		f, _ := found(r, FindingStaleConfig)
		if m.Verdict == Inconclusive && m.Hi != nil && m.Hi.Duration() <= time.Second {
			return "inconclusive, and it says " + f.Detail
		}
		return says(FindingStaleConfig, Inconclusive)(r, nil)
	}},
	{"stale: no redirect at all", func(d *drill) {
		d.spec.StaleConfig = lasting(1000)
		d.Marks = slices.DeleteFunc(d.Marks, func(m history.Mark) bool { return m.Name == "redirected" })
		d.sight("app."+standby, standby, home, 490, 500)
	}, says(FindingStaleConfig, Inconclusive)},
	{"stale: never said anything before, and nobody was answered by it", func(d *drill) {
		d.spec.StaleConfig = lasting(0)
		d.sight("app."+standby, standby, "", 490, 500)
		d.sight("app."+standby, standby, standby, 3900, 6000)
	}, says(FindingStaleConfig, Pass)},
	{"stale: never said anything before, and its answers name the revision that it has", func(d *drill) {
		d.answered()
		for i := range d.Ops {
			d.Ops[i].Revision = 1
		}
		d.spec.StaleConfig = lasting(0)
		d.sight("app."+standby, standby, "", 490, 500)
		d.sight("app."+standby, standby, standby, 3900, 6000)
	}, says(FindingStaleConfig, Pass)},
	{"stale: sights in no order", func(d *drill) {
		d.answered()
		d.spec.StaleConfig = lasting(1000)
		d.sight("app."+standby, standby, standby, 5500, 5600)
		d.sight("app."+standby, standby, "", 490, 500)
	}, func(r Report, _ *drill) string { return is(r.Metrics.StaleConfig.Interval, 0, 5600-4045) }},

	// --- write gap
	{"gap: open at the end, and a closed one is longer so far", func(d *drill) {
		d.rotate()
		d.spec.RecoveryTime, d.spec.WriteGap, d.spec.RecoveryPoint.Within = nil, lasting(1500), 0
		for i := 49; i < 60; i++ {
			d.bad(i)
		}
	}, both(not(FindingWriteGap, Pass), never(Pass))},
	{"gap: a pause of the harness may hide a longer one", func(d *drill) {
		d.rotate()
		d.outage(27)
		d.spec.RecoveryTime, d.spec.WriteGap, d.spec.RecoveryPoint.Within = nil, lasting(1000), 0
		d.stall(4700*msec, 6200*msec)
		d.Stalls = []history.Interval{{Lo: 4700 * msec, Hi: 6200 * msec}}
	}, func(r Report, d *drill) string {
		g := r.Metrics.WriteGap
		if g.Hi.Duration() < 1500*msec {
			return fmt.Sprintf("nobody knows what was from 4.7 to 6.2 s: %s %s, overall %s", g.Verdict,
				ivMS(g.Interval), r.Verdict)
		}
		return ""
	}},
	{"gap: the last acknowledgement was read after a stall", func(d *drill) {
		// v21 is acknowledged at 2.612 s and read at 3.0 s; the order is of 2.65 s; nobody is acknowledged until 4.212
		// s.
		d.rotate()
		d.Faults[0].Command, d.Faults[0].Effective = 2650*msec, between(2650, 2650)
		d.spec.RecoveryTime, d.spec.WriteGap, d.spec.RecoveryPoint.Within = nil, lasting(1300), 0
		d.Stalls = []history.Interval{{Lo: 2605 * msec, Hi: 3000 * msec}}
		d.Ops[21].Done = 3000 * msec
		for i := 22; i < 25; i++ {
			d.bad(i)
			d.Ops[i].Sent, d.Ops[i].Done = 3000*msec, 3500*msec
		}
	}, func(r Report, d *drill) string {
		g := r.Metrics.WriteGap
		return holds(g.Interval, 4212-2612)
	}},
	{"gap: it began before the order", func(d *drill) {
		d.rotate()
		d.Faults[0].Command, d.Faults[0].Effective = 3500*msec, between(3500, 3500)
		d.spec.WriteGap = lasting(5000)
	}, func(r Report, d *drill) string { return is(MeasureWriteGap(d.History, d.spec).Interval, 1100, 1300) }},
	{"gap: it ended before the order", func(d *drill) {
		d.rotate()
		d.Faults[0].Command, d.Faults[0].Effective = 4300*msec, between(4300, 4300)
		d.spec.WriteGap = lasting(5000)
	}, func(r Report, d *drill) string { return is(MeasureWriteGap(d.History, d.spec).Interval, 0, 100) }},
	{"gap: two orders, each", func(d *drill) {
		d.rotate()
		d.back(48, 50)
		d.spec.WriteGap = lasting(5000)
	}, func(r Report, d *drill) string {
		g := MeasureWriteGap(d.History, d.spec)
		return is(g.Each[0].Interval, 1100, 1300) + is(g.Each[1].Interval, 100, 300)
	}},
	{"gap: no acknowledgement between two orders", func(d *drill) {
		d.rotate()
		d.outage(60)
		d.back(45, 50)
		d.spec.WriteGap = lasting(1500)
	}, func(r Report, d *drill) string {
		g := MeasureWriteGap(d.History, d.spec)
		if g.Verdict != Fail {
			return "2.5 s of 1.5 s is " + g.Verdict.String()
		}
		return is(g.Each[1].Interval, 2400, 2600)
	}},
	{"gap: nobody writes after the order", func(d *drill) {
		d.rotate()
		d.drop(25, 60)
		d.spec.WriteGap = lasting(1500)
	}, func(r Report, d *drill) string {
		if g := MeasureWriteGap(d.History, d.spec); g.Verdict == Pass {
			return "pass " + ivMS(g.Interval)
		}
		return ""
	}},

	// --- clients
	{
		"clients: two losses", func(d *drill) { d.twice() },
		func(r Report, _ *drill) string { return is(r.Metrics.Clients.Interval, 1081, 1201) },
	},
}
