package measure

import (
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

var severalCauses2 = []several{
	{"no mark and no timeline, the region tells", func() *drill {
		d := world(8500).failover(home, standby, 3000, 4200, 0, 0).gone(2800, 3000, history.StoreItems)
		d.Marks = nil
		for i := range d.Ops {
			d.Ops[i].Timeline = 0
		}
		return d
	}, Pass, nil, 1140, 198, 2, "us-west-2 is in charge after it", ""},
	{"no mark and no timeline, and latency in the outage", func() *drill {
		d := world(8500).failover(home, standby, 3000, 4200, 0, 0).gone(2000, 3000, history.StoreItems).fault("latency",
			"x", 3300, 3310, 0)
		d.Marks = nil
		for i := range d.Ops {
			d.Ops[i].Timeline = 0
		}
		// given back, home's copies are there again
		return d.allReads(history.AfterReconciliation, func(r *history.FinalRead) {
			if r.Store == history.StoreItems {
				for i := at(2000); i < at(3000); i++ {
					r.IDs = append(r.IDs, d.Ops[i].ID)
				}
			}
		})
	}, Fail, f1(FindingRecoveryPoint, Fail), 1140, 998, 10, "us-west-2 is in charge after it", ""},
	{"three regions, no marks: standby, then eu", func() *drill {
		d := world(10500).failover(home, standby, 3000, 4200, 0, 2).failover(standby, third, 6500, 7700, 0, 3)
		d.Marks, d.spec.Survivor = nil, third
		return d.allReads(history.BeforeReturn,
			func(r *history.FinalRead) { r.Region = third }).allReads(history.AfterReconciliation,
			func(r *history.FinalRead) { r.Region = third })
	}, Pass, nil, 1140, 0, 0, "us-west-2 is in charge after it", ""},
	{"three regions, with marks: standby, then eu", func() *drill {
		d := world(10500).failover(home, standby, 3000, 4200, 0, 2).failover(standby, third, 6500, 7700, 0, 3)
		d.spec.Survivor = third
		return d.allReads(history.BeforeReturn,
			func(r *history.FinalRead) { r.Region = third }).allReads(history.AfterReconciliation,
			func(r *history.FinalRead) { r.Region = third })
	}, Pass, nil, 1140, 0, 0, "us-west-2 is in charge after it", ""},
	{"three regions, another one than planned takes over", func() *drill {
		d := world(8500).failover(home, third, 3000, 4200, 0, 2)
		return d.allReads(history.BeforeReturn,
			func(r *history.FinalRead) { r.Region = third }).allReads(history.AfterReconciliation,
			func(r *history.FinalRead) { r.Region = third })
	}, Pass, nil, 1140, 0, 0, "eu-west-1 is in charge after it", ""},
	{"fail over, back in order without a mark, over again", func() *drill {
		d := world(12500).failover(home, standby, 3000, 4200, 5500, 2).readAt(5400, standby)
		d.order(home, 6000, 6900).away(6000, 6500).served(6500, 12500, home, 3)
		d.failover(home, standby, 8500, 9700, 0, 4)
		return d.gone(8300, 8500, history.StoreItems)
	}, Pass, nil, 1140, 198, 2, "", ""},
	// --- 404s
	{"404s of lost writes after the second failover only", func() *drill {
		d := world(9500).fault("cut_link", "x", 1500, 1510, 2000).failover(home, standby, 4000, 5200, 0, 2).gone(3800,
			4000, history.StoreItems)
		return d.readEvery(50, func(due int) (int, string) {
			if due >= 4000 && due < 5200 {
				return 503, "v00"
			}
			if due >= 5200 && due < 8000 {
				return 404, d.Ops[at(3800)].ID
			}
			return 200, "v00"
		})
	}, Pass, nil, 1140, 198, 2, "", ""},
	{"404s of writes that are there are an outage", func() *drill {
		d := world(9500).failover(home, standby, 4000, 5200, 0, 2).gone(3800, 4000, history.StoreItems)
		return d.readEvery(50, func(due int) (int, string) {
			if due >= 4000 && due < 5200 {
				return 503, "v00"
			}
			if due >= 5200 && due < 8000 {
				if due%100 < 50 {
					return 404, d.Ops[at(3800)].ID
				}
				return 404, d.Ops[at(3000)].ID
			}
			return 200, "v00"
		})
	}, Fail, f1(FindingRecoveryTime, Fail), 3900, 198, 2, "", ""},
	{"given back under load: 404s of writes acknowledged after the reading, which are there", func() *drill {
		d := world(10500).failover(home, standby, 3000, 4200, 5500, 2)
		d.allReads(history.BeforeReturn, func(r *history.FinalRead) {
			r.At = *between(5400, 5410)
			r.IDs = slices.DeleteFunc(r.IDs, func(id string) bool { return id >= "v49" })
		})
		return d.readEvery(50, func(due int) (int, string) {
			if due >= 3000 && due < 4200 {
				return 503, "v00"
			}
			if due >= 7000 {
				return 404, d.Ops[at(6000)].ID
			}
			return 200, "v00"
		})
	}, Fail, f1(FindingRecoveryTime, Fail), 3450, 0, 0, "", ""},
	{"given back under load, read twice: 404s of writes that were lost and came back with home", func() *drill {
		d := world(10500).failover(home, standby, 3000, 4200, 8000, 2)
		// what is lost at the first reading, at 7.9 s, has come back by the reading after the load
		d.readAt(7900, standby)
		for i := range d.Reads {
			if r := &d.Reads[i]; r.At.Lo == ms(7900) && r.Store == history.StoreItems {
				r.IDs = slices.DeleteFunc(r.IDs, func(id string) bool {
					return id == d.Ops[at(2800)].ID ||
						id == d.Ops[at(2900)].ID
				})
			}
		}
		return d.readEvery(50, func(due int) (int, string) {
			if due >= 3000 && due < 4200 {
				return 503, "v00"
			}
			if due >= 4200 && due < 8000 {
				return 404, d.Ops[at(2800)].ID
			}
			return 200, "v00"
		})
	}, Pass, nil, 1140, 198, 2, "", ""},
	// --- readings
	{
		"both healed before the readings of the second", func() *drill {
			d := world(10500).failover(home, standby, 3000, 4200, 6000, 2).readAt(5900, standby).failover(standby, home,
				7000, 8200, 9800, 3)
			d.spec.Survivor = home
			return d.allReads(history.BeforeReturn, func(r *history.FinalRead) {
				if r.At.Lo > ms(6000) {
					r.Region = home
				}
			}).allReads(history.AfterReconciliation, func(r *history.FinalRead) { r.Region = home })
		}, Inconclusive,
		map[string]Verdict{FindingDrill: Inconclusive, FindingRecoveryPoint: Inconclusive},
		1140, 0, 0,
		"lose_region on us-west-2 was being healed", "",
	},
	{"latency healed before the reading takes nothing back", func() *drill {
		return world(8500).fault("latency", "x", 2000, 2010, 5000).failover(home, standby, 3000, 4200, 0, 2).gone(2800,
			3000, history.StoreItems)
	}, Pass, nil, 1140, 198, 2, "", ""},
	// --- doubts
	{"second fault lapsed", func() *drill {
		d := world(8500).failover(home, standby, 3000, 4200, 0, 2).fault("kill", "app", 6000, 6010, 7000)
		d.Faults[1].Lapsed = between(6100, 6900)
		return d
	}, Inconclusive, anyBad, 0, 0, -1, "last seen in force at 6.10 s", ""},
	{"second fault never confirmed, the first fails", func() *drill {
		d := world(8500).failover(home, standby, 3000, 5300, 0, 2).fault("kill", "app", 6500, 6510, 7000)
		d.Faults[1].Confirmed = false
		return d
	}, Inconclusive, anyBad, 0, 0, -1, "", ""},
	{"second fault never healed, the first fails", func() *drill {
		return world(8500).failover(home, standby, 3000, 5300, 0, 2).fault("latency", "x", 6800, 6810, -1)
	}, Fail, map[string]Verdict{FindingDrill: Inconclusive, FindingRecoveryTime: Fail}, 2240, 0, 0, "", ""},
	{"away by itself between two harmless causes is the first's", func() *drill {
		return world(8500).fault("cut_link", "x", 1500, 1510, 2000).away(3000, 5500).fault("latency", "y", 7000, 7010,
			8000)
	}, Fail, f1(FindingRecoveryTime, Fail), 2450, 0, 0, "cut_link", ""},
	{"away by itself before a condition's cause", func() *drill {
		return world(8500).away(1500, 1900).fault("squeeze", home, 2500, 2510, 0).failover(home, standby, 4000, 5200, 0,
			2)
	}, Inconclusive, anyBad, 0, 0, -1, "not steady", ""},
	{"reads away by themselves before the fault, writes fine", func() *drill {
		d := world(8500).failover(home, standby, 4000, 5200, 0, 2)
		return d.readEvery(20, func(due int) (int, string) {
			if due >= 2000 && due < 2700 || due >= 4000 && due < 5200 {
				return 503, "v00"
			}
			return 200, "v00"
		})
	}, Inconclusive, anyBad, 0, 0, -1, "not steady", ""},
	{"harness stands still near the second, the first fails by itself", func() *drill {
		d := world(10500).failover(home, standby, 3000, 5300, 0, 2).fault("latency", "x", 7000, 7010, 9000)
		d.stall(7500*msec, 8300*msec)
		d.Stalls = []history.Interval{{Lo: 7500 * msec, Hi: 8300 * msec}}
		return d
	}, Fail, map[string]Verdict{"*": Fail}, 2240, 0, 0, "", ""},
	{"harness stands still near the second, the first is fine", func() *drill {
		d := world(10500).failover(home, standby, 3000, 4200, 0, 2).fault("latency", "x", 7000, 7010, 9000)
		d.stall(7500*msec, 8300*msec)
		d.Stalls = []history.Interval{{Lo: 7500 * msec, Hi: 8300 * msec}}
		return d
	}, Inconclusive, anyBad, 0, 0, 0, "stood still", ""},
	{"the harness stands still before a cause, and the lab is unsteady elsewhere by itself", func() *drill {
		d := world(9500)
		d.stall(1500*msec, 2000*msec)
		d.Stalls = []history.Interval{{Lo: 1500 * msec, Hi: 2000 * msec}}
		return d.away(3500, 3900).failover(home, standby, 5000, 6200, 0, 2)
	}, Inconclusive, anyBad, 0, 0, -1, "away from 3.50 s on", "away from 1.50 s on"},
	{"the harness was late once, far from everything", func() *drill {
		d := world(9500).failover(home, standby, 3000, 4200, 0, 2)
		d.Ops[at(7000)].Sent += 150 * msec
		d.Ops[at(7000)].Done += 150 * msec
		return d
	}, Pass, nil, 1140, 0, 0, "", ""},
	{"too few before the second cause which takes over", func() *drill {
		return world(9500).fault("cut_link", "x", 1500, 1510, 1700).away(1900, 3500).failover(home, standby, 3500, 4700,
			0, 2)
	}, Inconclusive, anyBad, 0, 0, -1, "only", ""},
	{"nothing acknowledged before the first harmless cause, enough before the loss", func() *drill {
		d := world(9500).fault("cut_link", "x", 1200, 1210, 1700).failover(home, standby, 4500, 5700, 0, 2)
		return d
	}, Pass, nil, 1140, 0, 0, "", ""},
	// --- stores and fencing
	{"a duplicate after the second failover", func() *drill {
		d := world(8500).fault("cut_link", "x", 1500, 1510, 2000).failover(home, standby, 3000, 4200, 0, 2)
		r := d.read(history.AfterReconciliation, history.StoreItems)
		r.IDs = append(r.IDs, "v60")
		return d
	}, Fail, f1(FindingDuplicate, Fail), 1140, 0, 0, "", ""},
	{"a phantom in a drill in which nobody took over", func() *drill {
		d := world(8500).fault("kill", "app", 3000, 3010, 3500).away(3000, 3900)
		r := d.read(history.BeforeReturn, history.StoreItems)
		r.IDs = append(r.IDs, "zz")
		return d
	}, Fail, f1(FindingPhantom, Fail), 0, 0, 0, "", ""},
	{"a write refused in the second outage is there", func() *drill {
		d := world(9500).fault("kill", "a", 2500, 2510, 3000).away(2500, 3500).failover(home, standby, 5500, 6700, 0, 2)
		i := at(5700)
		d.Ops[i].Outcome, d.Ops[i].Status = history.Failed, 503
		d.keep(i)
		return d
	}, Fail, f1(FindingRefused, Fail), 1140, 0, 0, "", ""},
	{"a hole in postgres at the second cause", func() *drill {
		return world(8500).fault("cut_link", "x", 1500, 1510, 2000).failover(home, standby, 3000, 4200, 0, 2).gone(2800,
			2900, history.StorePostgres)
	}, Fail, f1(FindingHole, Fail), 1140, 198, 1, "", ""},
	{"lost after the failover, before a harmless third cause", func() *drill {
		return world(9500).failover(home, standby, 3000, 4200, 0, 2).fault("latency", "x", 6500, 6510, 7500).gone(5000,
			5100, history.StoreItems)
	}, Fail, f1(FindingLostAfterFailover, Fail), 1140, 0, 0, "", ""},
	{"a third region that is lost acknowledges all the same, before the failover", func() *drill {
		d := world(9500).loseRegion(third, 2000, 0).failover(home, standby, 4000, 5200, 0, 2)
		d.ok(at(3000), third)
		return d
	}, Fail, f1(FindingFencing, Fail), 1140, 0, 0, "1 of 12 writes", ""},
	{"split brain after a partition, second harmless cause, marks there", func() *drill {
		d := world(9500).fault("partition", "x", 3000, 3010, 0).mark("promoted", 3900, standby).away(3000,
			4200).served(4200, 9500, standby, 2)
		d.fault("latency", "y", 6000, 6010, 7000)
		d.ok(at(6500), home)
		return d
	}, Fail, f1(FindingFencing, Fail), 1145, 0, 0, "", ""},
	{"after the failback the once promoted standby still acknowledges", func() *drill {
		d := world(10500).failover(home, standby, 3000, 4200, 6000, 2).readAt(5900, standby).order(home, 7000,
			7900).mark("promoted", 7400, home)
		d.away(7000, 7600).served(7600, 10500, home, 3)
		d.spec.Survivor = home
		d.allReads(history.BeforeReturn, func(r *history.FinalRead) {
			if r.At.Lo > ms(6000) {
				r.Region = home
			}
		}).allReads(history.AfterReconciliation, func(r *history.FinalRead) { r.Region = home })
		d.ok(at(8500), standby)
		d.forget(d.Ops[at(8500)].ID)
		return d
	}, Fail, f1(FindingFencing, Fail), 1140, 0, 0, "", ""},
	{"a partition, home acknowledges until the promotion: lost, and no fencing failure", func() *drill {
		d := world(8500).fault("partition", "x", 3000, 3010, 0).mark("promoted", 3900, standby).mark("redirected", 4000,
			standby).served(4100, 8500, standby, 2)
		return d.away(3900, 4100).gone(3000, 3900)
	}, Fail, anyBad, 0, 0, -1, "", ""},
	{"data kept by the first failover and lost by the second: no promise excuses that", func() *drill {
		d := world(10500).failover(home, standby, 3000, 4200, 6000, 2).readAt(5900, standby).failover(standby, home,
			7000, 8200, 0, 3)
		d.spec.Survivor, d.spec.RecoveryPoint = home, &RecoveryPointObjective{Within: 10 * time.Second}
		d.allReads(history.BeforeReturn, func(r *history.FinalRead) {
			if r.At.Lo > ms(6000) {
				r.Region = home
				r.IDs = slices.DeleteFunc(r.IDs, func(id string) bool { return id >= "v15" && id < "v65" })
			}
		}).allReads(history.AfterReconciliation, func(r *history.FinalRead) {
			r.Region = home
			r.IDs = slices.DeleteFunc(r.IDs, func(id string) bool { return id >= "v15" && id < "v65" })
		})
		return d
	}, Fail, f1(FindingLostAfterFailover, Fail), 1140, 0, -1, "", ""},
	{
		"switchover never done, a third region takes over, no timelines", func() *drill {
			d := world(9500).order(standby, 2500, 0).failover(home, third, 5000, 6200, 0, 2)
			d.spec.Survivor = third
			return d.readIn(third).timeless()
		}, Fail, f1(FindingSwitchover, Fail), 1140, 0, 0, "eu-west-1 is in charge after it",
		"us-west-2 is in charge after it",
	},
	{"kill of the database loses 88 ms (control: no second cause)", func() *drill {
		return world(8500).fault("kill", "postgres", 3000, 3010, 3500).away(3000, 3700).gone(2900, 3000)
	}, Pass, nil, 645, 98, 1, "", ""},
	{"three regions, no marks, no timelines", func() *drill {
		d := world(10500).failover(home, standby, 3000, 4200, 0, 2).failover(standby, third, 6500, 7700, 0, 3)
		d.Marks, d.spec.Survivor = nil, third
		return d.readIn(third).timeless()
	}, Pass, nil, 1140, 0, 0, "us-west-2 is in charge after it", ""},
	{"three regions, no marks, the second loses within", func() *drill {
		d := world(10500).failover(home, standby, 3000, 4200, 0, 2).failover(standby, third, 6500, 7700, 0,
			3).gone(6300, 6500, history.StoreItems)
		d.Marks, d.spec.Survivor = nil, third
		return d.readIn(third)
	}, Pass, nil, 1140, 198, 2, "us-west-2 is in charge after it", ""},
	{"no write works among 20 reads each, 90 % promised, condition 40 ms after steady", func() *drill {
		d := world(8500).fault("squeeze", home, 1040, 1050, 0).fault("read_only_disk", "postgres", 3000, 3010,
			0).away(3000, 8500).readsOK(5)
		d.spec.RecoveryTime.Success, d.spec.RecoveryTime.Capacity = 0.9, 0.9
		return d
	}, Fail, f1(FindingRecoveryTime, Fail), 5450, 0, 0, "writes", ""},
}
