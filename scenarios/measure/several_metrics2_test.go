package measure

import (
	"fmt"

	"github.com/regionfall/regionfall/scenarios/history"
)

var severalMetrics2 = []metricCase{
	{"clients: the second loss takes longer", func(d *drill) {
		d.twice()
		d.longer(30, home)
		d.Faults[0].Healed = between(5100, 5200)
		for i := 55; i < 75; i++ {
			d.bad(i)
			d.Ops[i].Region = standby
		}
	}, func(r Report, _ *drill) string { return is(r.Metrics.Clients.Interval, 7901-5320, 8001-5300) }},
	{"clients: operations that never got out tell nothing", func(d *drill) {
		for i := 30; i < 37; i++ {
			d.unsent(i)
		}
	}, func(r Report, _ *drill) string { return is(r.Metrics.Clients.Interval, 3401-3020, 1201) + "" }},
	{"clients: the region is given back before anybody leaves", func(d *drill) {
		d.returned(4000)
	}, func(r Report, _ *drill) string {
		c := r.Metrics.Clients
		if !c.Censored {
			return "not censored"
		}
		return is(c.Interval, 3901-3020, -1)
	}},
	{
		"clients: one that sends nothing any more", func(d *drill) { d.Ops[5].Client = 9 },
		func(r Report, _ *drill) string {
			if c := r.Metrics.Clients; c.Count != 1 || c.Moved != 1 {
				return fmt.Sprintf("%+v", c)
			}
			return ""
		},
	},
	{"clients: censored twice, the longer is told", func(d *drill) {
		d.twice()
		d.Ops[47].Region = home // in the first, the client is there to the end: 5.201 s is after the return, so 46
		d.Ops[46].Region = home
		d.Ops[45].Region = home
		for i := 55; i < 80; i++ {
			d.bad(i)
			d.Ops[i].Region = standby
		}
	}, func(r Report, _ *drill) string {
		c := r.Metrics.Clients
		if !c.Censored || c.Lo.Duration() != (8401-5320)*msec {
			return fmt.Sprintf("the last client is there 3.081 s after the second loss; %v %s", c.Censored,
				ivMS(c.Interval))
		}
		return ""
	}},
	{"clients: moved before the loss", func(d *drill) {
		for i := 20; i < 25; i++ {
			d.ok(i, standby)
		}
		for i := 25; i < 37; i++ {
			d.Ops[i].Region = standby
		}
	}, func(r Report, _ *drill) string {
		c := r.Metrics.Clients
		if c == nil || c.Censored || c.Lo != nil || *c.Hi != 0 {
			return fmt.Sprintf("%+v", c)
		}
		return ""
	}},

	// --- local reads
	{"reads: slow, and the machine a little busy", func(d *drill) {
		d.locally(30,
			30)
		d.spec.LocalReads = 10 * msec
		d.control(4 * msec)
	}, says(FindingLocalReads, Fail)},
	{"reads: the lost region's after the loss do not count", func(d *drill) {
		d.locally(9, 30)
		d.spec.LocalReads = 10 * msec
		for i := range 40 {
			d.reader(1, "v00", 5000+30*i, 503, home).Retry = 1
		}
	}, says(FindingLocalReads, Pass)},
	{"reads: timeouts are not quick", func(d *drill) {
		d.locally(9, 30)
		d.spec.LocalReads = 10 * msec
		op := d.reader(1, "v00", 5555, 0, standby)
		op.Outcome, op.Status, op.Retry = history.Unknown, 0, 1
	}, says(FindingLocalReads, Fail)},
	{"reads: not found is an answer", func(d *drill) {
		d.locally(9, 30)
		d.spec.LocalReads = 10 * msec
		d.reader(1, "v00", 5555, 404, standby).Retry = 1
	}, says(FindingLocalReads, Pass)},
	{"reads: never got out before the fault, of a client never served", func(d *drill) {
		d.locally(9, 30)
		d.spec.LocalReads = 10 * msec
		for i := range 25 {
			op := d.reader(77, "v00", 1200+50*i, 503, "")
			op.Attempts, op.Status, op.Retry = 0, 0, 1
		}
	}, says(FindingLocalReads, Fail)},
	{"reads: in the second outage of two", func(d *drill) {
		d.twice()
		d.locally(9, 30)
		d.spec.LocalReads = 10 * msec
		for i := range 30 {
			d.reader(1, "v00", 6100+50*i, 200, home).Path = PathLocal
		}
	}, not(FindingLocalReads, Fail)},

	// --- write latency
	{"write latency: writes that ended before the first fault was ordered", func(d *drill) {
		d.Faults[0].Command = 2750 * msec
		d.bad(23)
		d.Ops[23].Done = 2900 * msec
	}, func(r Report, _ *drill) string {
		if l := r.Metrics.WriteLatency; l.Count != 23 || l.Unanswered != 0 {
			return fmt.Sprintf("the fault was ordered at 2.75 s; v23, due at 2.8 s, counts as of good times: %+v", l)
		}
		return ""
	}},
	{"write latency: timeouts in the steady state", func(d *drill) { d.bad(10) }, func(r Report, _ *drill) string {
		if l := r.Metrics.WriteLatency; l.Count != 25 || l.Unanswered != 1 || l.P99 != High(501*msec) {
			return fmt.Sprintf("%+v", l)
		}
		return ""
	}},

	// --- forwarded
	{"forwarded: by home after the promotion", func(d *drill) {
		d.partition()
		for i := 40; i < 50; i++ {
			d.Ops[i].Region = home
		}
	}, both(says(FindingFencing, Pass), func(r Report, _ *drill) string {
		f := r.Metrics.Forwarded
		if f == nil || f.Count != 10 || f.Of != 23 || f.Regions[home] != 10 {
			return fmt.Sprintf("%+v", f)
		}
		return ""
	})},
	{"forwarded: by the standby, after home was promoted again", func(d *drill) {
		d.twice()
		d.Faults[1].Name, d.Faults[1].Regions = "partition", nil
		for i := 60; i < 70; i++ {
			d.Ops[i].Region = standby
		}
	}, both(says(FindingFencing, Pass), func(r Report, _ *drill) string {
		f := r.Metrics.Forwarded
		if f == nil || f.Count != 10 || f.Regions[standby] != 10 {
			return fmt.Sprintf("%+v", f)
		}
		return ""
	})},
	{"forwarded: nothing before anybody is promoted", func(d *drill) { d.unmoved() }, func(r Report, _ *drill) string {
		if r.Metrics.Forwarded != nil {
			return fmt.Sprintf("%+v", r.Metrics.Forwarded)
		}
		return ""
	}},

	// --- sessions
	{"sessions: read again after the last of two failovers", func(d *drill) {
		d.twice()
		d.spec.Sessions = Guarantees()
		for _, at := range []int{4600, 6600, 7000} {
			d.reader(0, "v10", at, 200, standby)
		}
	}, both(says(FindingReadYourWrites, Pass), says(FindingMonotonicReads, Pass))},
	{"sessions: read again between the two only", func(d *drill) {
		d.twice()
		d.spec.Sessions = Guarantees()
		d.reader(0, "v10", 4600, 200, standby)
		d.reader(0, "v10", 4700, 200, standby)
	}, both(says(FindingReadYourWrites, Inconclusive), says(FindingMonotonicReads, Inconclusive))},
	{"sessions: a write that is lost is not found", func(d *drill) {
		d.spec.Sessions = []string{FindingReadYourWrites}
		d.reader(0, "v24", 5600, 404, standby)
	}, both(says(FindingReadYourWrites, Fail), says(FindingRecoveryTime, Pass))},
	{"sessions: what was never acknowledged was never promised", func(d *drill) {
		d.spec.Sessions = []string{FindingReadYourWrites}
		d.reader(0, "v30", 5600, 404, standby)
		d.reader(0, "v10", 5700, 200, standby)
	}, says(FindingReadYourWrites, Pass)},
	{"sessions: another client's read is another session", func(d *drill) {
		d.spec.Sessions = []string{FindingMonotonicReads}
		d.reader(3, "v10", 5600, 200, standby)
		d.reader(4, "v10", 5700, 404, standby)
		d.reader(3, "v10", 5800, 200, standby)
	}, says(FindingMonotonicReads, Pass)},
	{"sessions: two that overlap are in no order", func(d *drill) {
		d.spec.Sessions = []string{FindingMonotonicReads}
		d.reader(3, "v10", 5600, 200, standby).Done = 5720 * msec
		d.reader(3, "v10", 5700, 404, standby)
		d.reader(3, "v10", 5800, 200, standby)
	}, says(FindingMonotonicReads, Pass)},
	{"sessions: before the steady state", func(d *drill) {
		d.spec.Sessions = []string{FindingReadYourWrites}
		d.reader(0, "v00", 900, 404, home)
		d.reader(0, "v00", 5800, 200, standby)
	}, says(FindingReadYourWrites, Pass)},

	// --- linearizability
	{"linear: what nobody wrote is found, and nothing else read", func(d *drill) {
		d.spec.Consistency = Linearizable
		d.reader(3, "ghost", 5600, 200, standby)
	}, says(FindingLinearizability, Fail)},
	{"linear: an ambiguous write is found and gone, and nothing else read", func(d *drill) {
		d.spec.Consistency = Linearizable
		d.reader(3, "v30", 5600, 200, standby)
		d.reader(3, "v30", 5700, 404, standby)
	}, says(FindingLinearizability, Fail)},
	{"linear: an ambiguous write is found later", func(d *drill) {
		d.spec.Consistency = Linearizable
		d.reader(3, "v30", 4600, 404, standby)
		d.reader(3, "v30", 5700, 200, standby)
		d.reader(3, "v10", 5800, 200, standby)
	}, says(FindingLinearizability, Pass)},
	{"linear: a refused write is found", func(d *drill) {
		d.spec.Consistency = Linearizable
		d.Ops[30].Outcome, d.Ops[30].Status = history.Failed, 503
		d.reader(3, "v30", 5700, 200, standby)
		d.reader(3, "v10", 5800, 200, standby)
	}, says(FindingLinearizability, Fail)},
	{"linear: acknowledged twice", func(d *drill) {
		d.spec.Consistency = Linearizable
		d.sentAgain(10, 200)
		d.reader(3, "v10", 1600, 404, standby)
	}, says(FindingLinearizability, Fail)},

	// --- lag
	{"lag: the first order ends it", func(d *drill) {
		d.spec.Replicated = []string{history.StoreObjects}
		d.lag(history.StoreObjects, 1200, 50)
		d.lag(history.StoreObjects, 3500, 900)
	}, func(r Report, _ *drill) string {
		if l := r.Metrics.ReplicationLag; *l.Stores[0].Loaded != Low(50*msec) {
			return fmt.Sprint(*l.Stores[0].Loaded)
		}
		return ""
	}},

	// --- fencing
	{"fencing: the old standby acknowledges after home was promoted again", func(d *drill) {
		d.twice()
		d.Faults[1].Name, d.Faults[1].Regions = "partition", nil
		d.ok(65, standby)
	}, says(FindingFencing, Fail)},
	{
		"fencing: home acknowledges after a partition", func(d *drill) {
			d.partition()
			d.ok(45,
				home)
			d.forget("v45")
		},
		says(FindingFencing, Fail),
	},
	{
		"fencing: two failovers, all in charge", func(d *drill) { d.twice() },
		both(says(FindingFencing, Pass), overall(Pass)),
	},

	// --- phases
	{"phases: the step hung from the middle of the phase", func(d *drill) {
		d.Faults = append(d.Faults, history.Fault{
			Name: "kill_automation", Target: "automation", Command: 3690 * msec,
			Effective: between(3700, 3700), Healed: between(3850, 3850), Confirmed: true,
		})
	}, func(r Report, _ *drill) string {
		t := r.Metrics.RecoveryTime
		if want := Near((390+200+100+150)*60*msec + 300*msec); *t.FullScale != want {
			return fmt.Sprintf("150 ms of the promotion waited for a step of the plan: %s, want %s; %+v",
				t.FullScale.Duration(), want.Duration(), t.Phases)
		}
		return ""
	}},
	{"phases: healed before it mattered", func(d *drill) {
		d.Faults = append(d.Faults, history.Fault{
			Name: "kill_automation", Target: "automation", Command: 1500 * msec,
			Effective: between(1500, 1510), Healed: between(2500, 2510), Confirmed: true,
		})
	}, func(r Report, _ *drill) string {
		if t := r.Metrics.RecoveryTime; *t.FullScale != Near((390+200+100)*60*msec+450*msec) {
			return fmt.Sprint(t.FullScale.Duration())
		}
		return ""
	}},
	{"phases: the second of two losses has its own", func(d *drill) { d.twice() }, func(r Report, _ *drill) string {
		p := r.Incidents[1].RecoveryTime.Phases
		if len(p) != 2 || p[0].Name != "promoted" || p[0].Took != Near(495*msec) {
			return fmt.Sprintf("%+v", p)
		}
		return ""
	}},

	// --- the harness's own doubts
}
