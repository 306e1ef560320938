package measure

import (
	"github.com/regionfall/regionfall/scenarios/history"
)

// jointFixtures are of writes that one store has and another lacks. In goodDrill v23 is not among the items, and v24
// only among the objects: the older one was acknowledged 188 to 208 ms before the fault.
var jointFixtures = []fixture{
	{"joint-met", unchanged, expectation{
		Why:  "A decision without its row and a row without its decision, up to 208 ms old, of 300 ms that they may be.",
		Spec: torn(300), Verdict: Pass, Figures: figures{JointMS: []float64{188, 208}, Torn: new(2)},
	}},
	{"joint-missed", func(d *drill) { d.lose(history.StoreItems, "v21", "v22") }, expectation{
		Why:  "The rows of the last four writes are there without their items, but for one: the oldest is 388 ms old.",
		Spec: torn(300), Verdict: Fail, Findings: one(FindingJointRecoveryPoint, Fail),
		Figures: figures{JointMS: []float64{388, 408}, Torn: new(4)},
	}},
	{"joint-straddling", unchanged, expectation{
		Why:  "The oldest torn write is 188 to 208 ms old, of 200 ms that it may be: nobody can tell.",
		Spec: torn(200), Verdict: Inconclusive, Findings: one(FindingJointRecoveryPoint, Inconclusive),
		Figures: figures{JointMS: []float64{188, 208}, Torn: new(2)},
	}},
	{"joint-none", func(d *drill) { d.keep(23); d.lose(history.StoreObjects, "v24") }, expectation{
		Why:  "The last write is lost in all stores alike, and so it is not torn: none may be.",
		Spec: torn(0), Verdict: Pass, Figures: figures{JointMS: []float64{0, 0}, Torn: new(0), Lost: new(1)},
	}},
	{"joint-none-one-torn", func(d *drill) { d.keep(23) }, expectation{
		Why:  "The document of the last write is there without its row, and none may be torn, however young it is.",
		Spec: torn(0), Verdict: Fail, Findings: one(FindingJointRecoveryPoint, Fail),
		Figures: figures{JointMS: []float64{88, 108}, Torn: new(1)},
	}},
	{"joint-unread", func(d *drill) {
		for i := range d.Reads {
			if d.Reads[i].Store == history.StoreItems {
				d.Reads[i].IDs, d.Reads[i].Error = nil, "connection refused"
			}
		}
	}, expectation{
		Why:  "v24 is torn between PostgreSQL and the objects. What the items lack nobody knows.",
		Spec: torn(300), Verdict: Inconclusive,
		Findings: map[string]Verdict{
			FindingDrill: Inconclusive, FindingRecoveryPoint: Inconclusive, FindingJointRecoveryPoint: Inconclusive,
		},
		Figures: figures{JointMS: []float64{88}, Torn: new(1)},
	}},
	{"joint-unread-and-torn", func(d *drill) {
		d.lose(history.StorePostgres, "v21", "v22", "v23")
		for i := range d.Reads {
			if d.Reads[i].Store == history.StoreItems {
				d.Reads[i].IDs, d.Reads[i].Error = nil, "connection refused"
			}
		}
	}, expectation{
		Why:  "Documents without a row are 388 ms old, of 300 ms: whatever the items lack makes it no better.",
		Spec: torn(300), Verdict: Fail,
		Findings: map[string]Verdict{
			FindingDrill: Inconclusive, FindingRecoveryPoint: Inconclusive, FindingJointRecoveryPoint: Fail,
		},
		Figures: figures{JointMS: []float64{388}, Torn: new(4)},
	}},
}

// torn is what is promised of writes that one store has and another lacks; the stores may lose 600 ms each.
func torn(ms int) *overrides { return &overrides{RecoveryPointMS: new(600), JointMS: &ms} }
