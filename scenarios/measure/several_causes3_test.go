package measure

import (
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

var severalCauses3 = []several{
	{"the same without the condition", func() *drill {
		d := world(8500).fault("read_only_disk", "postgres", 3000, 3010, 0).away(3000, 8500).readsOK(5)
		d.spec.RecoveryTime.Success, d.spec.RecoveryTime.Capacity = 0.9, 0.9
		return d
	}, Fail, f1(FindingRecoveryTime, Fail), 5450, 0, 0, "writes", ""},
	{"condition 40 ms after steady, reads answered late: demand", func() *drill {
		d := world(8500).fault("kill_automation", third, 1040, 1050, 0).failover(home, standby, 3000, 4200, 0,
			2).readsOK(100)
		d.spec.StandbyCapacity = 0.9
		return d
	}, Pass, nil, 0, 0, 0, "of the demand of 21.9/s", ""},
	{
		"404s of a write acknowledged after the failover, kept at the reading before the return, lost in the final one",
		func() *drill {
			d := world(10500).failover(home, standby, 3000, 4200, 5500, 2)
			id := d.Ops[at(4500)].ID
			d.readAt(5400, standby)
			d.allReads(history.AfterReconciliation, func(r *history.FinalRead) {
				r.IDs = slices.DeleteFunc(r.IDs, func(x string) bool { return x == id })
			})
			d.allReads(history.BeforeReturn, func(r *history.FinalRead) {
				if r.At.Lo > ms(6000) {
					r.IDs = slices.DeleteFunc(r.IDs, func(x string) bool { return x == id })
				}
			})
			return d.readEvery(50, func(due int) (int, string) {
				if due >= 3000 && due < 4200 {
					return 503, "v00"
				}
				if due >= 5600 && due < 8600 {
					return 404, id
				}
				return 200, "v00"
			})
		}, Fail, f1(FindingLostAfterFailover, Fail), 1140, 0, 0, "", "",
	},
	{"the same, and it was there when the stores were read after those 404s", func() *drill {
		d := world(10500).failover(home, standby, 3000, 4200, 0, 2)
		id := d.Ops[at(4500)].ID
		d.allReads(history.AfterReconciliation, func(r *history.FinalRead) {
			r.IDs = slices.DeleteFunc(r.IDs, func(x string) bool { return x == id })
		})
		return d.readEvery(50, func(due int) (int, string) {
			if due >= 3000 && due < 4200 {
				return 503, "v00"
			}
			if due >= 5600 && due < 8600 {
				return 404, id
			}
			return 200, "v00"
		})
	}, Fail, map[string]Verdict{FindingLostAfterFailover: Fail, FindingRecoveryTime: Fail}, 2990, 0, 0, "", ""},
	{
		"home restored in place, no mark, new timeline, standby was planned to survive and has late copies",
		func() *drill {
			d := world(9500).fault("wipe_volume", "postgres", 3000, 3010, 0).away(3000, 4500).served(4500, 9500, home,
				2)
			d.allReads(history.BeforeReturn, func(r *history.FinalRead) { r.IDs = r.IDs[:20] })
			return d
		}, Pass, nil, 1445, 0, 0, "us-east-1 is in charge after it", "us-west-2 is in charge after it",
	},
	{"one late operation at the end of an outage of 4 s", func() *drill {
		d := world(9500).failover(home, standby, 3000, 7000, 0, 2)
		d.Ops[at(6900)].Sent += 250 * msec
		d.Ops[at(6900)].Done += 250 * msec
		return d
	}, Fail, map[string]Verdict{"*": Fail}, 3940, 0, 0, "", ""},
	{"harness stalled near the first, the second fails by itself", func() *drill {
		d := world(11500).fault("latency", "x", 2500, 2510, 4500).failover(home, standby, 6500, 9500, 0, 2)
		d.stall(3000*msec, 3600*msec)
		d.Stalls = []history.Interval{{Lo: 3000 * msec, Hi: 3600 * msec}}
		return d
	}, Fail, map[string]Verdict{"*": Fail}, 2940, 0, 0, "", ""},
	{"stall of 300 ms in the steady state, the loss fails by itself", func() *drill {
		d := world(11500).failover(home, standby, 6500, 9500, 0, 2)
		d.stall(3000*msec, 3300*msec)
		d.Stalls = []history.Interval{{Lo: 3000 * msec, Hi: 3300 * msec}}
		return d
	}, Fail, map[string]Verdict{"*": Fail}, 2940, 0, 0, "", ""},
	{"lose_region, then stall of the standby's app right after: second fault ordered 100 ms after, both matter, " +
		"never back", func() *drill {
		return world(8500).loseRegion(home, 3000, 0).fault("kill_automation", standby, 3050, 3060, 0).fault("partition",
			"x", 3150, 3160, 0).away(3000, 8500)
	}, Fail, f1(FindingRecoveryTime, Fail), 5440, 0, 0, "lose_region on us-east-1: the service was away", ""},
	{"slow timeouts: limit 2 s, two faults 1 s apart, 3 s promised, 3.5 s were", func() *drill {
		d := world(12500).failover(home, standby, 3000, 6500, 0, 2).fault("cut_link", "x", 4000, 4010, 0)
		d.spec.RecoveryTime.Latency, d.spec.RecoveryTime.Within = 2*time.Second, 3*time.Second
		for i := at(3000); i < at(6500); i++ {
			d.Ops[i].Done = d.Ops[i].Sent + 3*time.Second
		}
		return d
	}, Fail, f1(FindingRecoveryTime, Fail), 3440, 0, 0, "lose_region on us-east-1: the service was away", ""},
	{"partition promoted by mark, then the automation of home leaves its own after the return", func() *drill {
		d := world(10500).failover(home, standby, 3000, 4200, 6000, 2).readAt(5900, standby)
		return d.gone(2800, 3000, history.StoreItems)
	}, Pass, nil, 1140, 198, 2, "", ""},
	{"writes-only outage by A; reads-only later by B; both within", func() *drill {
		return world(10500).fault("read_only_disk", "pg", 2500, 2510, 0).away(2500, 4000).fault("kill", "cache", 6000,
			6010, 0).readEvery(20, func(due int) (int, string) {
			if due >= 6000 && due < 7800 {
				return 503, "v00"
			}
			return 200, "v00"
		})
	}, Pass, nil, 1795, 0, 0, "kill on cache: the service was away", ""},
	{"two-region loss at once, third takes over", func() *drill {
		d := world(9500).loseRegion(standby, 3000, 0).failover(home, third, 3005, 4200, 0, 2).gone(2800, 3000,
			history.StoreItems)
		d.spec.Survivor = third
		return d.readIn(third)
	}, Pass, nil, 1140, 198, 2, "", ""},
	{
		"two-region loss at once, home sorted first; home healed before the reading", func() *drill {
			d := world(9500).loseRegion(standby, 3010, 0).failover(home, third, 3005, 4200, 7000, 2)
			d.spec.Survivor = third
			return d.readIn(third)
		}, Inconclusive,
		map[string]Verdict{FindingDrill: Inconclusive, FindingRecoveryPoint: Inconclusive},
		1140, 0, -1,
		"", "",
	},
	{"second failover with nothing acknowledged in between", func() *drill {
		d := world(10500).failover(home, standby, 3000, 4200, 0, 2)
		return d
	}, Pass, nil, 1140, 0, 0, "", ""},
	{"partition heals, then home (still in charge) is lost with data", func() *drill {
		d := world(9500).fault("partition", "x", 2000, 2010, 3500).failover(home, standby, 5000, 6200, 0, 2).gone(4800,
			5000, history.StoreItems)
		return d
	}, Pass, nil, 1140, 198, 2, "partition on x: the service was not away; us-east-1", ""},
	{"partition not healed in time: all since it is lost with home", func() *drill {
		d := world(9500).fault("partition", "x", 2000, 2010, 0).failover(home, standby, 5000, 6200, 0, 2).gone(2000,
			5000)
		return d
	}, Fail, f1(FindingRecoveryPoint, Fail), 1140, 2998, 30, "", ""},
	{"objective none: one write lost at the first of two failovers", func() *drill {
		d := world(10500).failover(home, standby, 3000, 4200, 6000, 2).readAt(5900, standby).failover(standby, home,
			7000, 8200, 0, 3)
		d.spec.Survivor, d.spec.RecoveryPoint = home, &RecoveryPointObjective{}
		d.allReads(history.BeforeReturn, func(r *history.FinalRead) {
			if r.At.Lo > ms(6000) {
				r.Region = home
			}
		}).allReads(history.AfterReconciliation, func(r *history.FinalRead) { r.Region = home })
		return d.gone(2900, 3000, history.StoreObjects)
	}, Fail, f1(FindingRecoveryPoint, Fail), 1140, 98, 1, "", ""},
	{"resurrected after reconciliation still counts as lost", func() *drill {
		d := world(8500).fault("cut_link", "x", 1500, 1510, 2000).failover(home, standby, 3000, 4200, 0, 2)
		d.allReads(history.BeforeReturn, func(r *history.FinalRead) {
			r.IDs = slices.DeleteFunc(r.IDs, func(x string) bool { return x >= "v20" && x < "v25" })
		})
		return d
	}, Fail, f1(FindingRecoveryPoint, Fail), 1140, 498, 5, "", ""},
	{"a duplicate that only the late reading shows", func() *drill {
		d := world(8500).fault("kill", "app", 3000, 3010, 3500).away(3000, 3900)
		r := d.read(history.BeforeReturn, history.StorePostgres)
		r.IDs = append(r.IDs, "v05")
		return d
	}, Fail, f1(FindingDuplicate, Fail), 0, 0, 0, "", ""},
	{"refused and there: only the reading of a standby shows it, nobody took over", func() *drill {
		d := world(8500).fault("kill", "app", 3000, 3010, 3500).away(3000, 3900)
		d.Ops[at(3200)].Outcome, d.Ops[at(3200)].Status = history.Failed, 503
		r := d.read(history.BeforeReturn, history.StorePostgres)
		r.IDs = append(r.IDs, d.Ops[at(3200)].ID)
		return d
	}, Fail, f1(FindingRefused, Fail), 0, 0, 0, "", ""},
	{"three outages, the last cause comes before a window held", func() *drill {
		d := world(10500).fault("kill", "b", 4000, 4010, 5500).fault("kill", "c", 6500, 6510, 8000)
		return d.away(4000, 5700).away(6500, 7200)
	}, Fail, f1(FindingRecoveryTime, Fail), 3145, 0, 0, "", "kill on c: the service was not away"},
	{"lose_region right after a switchover, in its outage", func() *drill {
		d := world(9500).order(standby, 3000, 3600).mark("promoted", 3300, standby).away(3000, 3500).served(3500, 9500,
			standby, 2)
		d.fault("lose_region", standby, 4000, 4020, 0, standby).mark("promoted", 4500, home).away(4000,
			4700).served(4700, 9500, home, 3)
		d.spec.Survivor = home
		return d.readIn(home).gone(3800, 4000, history.StorePostgres)
	}, Pass, nil, 1650, 198, 2, "", ""},
	{
		"eu takes over, the stores of the planned standby are read", func() *drill {
			return world(8500).failover(home, third, 3000, 4200, 0, 2)
		}, Inconclusive,
		map[string]Verdict{FindingDrill: Inconclusive, FindingRecoveryPoint: Inconclusive},
		1140, 0, -1,
		"", "",
	},
	{"eu takes over, the planned standby that is far behind is read", func() *drill {
		return world(8500).failover(home, third, 3000, 4200, 0, 2).gone(2000, 8500)
	}, Inconclusive, anyBad, 1140, 0, -1, "", ""},
	{"ordered at 3 s, felt from 3.5 s on, seen by the probe at 6 s, back at 6.5 s", func() *drill {
		d := world(9500).fault("fill_disk", "postgres", 6000, 6100, 6400).away(3500, 6500)
		d.Faults[0].Command = 3 * time.Second
		return d
	}, Fail, anyBad, 2950, 0, -1, "", ""},
	{"refused by itself 300 ms before the fault", func() *drill {
		d := world(9500).failover(home, standby, 5000, 6200, 0, 2)
		for i := at(4700); i < at(5000); i++ {
			d.Ops[i].Outcome, d.Ops[i].Status = history.Failed, 503
			d.forget(d.Ops[i].ID)
		}
		return d
	}, Inconclusive, anyBad, 0, 0, -1, "not steady", ""},
	{"one region's clients away from A to the end; B: failover, loses within", func() *drill {
		d := world(9500).fault("cut_link", "clients", 2500, 2510, 0).failover(home, standby, 5000, 6200, 0,
			2).gone(4800, 5000, history.StoreItems)
		d.spec.ClientsIn = []string{home, third}
		d.readEvery(20, func(due int) (int, string) {
			if due >= 5000 && due < 6200 {
				return 503, "v00"
			}
			return 200, "v00"
		})
		for i := range d.Ops {
			op := &d.Ops[i]
			op.Client = i % 8
			if op.Kind == history.Read && op.Client%2 == 1 && op.Due >= 2500*msec {
				op.Outcome, op.Status = history.Failed, 503
			}
		}
		return d
	}, Fail, f1(FindingRecoveryTime, Fail), 0, 198, 2, "", ""},
	{"lose_region 100 ms before the end of a kill's outage; nothing lost", func() *drill {
		return world(9500).fault("kill", "app", 3000, 3010, 3500).failover(home, standby, 3400, 4600, 0, 2).away(3000,
			4600)
	}, Inconclusive, anyBad, 1550, 0, 0, "", ""},
	{"the loss of home long after a kill, promoted in an outage of its own", func() *drill {
		return world(9500).fault("kill", "app", 2500, 2510, 3000).away(2500, 3200).failover(home, standby, 5000, 6200,
			0, 2).gone(4900, 5000, history.StorePostgres)
	}, Pass, nil, 1140, 98, 1, "", ""},
	{"three failovers round and round", func() *drill {
		d := world(16500).failover(home, standby, 3000, 4200, 5500, 2).readAt(5400, standby)
		d.failover(standby, home, 7000, 8200, 9500, 3).readAt(9400, home).failover(home, standby, 11000, 12200, 0, 4)
		return d.gone(2900, 3000, history.StoreItems).gone(6800, 7000, history.StorePostgres).gone(10900, 11000,
			history.StoreObjects)
	}, Pass, nil, 1140, 198, 2, "", ""},
	{"three failovers, the middle loses too much", func() *drill {
		d := world(16500).failover(home, standby, 3000, 4200, 5500, 2).readAt(5400, standby)
		d.failover(standby, home, 7000, 8200, 9500, 3).readAt(9400, home).failover(home, standby, 11000, 12200, 0, 4)
		return d.gone(6300, 7000, history.StorePostgres)
	}, Fail, f1(FindingRecoveryPoint, Fail), 1140, 698, 7, "lose_region on us-west-2", ""},
	{
		"a lost region is given back before anybody took over, and home goes on", func() *drill {
			return world(9500).loseRegion(home, 3000, 4000).away(3000, 4300)
		}, Pass, nil, 1240, 0, 0,
		"lose_region on us-east-1: the service was away from 3 s on for 1.18 s to 1.30 s; us-east-1 is in charge " +
			"after it", "",
	},
	{"the same, and home lost what it had acknowledged", func() *drill {
		return world(9500).loseRegion(home, 3000, 4000).away(3000, 4300).gone(2200, 3000)
	}, Fail, f1(FindingRecoveryPoint, Fail), 1240, 798, 8, "", ""},
	{"lost reads beside a real read outage of the third cause", func() *drill {
		d := world(12500).failover(home, standby, 3000, 4200, 0, 2).gone(2800, 3000, history.StoreItems).fault("kill",
			"cache", 7000, 7010, 0)
		return d.readEvery(50, func(due int) (int, string) {
			switch {
			case due >= 3000 && due < 4200, due >= 7000 && due < 9500 && due%100 < 50:
				return 503, "v00"
			case due >= 4200 && due < 9500:
				return 404, d.Ops[at(2900)].ID
			}
			return 200, "v00"
		})
	}, Fail, f1(FindingRecoveryTime, Fail), 2320, 198, 2, "kill on cache", ""},
	{"outage of a harmless latency's time merges with none: two single failures apart", func() *drill {
		d := world(9500).fault("latency", "x", 3000, 3010, 8000)
		d.bad(at(3500))
		d.bad(at(6500))
		return d
	}, Pass, nil, 0, 0, 0, "", ""},
	{"mark of the promotion comes before the second cause, and the second is in the outage; RPO only", func() *drill {
		d := world(8500).failover(home, standby, 3000, 4200, 0, 2).fault("latency", "x", 4000, 4010, 5000).gone(2800,
			3000, history.StoreItems)
		d.spec.RecoveryTime = nil
		return d
	}, Pass, nil, 0, 198, 2, "", ""},
}
