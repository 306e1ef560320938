package measure

import "github.com/regionfall/regionfall/scenarios/history"

var severalCauses1 = []several{
	// --- several causes
	{"three causes, the last fails", func() *drill {
		return world(8500).fault("cut_link", "x", 1500, 1510, 2500).fault("latency", "y", 2600, 2610,
			3200).failover(home, standby, 4000, 6300, 0, 2)
	}, Fail, f1(FindingRecoveryTime, Fail), 2240, 0, 0, "lose_region", ""},
	{"three causes, the first fails", func() *drill {
		return world(9500).fault("kill", "app", 2500, 2510, 4600).away(2500, 4800).fault("cut_link", "x", 6500, 6510,
			7000).fault("latency", "y", 7500, 7510, 8000)
	}, Fail, f1(FindingRecoveryTime, Fail), 2245, 0, 0, "after kill on app", ""},
	{"three causes, the middle fails", func() *drill {
		return world(9500).fault("cut_link", "x", 1600, 1610, 2000).fault("stall", "app", 3000, 3010, 5000).away(3000,
			5200).fault("latency", "y", 7500, 7510, 8000)
	}, Fail, f1(FindingRecoveryTime, Fail), 2145, 0, 0, "after stall on app", ""},
	{"three outages, each within", func() *drill {
		d := world(10500).fault("kill", "a", 2500, 2510, 3000).fault("kill", "b", 5000, 5010, 5500).fault("kill", "c",
			7500, 7510, 8000)
		return d.away(2500, 3500).away(5000, 6400).away(7500, 8200)
	}, Pass, nil, 1345, 0, 0, "", ""},
	{"harmless cut healed, then loss, loses data within", func() *drill {
		return world(8000).fault("cut_link", "x", 1500, 1510, 2500).failover(home, standby, 4000, 5200, 0, 2).gone(3800,
			4000, history.StoreItems)
	}, Pass, nil, 1140, 198, 2, "", ""},
	{"harmless cut healed, then loss, loses too much", func() *drill {
		return world(8000).fault("cut_link", "x", 1500, 1510, 2500).failover(home, standby, 4000, 5200, 0, 2).gone(3200,
			4000, history.StoreItems)
	}, Fail, f1(FindingRecoveryPoint, Fail), 1140, 798, 8, "", ""},
	{"two killed nodes at home, nobody took over; nothing lost", func() *drill {
		return world(8500).fault("kill", "a", 2500, 2510, 3000).away(2500, 3300).fault("kill", "b", 5500, 5510,
			6000).away(5500, 6300)
	}, Pass, nil, 795, 0, 0, "", ""},
	// --- failback
	{"failback, second loses within", func() *drill {
		d := world(10500).failover(home, standby, 3000, 4200, 6000, 2).readAt(5900, standby).failover(standby, home,
			7000, 8200, 0, 3)
		d.spec.Survivor = home
		d.allReads(history.BeforeReturn, func(r *history.FinalRead) {
			if r.At.Lo > ms(6000) {
				r.Region = home
			}
		}).allReads(history.AfterReconciliation, func(r *history.FinalRead) { r.Region = home })
		return d.gone(6800, 7000, history.StoreItems)
	}, Pass, nil, 1140, 198, 2, "", ""},
	{"failback, first loses too much and second nothing", func() *drill {
		d := world(10500).failover(home, standby, 3000, 4200, 6000, 2).readAt(5900, standby).failover(standby, home,
			7000, 8200, 0, 3)
		d.spec.Survivor = home
		d.allReads(history.BeforeReturn, func(r *history.FinalRead) {
			if r.At.Lo > ms(6000) {
				r.Region = home
			}
		}).allReads(history.AfterReconciliation, func(r *history.FinalRead) { r.Region = home })
		return d.gone(2500, 3000, history.StoreItems)
	}, Fail, f1(FindingRecoveryPoint, Fail), 1140, 498, 5, "", ""},
	{"failback, second never back", func() *drill {
		d := world(10500).failover(home, standby, 3000, 4200, 6000, 2).readAt(5900, standby).loseRegion(standby, 7000,
			0).away(7000, 10500)
		return d
	}, Fail, f1(FindingRecoveryTime, Fail), 3500, 0, 0, "", ""},
	{"quick double loss: second before a window was good", func() *drill {
		// home lost at 3.0, standby serves 3.6 to 4.2, is lost, home (given back at 3.9) serves from 4.8.
		d := world(8500).failover(home, standby, 3000, 3600, 3900, 2).readAt(3850, standby).failover(standby, home,
			4200, 4800, 0, 3)
		d.spec.Survivor = home
		d.allReads(history.BeforeReturn, func(r *history.FinalRead) {
			if r.At.Lo > ms(4000) {
				r.Region = home
			}
		}).allReads(history.AfterReconciliation, func(r *history.FinalRead) { r.Region = home })
		return d.gone(4000, 4200, history.StoreItems)
	}, Pass, nil, 1740, 198, 2, "", "lose_region on us-west-2: the service was not away"},
	// --- loss, then something else
	{"failover, then reads away later within", func() *drill {
		d := world(9500).failover(home, standby, 3000, 4200, 0, 2).fault("kill", "cache", 6500, 6510, 7000)
		return d.readEvery(50, func(due int) (int, string) {
			if due >= 3000 && due < 4200 || due >= 6500 && due < 7600 {
				return 503, "v00"
			}
			return 200, "v00"
		})
	}, Pass, nil, 1140, 0, 0, "", ""},
	{"failover, then reads away too long", func() *drill {
		d := world(10500).failover(home, standby, 3000, 4200, 0, 2).fault("kill", "cache", 6500, 6510, 7000)
		return d.readEvery(50, func(due int) (int, string) {
			if due >= 3000 && due < 4200 || due >= 6500 && due < 9000 {
				return 503, "v00"
			}
			return 200, "v00"
		})
	}, Fail, f1(FindingRecoveryTime, Fail), 2480, 0, 0, "", ""},
	{"reads away by A, then the region is lost by B with loss: the loss is B's", func() *drill {
		d := world(8500).fault("kill", "cache", 2500, 2510, 0).failover(home, standby, 3500, 4300, 0, 2).gone(3300,
			3500, history.StoreItems)
		return d.readEvery(50, func(due int) (int, string) {
			if due >= 2500 && due < 4300 {
				return 503, "v00"
			}
			return 200, "v00"
		})
	}, Pass, nil, 1780, 198, 2, "", "lose_region on us-east-1: the service was not away"},
	{"writes only away too long among many reads", func() *drill {
		return world(8500).fault("read_only_disk", "postgres", 3000, 3010, 5000).away(3000, 5300).readsOK(5)
	}, Fail, f1(FindingRecoveryTime, Fail), 2245, 0, 0, "writes", ""},
	{"writes only away within", func() *drill {
		return world(8500).fault("read_only_disk", "postgres", 3000, 3010, 4500).away(3000, 4800).readsOK(5)
	}, Pass, nil, 1745, 0, 0, "", ""},
	{"writes only away, condition right after steady", func() *drill {
		return world(8500).fault("squeeze", home, 1050, 1060, 0).fault("read_only_disk", "postgres", 3000, 3010,
			0).away(3000, 8500).readsOK(5)
	}, Fail, f1(FindingRecoveryTime, Fail), 5450, 0, 0, "writes", ""},
	{"writes only away, automation killed 30 ms after steady, no write due between", func() *drill {
		return world(8500).fault("kill_automation", home, 1030, 1040, 0).fault("read_only_disk", "postgres", 3000, 3010,
			0).away(3000, 8500).readsOK(5)
	}, Fail, f1(FindingRecoveryTime, Fail), 5450, 0, 0, "writes", ""},
	{"only writes offered, automation killed 60 ms after steady; failover within", func() *drill {
		d := world(8500).fault("kill_automation", third, 1060, 1080, 0)
		d.Phases[1].At = 1020 * msec // the next write is due at 1.1 s
		return d.failover(home, standby, 3000, 4200, 0, 2)
	}, Pass, nil, 1140, 0, 0, "", ""},
	{"one region's clients away", func() *drill {
		d := world(8500).fault("cut_link", "clients in us-west-2", 3000, 3010, 0)
		d.spec.ClientsIn = []string{home, standby}
		d.readsOK(10)
		for i := range d.Ops {
			op := &d.Ops[i]
			op.Client = i % 10
			if op.Client%2 == 1 && op.Due >= 3000*msec && op.Due < 5500*msec {
				if op.Kind == history.Write {
					d.bad(i)
					d.Ops[i].Client = i % 10
				} else {
					op.Outcome, op.Status, op.Error = history.Failed, 503, "x"
				}
			}
		}
		return d
	}, Fail, f1(FindingRecoveryTime, Fail), 2495, 0, 0, "", ""},
	{"one region's clients away among many", func() *drill {
		d := world(8500).fault("cut_link", "clients in eu", 3000, 3010, 0)
		d.spec.ClientsIn = []string{home, standby, third}
		d.spec.RecoveryTime.Success, d.spec.RecoveryTime.Capacity = 0.6, 0.6
		d.readsOK(5)
		for i := range d.Ops {
			op := &d.Ops[i]
			op.Client = i % 9
			if op.Kind == history.Read && op.Client%3 == 2 && op.Due >= 3000*msec {
				op.Outcome, op.Status, op.Error = history.Failed, 503, "x"
			}
		}
		return d
	}, Fail, f1(FindingRecoveryTime, Fail), 5490, 0, 0, "clients in eu-west-1", ""},
	// --- switchovers
	{"switchover there and back, loss in the second", func() *drill {
		d := world(9500).order(standby, 3000, 3900).mark("promoted", 3400, standby).away(3000, 3600).served(3600, 9500,
			standby, 2)
		d.order(home, 6000, 6900).mark("promoted", 6400, standby).away(6000, 6700).served(6700, 9500, home, 3)
		d.spec.Survivor, d.spec.RecoveryPoint = home, &RecoveryPointObjective{}
		d.allReads(history.BeforeReturn,
			func(r *history.FinalRead) { r.Region = home }).allReads(history.AfterReconciliation,
			func(r *history.FinalRead) { r.Region = home })
		return d.gone(5900, 6000, history.StorePostgres)
	}, Fail, f1(FindingRecoveryPoint, Fail), 650, 88, 1, "switchover on us-east-1", ""},
	{"switchover there and back, nothing lost", func() *drill {
		d := world(9500).order(standby, 3000, 3900).mark("promoted", 3400, standby).away(3000, 3600).served(3600, 9500,
			standby, 2)
		d.order(home, 6000, 6900).mark("promoted", 6400, standby).away(6000, 6700).served(6700, 9500, home, 3)
		d.spec.Survivor, d.spec.RecoveryPoint = home, &RecoveryPointObjective{}
		return d.allReads(history.BeforeReturn,
			func(r *history.FinalRead) { r.Region = home }).allReads(history.AfterReconciliation,
			func(r *history.FinalRead) { r.Region = home })
	}, Pass, nil, 650, 0, 0, "", ""},
	{"switchover, then the new primary is lost", func() *drill {
		d := world(9500).order(standby, 3000, 3900).mark("promoted", 3400, standby).away(3000, 3600).served(3600, 9500,
			standby, 2)
		d.failover(standby, home, 6000, 7200, 0, 3)
		d.spec.Survivor = home
		d.allReads(history.BeforeReturn,
			func(r *history.FinalRead) { r.Region = home }).allReads(history.AfterReconciliation,
			func(r *history.FinalRead) { r.Region = home })
		return d.gone(5800, 6000, history.StorePostgres)
	}, Pass, nil, 1140, 198, 2, "", ""},
	{
		"switchover refused, then a third region takes over from the lost home", func() *drill {
			d := world(9500).order(standby, 2500, 0).failover(home, third, 5000, 6200, 0, 2)
			d.spec.Survivor = third
			return d.allReads(history.BeforeReturn,
				func(r *history.FinalRead) { r.Region = third }).allReads(history.AfterReconciliation,
				func(r *history.FinalRead) { r.Region = third })
		}, Fail, f1(FindingSwitchover, Fail), 1140, 0, 0, "eu-west-1 is in charge after it",
		"us-west-2 is in charge after it",
	},
	{"old primary acknowledges after the switchover", func() *drill {
		d := world(7500).order(standby, 3000, 3900).mark("promoted", 3400, standby).away(3000, 3600).served(3600, 7500,
			standby, 2)
		d.ok(at(5000), home)
		return d
	}, Fail, map[string]Verdict{FindingFencing: Fail}, 575, 0, 0, "", ""},
	// --- restore
	{"restored from a backup in place, then the region is lost", func() *drill {
		d := world(10500).fault("wipe_volume", "postgres", 3000, 3010, 8900).mark("restored", 4200, home).away(3000,
			4500).gone(2700, 3000, history.StorePostgres)
		d.readAt(5900, home)
		d.failover(home, standby, 6000, 7200, 0, 2).gone(5900, 6000, history.StorePostgres)
		return d
	}, Pass, nil, 1445, 298, 3, "", ""},
	{"restored in place, loses too much; then nothing", func() *drill {
		d := world(10500).fault("wipe_volume", "postgres", 3000, 3010, 0).mark("restored", 4200, home).away(3000,
			4500).gone(1500, 3000, history.StorePostgres)
		return d.fault("latency", "x", 7000, 7010, 8000).readIn(home)
	}, Fail, f1(FindingRecoveryPoint, Fail), 1445, 1493, 15, "", ""},
	// --- conditions
	{"conditions before, between and after", func() *drill {
		d := world(9500).fault("kill_automation", third, 1500, 1510, 2000).fault("cut_link", "x", 2500, 2510,
			3000).fault("delay_config", "y", 3200, 3210, 0)
		return d.failover(home, standby, 4000, 5200, 0, 2).fault("squeeze", standby, 7500, 7510, 8500)
	}, Pass, nil, 1140, 0, 0, "", ""},
	{"a condition in the outage", func() *drill {
		return world(8500).failover(home, standby, 3000, 4200, 0, 2).fault("hang_step", "promote", 3400, 3410,
			3600).gone(2800, 3000, history.StoreItems)
	}, Pass, nil, 1140, 198, 2, "", ""},
	{"lag of one store, then lost", func() *drill {
		return world(8500).fault("lag_replication", history.StoreObjects, 1500, 1510, 0).failover(home, standby, 3000,
			4200, 0, 2).gone(1500, 3000, history.StoreObjects)
	}, Fail, f1(FindingRecoveryPoint, Fail), 1140, 1498, 15, "", ""},
	{"squeeze after the failover makes it slow: the loss' outage is judged", func() *drill {
		d := world(10500).failover(home, standby, 3000, 4200, 0, 2).fault("squeeze", standby, 6500, 6510, 0)
		for i := at(6500); i < len(d.Ops); i++ {
			d.slowly(i, 400*msec)
		}
		return d
	}, Fail, f1(FindingRecoveryTime, Fail), 3950, 0, 0, "", ""},
	{"automation killed after the failover, and then nobody takes over the second loss", func() *drill {
		d := world(10500).failover(home, standby, 3000, 4200, 5500, 2).readAt(5400, standby).fault("kill_automation",
			home, 6000, 6010, 0)
		return d.loseRegion(standby, 7000, 0).away(7000, 10500)
	}, Fail, f1(FindingRecoveryTime, Fail), 3430, 0, 0, "lose_region on us-west-2", ""},
	{"replication paused and healed before the loss: nothing lost", func() *drill {
		return world(8500).fault("pause_replication", history.StorePostgres, 1500, 1510, 2200).failover(home, standby,
			3000, 4200, 0, 2)
	}, Pass, nil, 1140, 0, 0, "", ""},
	// --- censored
	{"last outage censored, too long", func() *drill {
		return world(9500).failover(home, standby, 3000, 4200, 0, 2).fault("kill", "app", 7000, 7010, 0).away(7000,
			9500)
	}, Fail, f1(FindingRecoveryTime, Fail), 2450, 0, 0, "", ""},
	{"last outage censored, too short to tell", func() *drill {
		return world(8500).failover(home, standby, 3000, 4200, 0, 2).fault("kill", "app", 7000, 7010, 0).away(7000,
			8500)
	}, Inconclusive, f1(FindingRecoveryTime, Inconclusive), 1450, 0, 0, "", ""},
	{"last cause right before the end", func() *drill {
		return world(8500).failover(home, standby, 3000, 4200, 0, 2).fault("kill", "app", 8200, 8210, 0)
	}, Inconclusive, f1(FindingRecoveryTime, Inconclusive), 0, 0, 0, "", ""},
	{"first fails, the last is censored", func() *drill {
		return world(9500).failover(home, standby, 3000, 5300, 0, 2).fault("kill", "app", 8500, 8510, 0).away(8500,
			9500)
	}, Fail, f1(FindingRecoveryTime, Fail), 2240, 0, 0, "", ""},
	// --- straddling
	{"two causes one after the other, the first's outage: the second follows at once", func() *drill {
		return world(8500).failover(home, standby, 3000, 4200, 0, 2).fault("cut_link", "x", 3100, 3110, 0).gone(2800,
			3000, history.StoreItems)
	}, Pass, nil, 1140, 198, 2, "lose_region on us-east-1: the service was away", ""},
	{"the same, with 1.05 s promised: 1.08 s at least were", func() *drill {
		d := world(8500).failover(home, standby, 3000, 4200, 0, 2).fault("cut_link", "x", 3200, 3210, 0)
		d.spec.RecoveryTime.Within = 1050 * msec
		return d
	}, Fail, f1(FindingRecoveryTime, Fail), 1140, 0, 0, "", ""},
	{"both at the same time", func() *drill {
		return world(8500).failover(home, standby, 3000, 4200, 0, 2).fault("cut_link", "x", 3005, 3010, 6000).gone(2800,
			3000, history.StoreItems)
	}, Pass, nil, 1140, 198, 2, "", ""},
	{
		"both at the same time; home is back before the reading, which hides the loss", func() *drill {
			return world(8500).failover(home, standby, 3000, 4200, 7000, 2).fault("cut_link", "x", 3005, 3010, 0)
		}, Inconclusive,
		map[string]Verdict{FindingDrill: Inconclusive, FindingRecoveryPoint: Inconclusive},
		1140, 0, -1,
		"", "",
	},
	{
		"no recovery time promised; latency in the outage; home is back before the reading", func() *drill {
			d := world(8500).failover(home, standby, 3000, 4200, 7000, 2).fault("latency", "x", 3300, 3310, 0)
			d.spec.RecoveryTime = nil
			return d
		}, Inconclusive,
		map[string]Verdict{FindingDrill: Inconclusive, FindingRecoveryPoint: Inconclusive},
		0, 0, -1, "",
		"",
	},
	{"no recovery time promised; latency in the outage", func() *drill {
		d := world(8500).failover(home, standby, 3000, 4200, 0, 2).fault("latency", "x", 3300, 3310, 0).gone(2800, 3000,
			history.StoreItems)
		d.spec.RecoveryTime = nil
		return d
	}, Pass, nil, 0, 198, 2, "", ""},
	{"an outage goes on over the next cause, and no end", func() *drill {
		return world(8500).fault("kill", "app", 3000, 3010, 0).away(3000, 8500).fault("kill", "db", 5000, 5010, 0)
	}, Fail, f1(FindingRecoveryTime, Fail), 5450, 0, 0, "after kill on app", "kill on db: the service was not away"},
	{"the outage ends exactly when the next cause comes, which hurts nobody", func() *drill {
		return world(8500).fault("kill", "app", 3000, 3010, 0).away(3000, 4500).fault("latency", "x", 4490, 4500, 0)
	}, Pass, nil, 1445, 0, 0, "", ""},
	{"one second of service between two outages", func() *drill {
		return world(9500).fault("kill", "app", 3000, 3010, 0).away(3000, 4500).fault("kill", "b", 5600, 5610,
			0).away(5600, 7100)
	}, Pass, nil, 1445, 0, 0, "", ""},
	// --- partitions and late copies
	{"partition, nobody promoted, late copies; a second harmless cause", func() *drill {
		d := world(8500).fault("partition", "x", 3000, 3010, 0).fault("latency", "y", 6000, 6010, 7000)
		d.spec.RecoveryPoint = &RecoveryPointObjective{}
		return d.allReads(history.BeforeReturn, func(r *history.FinalRead) { r.IDs = r.IDs[:25] })
	}, Pass, nil, 0, 0, 0, "", ""},
	{"kill of the database loses 88 ms, nobody takes over, latency much later", func() *drill {
		return world(8500).fault("kill", "postgres", 3000, 3010, 3500).away(3000, 3700).gone(2900,
			3000).fault("latency", "y", 6000, 6010, 7000)
	}, Pass, nil, 0, 98, 1, "", ""},
	{"home says that it is promoted after a partition, and is what it was", func() *drill {
		d := world(8500).fault("partition", "x", 3000, 3010, 0).mark("promoted", 3500, home)
		return d.allReads(history.BeforeReturn, func(r *history.FinalRead) { r.IDs = r.IDs[:10] })
	}, Pass, nil, 0, 0, 0, "", ""},
	// --- no marks
	{"no mark, the timeline tells", func() *drill {
		d := world(8500).failover(home, standby, 3000, 4200, 0, 2).gone(2800, 3000, history.StoreItems)
		d.Marks = nil
		return d
	}, Pass, nil, 1140, 198, 2, "us-west-2 is in charge after it", ""},
}
