package measure

import (
	"slices"

	"github.com/regionfall/regionfall/scenarios/history"
)

// limitFixtures are of stores that are held to limits of their own. Redis loses the last four writes in all of them,
// which makes its recovery point 388 to 508 ms.
var limitFixtures = []fixture{
	{"store-limit-of-all-too-short", withRedis, expectation{
		Why:  "Redis lost what is 388 ms old at the least. It may have lost 600 ms, and nothing says that it may.",
		Spec: &overrides{RecoveryPointMS: new(300), Redis: true}, Verdict: Fail,
		Findings: one(FindingRecoveryPoint, Fail), Figures: lostInRedis,
	}},
	{"store-limit-met", withRedis, expectation{
		Why:  "Redis lost up to 508 ms, of 600 ms that it may lose; each of the others is within its 320 ms.",
		Spec: redisMayLose(600), Verdict: Pass, Figures: lostInRedis,
	}},
	{"store-limit-missed", withRedis, expectation{
		Why:  "Redis lost 388 ms at the least, of 350 ms that it may lose; the others are within their 320 ms.",
		Spec: redisMayLose(350), Verdict: Fail, Findings: one(FindingRecoveryPoint, Fail), Figures: lostInRedis,
	}},
	{"store-limit-straddling", withRedis, expectation{
		Why:  "Redis lost 388 to 508 ms, of 400 ms that it may lose: nobody can tell.",
		Spec: redisMayLose(400), Verdict: Inconclusive, Findings: one(FindingRecoveryPoint, Inconclusive),
		Figures: lostInRedis,
	}},
	{"store-limit-of-another-missed", func(d *drill) {
		withRedis(d)
		d.lose(history.StoreObjects, "v20", "v21", "v22", "v23", "v24")
	}, expectation{
		Why:  "Redis is within the 600 ms that it may lose. The objects are not within the 320 ms of all others.",
		Spec: redisMayLose(600), Verdict: Fail, Findings: one(FindingRecoveryPoint, Fail),
		Figures: figures{Lost: new(5), StoreRecoveryPointMS: map[string][]float64{history.StoreObjects: {488, 608}}},
	}},
	{"store-limit-none", func(d *drill) {
		withRedis(d)
		for i := 21; i < 25; i++ {
			d.keep(i)
		}
		d.lose(history.StoreRedis, "v24")
	}, expectation{
		Why:  "Redis may lose nothing, and lost one write, however young it was.",
		Spec: redisMayLose(0), Verdict: Fail, Findings: one(FindingRecoveryPoint, Fail),
		Figures: figures{Lost: new(1)},
	}},
	{"store-limit-unread", func(d *drill) {
		withRedis(d)
		for i := range d.Reads {
			if d.Reads[i].Store == history.StoreRedis {
				d.Reads[i].IDs, d.Reads[i].Error = nil, "connection refused"
			}
		}
	}, expectation{
		Why:  "All others are within their limits, and Redis could not be read: nobody can tell.",
		Spec: redisMayLose(600), Verdict: Inconclusive,
		Findings: map[string]Verdict{FindingDrill: Inconclusive, FindingRecoveryPoint: Inconclusive},
	}},
}

// redisMayLose is what is promised of Redis, beside 320 ms of the others.
func redisMayLose(ms int) *overrides {
	return &overrides{
		RecoveryPointMS: new(320), StoreRecoveryPointMS: map[string]int{history.StoreRedis: ms}, Redis: true,
	}
}

var lostInRedis = figures{
	Lost: new(4), RecoveryPointMS: []float64{388, 508}, StoreRecoveryPointMS: map[string][]float64{
		history.StorePostgres: {88, 208}, history.StoreItems: {188, 308}, history.StoreRedis: {388, 508},
	},
}

// withRedis has the app write to Redis too, which loses the last four writes of before the fault.
func withRedis(d *drill) {
	for _, r := range slices.Clone(d.Reads) {
		if r.Store == history.StoreObjects {
			r.Store, r.IDs = history.StoreRedis, slices.Clone(r.IDs)
			d.Reads = append(d.Reads, r)
		}
	}
	d.lose(history.StoreRedis, "v21", "v22", "v23", "v24")
}
