package measure

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

var severalMetrics3 = []metricCase{
	{"own: a real breach, and a stall long after it", func(d *drill) {
		d.outage(50)
		d.longer(80, standby)
		d.stall(9*time.Second, 9600*msec)
		d.Stalls = []history.Interval{{Lo: 9 * time.Second, Hi: 9600 * msec}}
	}, says(FindingRecoveryTime, Fail)},
	{"own: never back, and one slow answer of a responder", func(d *drill) {
		d.outage(60)
		d.longer(40, standby)
		for i := 60; i < 100; i++ {
			d.bad(i)
		}
		d.control(2 * msec)
		d.Controls = append(d.Controls, history.Control{
			Region: standby, Due: 3300 * msec, Sent: 3300 * msec,
			Done: 3510 * msec,
		})
	}, says(FindingRecoveryTime, Fail)},
	{"own: never back, and the harness stood still for a moment", func(d *drill) {
		d.outage(60)
		d.longer(40, standby)
		for i := 60; i < 100; i++ {
			d.bad(i)
		}
		d.Stalls = []history.Interval{{Lo: 3300 * msec, Hi: 3600 * msec}}
	}, says(FindingRecoveryTime, Fail)},
	{"own: a lost region's responder tells nothing", func(d *drill) {
		d.outage(47)
		d.Controls = append(d.Controls, history.Control{
			Region: home, Due: 3300 * msec, Sent: 3300 * msec,
			Done: 4300 * msec,
		})
	}, says(FindingRecoveryTime, Fail)},
	{"own: the last refused one was sent late", func(d *drill) {
		d.Ops[36].Sent += 150 * msec
		d.Ops[36].Done += 150 * msec
	}, both(says(FindingRecoveryTime, Pass), func(r Report,
		_ *drill,
	) string {
		return is(r.Metrics.RecoveryTime.Interval, 980, 1200)
	})},
	{"own: the stall is in the second incident, which else passes", func(d *drill) {
		d.twice()
		d.stall(6200*msec, 7400*msec)
		d.Stalls = []history.Interval{{Lo: 6200 * msec, Hi: 7400 * msec}}
	}, overall(Inconclusive)},

	// --- criterion
	{"criterion: 97 % of a long run of ten in a window", func(d *drill) {
		d.longer(200, standby)
		d.spec.RecoveryTime.Success, d.spec.RecoveryTime.Quantile = 0.97, 0.97
		for i := 60; i < 250; i += 34 {
			d.bad(i)
		}
	}, func(r Report, _ *drill) string {
		if n := len(r.Incidents[0].Outages); n != 1 {
			return fmt.Sprintf("%d outages", n)
		}
		return ""
	}},
	{"criterion: one region's clients are never served again", func(d *drill) {
		d.spec.ClientsIn = []string{home, standby}
		d.longer(60, standby)
		for i := range d.Ops {
			d.Ops[i].Client = i % 2
		}
		n := len(d.Ops)
		for i := range n { // many more of the other region's
			if i%2 == 1 {
				for k := range 20 {
					op := d.Ops[i]
					op.Kind, op.Seq, op.Retry = history.Read, int64(len(d.Ops)), 0
					op.Due += time.Duration(k) * 4 * msec
					op.Sent, op.Done, op.Outcome, op.Status = op.Due, op.Due+5*msec, history.OK, 200
					d.Ops = append(d.Ops, op)
				}
			}
		}
		for i := 38; i < n; i += 2 {
			d.bad(i)
			d.Ops[i].Client = 0
		}
	}, says(FindingRecoveryTime, Fail)},
	{"criterion: so few writes that the steady state has one, and none works", func(d *drill) {
		d.reading(func(time.Duration) bool { return true })
		reads := slices.Clone(d.Ops[60:])
		d.Ops = slices.Clone(d.Ops[:60])
		d.outage(60)
		var few []history.Op
		for _, i := range []int{0, 1, 2, 3, 18, 33, 48} {
			few = append(few, d.Ops[i])
		}
		d.Ops = append(few, reads...)
		d.spec.MinAcked = 5
		for i := range d.Reads {
			d.Reads[i].IDs = []string{"v00", "v01", "v02", "v03", "v18"}
		}
	}, never(Pass)},

	// --- recovery point
	{"point: what the first kept is lost by the second", func(d *drill) {
		d.twice()
		for i := range d.Reads {
			if d.Reads[i].Region == home {
				d.Reads[i].IDs = slices.DeleteFunc(slices.Clone(d.Reads[i].IDs),
					func(id string) bool { return id == "v10" })
			}
		}
	}, says(FindingLostAfterFailover, Fail)},
	{"point: the second loses all that came since the first", func(d *drill) {
		d.twice()
		for i := 37; i < 48; i++ {
			for r := range d.Reads {
				d.Reads[r].IDs = slices.DeleteFunc(slices.Clone(d.Reads[r].IDs),
					func(id string) bool { return id == d.Ops[i].ID })
			}
		}
	}, func(r Report, _ *drill) string {
		p := r.Incidents[1].RecoveryPoint
		if p.Lost != 11 {
			return fmt.Sprint(p.Lost, " lost")
		}
		return is(p.Interval, 5300-4212, 5320-2712)
	}},
	{
		"point: a partition that moves nobody, then the loss", func(d *drill) { d.first("partition") },
		func(r Report, _ *drill) string {
			if r.Incidents[0].RecoveryPoint != nil {
				return "the partition has a recovery point"
			}
			return is(r.Incidents[1].RecoveryPoint.Interval, 188, 308)
		},
	},

	// --- second round
	{"stale: three regions, lost one after the other, the last leads to the first", func(d *drill) {
		d.toThird()
		d.spec.StaleConfig = lasting(0)
		d.sight("app."+third, third, standby, 490, 500)
		d.sight("app."+third, third, home, 5500, 5600)
	}, both(not(FindingStaleConfig, Pass), never(Pass))},
	{"stale: three regions, one stale all the time", func(d *drill) {
		d.toThird()
		d.spec.StaleConfig = lasting(2000)
		d.sight("app."+third, third, home, 490, 500)
	}, says(FindingStaleConfig, Fail)},
	{"stale: shifted again after the redirect", func(d *drill) {
		d.spec.StaleConfig = lasting(0)
		d.Marks = append(d.Marks, history.Mark{
			At: *between(5995, 6005), Source: "automation." + standby,
			Name: "shifted",
		})
		d.sight("app."+standby, standby, home, 490, 500)
		d.sight("app."+standby, standby, standby, 5000, 5100)
	}, not(FindingStaleConfig, Pass)},
	{"stale: silent at the redirect, asked just before it", func(d *drill) {
		d.answered()
		d.spec.StaleConfig = lasting(0)
		d.sight("app."+standby, standby, "", 490, 500)
		d.sight("app."+standby, standby, standby, 4000, 4300)
	}, not(FindingStaleConfig, Pass)},
	{"reads: both regions were lost in turn, and home's are slow in the end", func(d *drill) {
		d.twice()
		d.locally(9, 30)
		d.spec.LocalReads = 10 * msec
		for i := range 60 {
			op := d.reader(1, "v00", 6100+30*i, 200, home)
			op.Path, op.Done, op.Retry = PathLocal, op.Due+500*msec, 1
		}
	}, both(not(FindingLocalReads, Pass), never(Pass))},
	{"reads: one was under way when the harness stood still", func(d *drill) {
		d.locally(9, 30)
		d.spec.LocalReads = 10 * msec
		op := d.reader(1, "v00", 5555, 200, standby)
		op.Path, op.Done, op.Retry = PathLocal, 5800*msec, 1
		d.Stalls = []history.Interval{{Lo: 5558 * msec, Hi: 5799 * msec}}
	}, both(not(FindingLocalReads, Fail), never(Fail))},
	{"reads: the same, and 200 questions to responders of which two were hit", func(d *drill) {
		d.locally(9, 30)
		d.longer(200, standby)
		d.spec.LocalReads = 10 * msec
		op := d.reader(1, "v00", 5555, 200, standby)
		op.Path, op.Done, op.Retry = PathLocal, 5800*msec, 1
		d.Stalls = []history.Interval{{Lo: 5558 * msec, Hi: 5799 * msec}}
		for i := range 240 {
			at := time.Duration(1000+100*i) * msec
			done := at + msec
			if at >= 5558*msec && at < 5799*msec {
				done = 5800 * msec
			}
			d.Controls = append(d.Controls, history.Control{Region: standby, Due: at, Sent: at, Done: done})
		}
	}, not(FindingLocalReads, Fail)},
	{"own: it stood still from the fault on, and slow answers are allowed", func(d *drill) {
		d.spec.RecoveryTime.Latency = 5 * time.Second
		d.outage(25)
		d.stall(2950*msec, 5900*msec)
		d.Stalls = []history.Interval{{Lo: 2950 * msec, Hi: 5900 * msec}}
	}, both(not(FindingRecoveryTime, Pass), never(Pass))},
	{"fencing: words", func(d *drill) { d.ok(27, home) }, func(r Report, _ *drill) string {
		f, _ := found(r, FindingFencing)
		if strings.Contains(f.Detail, "nothing put that to the test") {
			return f.Detail
		}
		return ""
	}},
	{"lag: copies to the standby of the first failover were late by the machine", func(d *drill) {
		d.twice()
		d.spec.Replicated = []string{history.StoreObjects}
		behind := 600 * msec
		d.Lags = append(d.Lags, history.LagSight{
			At: *between(1200, 1210), Store: history.StoreObjects, From: home,
			To: standby, Behind: &behind,
		})
		d.late()
	}, not(FindingRecoveryPoint, Fail)},
	{"given: redirected after the first of two losses only", func(d *drill) {
		d.twice()
		d.spec.Given = []string{"redirected"}
		for i := 55; i < 80; i++ {
			d.bad(i)
			d.Ops[i].Region = standby
		}
		d.Marks = d.Marks[:6]
		d.spec.RecoveryPoint = nil
	}, func(r Report, _ *drill) string {
		if Met(r, true, []string{FindingRecoveryTime}) {
			return fmt.Sprintf("nobody was redirected after the loss that failed: %+v", r.Given)
		}
		return ""
	}},
	{"capacity: switched over in order, then that region is lost, and half is served", func(d *drill) {
		d.twice()
		d.Faults[0] = history.Fault{
			Name: history.Switchover, Target: standby, Command: 3000 * msec,
			Effective: between(3000, 3000), Healed: between(3000, 4100), Confirmed: true, By: "done",
		}
		d.spec.StandbyCapacity = 0.9
		for i := 56; i < 80; i += 2 {
			d.bad(i)
		}
	}, says(FindingStandbyCapacity, Fail)},
	{"criterion: 95 % in the long run is not 97 %", func(d *drill) {
		d.longer(400, standby)
		d.spec.RecoveryTime.Success = 0.97
		d.spec.RecoveryTime.Capacity = 0.97
		for i := 60; i < 440; i += 18 {
			d.bad(i)
		}
	}, func(r Report, _ *drill) string {
		if n := len(r.Incidents[0].Outages); n == 1 {
			return "1 in 18 fails for 38 s, and the only outage is the failover: " + r.Reasons[0]
		}
		return ""
	}},
	{"criterion: p99 of one slow in 51", func(d *drill) {
		d.longer(400, standby)
		for i := 60; i < 440; i += 51 {
			d.slowly(i, 2*time.Second)
		}
	}, func(r Report, _ *drill) string {
		if n := len(r.Incidents[0].Outages); n == 1 {
			return "1 in 51 takes 2 s, where p99 is 250 ms: " + r.Reasons[0]
		}
		return ""
	}},
	{"gap: of each of two, one may be longer than promised", func(d *drill) {
		d.rotate()
		d.back(48, 50)
		d.drop(38, 40)
		d.spec.RecoveryTime, d.spec.WriteGap = nil, lasting(1400)
		// the second: nobody asked for 1.3 s
	}, func(r Report, d *drill) string { return "" }},
	{"gap: an acknowledgement that belongs to neither order", func(d *drill) {
		d.rotate()
		d.back(48, 60)
		d.spec.WriteGap = lasting(1000)
	}, func(r Report, d *drill) string {
		g := MeasureWriteGap(d.History, d.spec)
		if !g.Each[1].Censored || g.Verdict != Fail {
			return fmt.Sprintf("%+v", g)
		}
		return ""
	}},
	{"latency: nothing was acknowledged in good times", func(d *drill) {
		for i := range 25 {
			d.bad(i)
		}
	}, both(never(Pass), func(r Report, _ *drill) string {
		if r.Metrics.WriteLatency != nil {
			return fmt.Sprintf("%+v", r.Metrics.WriteLatency)
		}
		return ""
	})},
}
