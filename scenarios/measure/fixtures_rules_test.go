package measure

import (
	"fmt"
	"slices"

	"github.com/regionfall/regionfall/scenarios/history"
)

// byRule has each third write go below cold/, and the others below hot/. Objects are all there is; of those all are
// kept.
func (d *drill) byRule() {
	names := map[string]string{}
	for i := range d.Ops {
		tier := "hot"
		if i%3 == 2 {
			tier = "cold"
		}
		names[d.Ops[i].ID] = fmt.Sprintf("%s/%s", tier, d.Ops[i].ID)
		d.Ops[i].ID = names[d.Ops[i].ID]
	}
	d.Reads = slices.DeleteFunc(d.Reads, func(r history.FinalRead) bool { return r.Store != history.StoreObjects })
	for i := range d.Reads {
		r := &d.Reads[i]
		for n, id := range r.IDs {
			r.IDs[n] = names[id]
		}
	}
}

// loseSince loses the objects below a prefix that were written before the fault, from a number on.
func (d *drill) loseSince(prefix string, since int) {
	for i := since; i < 25; i++ {
		if id := d.Ops[i].ID; len(id) > len(prefix) && id[:len(prefix)] == prefix {
			d.lose(history.StoreObjects, id)
		}
	}
}

// hotAndCold promises 400 ms of hot/, and 2 s of cold/.
func hotAndCold() *overrides {
	return &overrides{
		Rules: []string{"hot/", "cold/"}, Only: history.StoreObjects,
		StoreRecoveryPointMS: map[string]int{"hot/": 400, "cold/": 2000},
	}
}

// claimed is hotAndCold, and what a dashboard says of a rule.
func claimed(rule string, ms int) *overrides {
	o := hotAndCold()
	o.ClaimsMS = map[string]int{rule: ms}
	return o
}

// listed has manifests, and says whether they were read to their end.
func (d *drill) listed(end string, manifests ...history.ManifestRead) {
	at := *between(6850, 6860)
	for _, m := range append(manifests, history.ManifestRead{Count: len(manifests), Error: end}) {
		m.Read, m.Region, m.At = history.BeforeReturn, standby, at
		d.Manifests = append(d.Manifests, m)
	}
}

// named is a manifest of one object.
func named(key, sum, found string) history.ManifestRead {
	return history.ManifestRead{
		Key: "manifests/" + key, Objects: []history.NamedObject{{Key: key, SHA256: sum, Found: found}},
	}
}

// restored brings versions of so many objects back, from a time to another.
func (d *drill) restored(from, to, n int) {
	d.Marks = append(d.Marks, history.Mark{
		At: *between(from, to), Source: "harness", Name: MarkRestored, Count: &n,
		Detail: fmt.Sprintf("hot/ in us-west-2: %d of 20 objects", n),
	})
}

var restoring = &overrides{Restores: 1}

var listing = &overrides{Manifests: true}

var ruleFixtures = []fixture{
	{"restored-in-time", func(d *drill) { d.restored(4200, 4900, 9) }, expectation{
		Why: "What was overwritten is back 1.88 to 1.90 s after the fault, 2 s were promised.", Spec: restoring,
		Verdict: Pass,
	}},
	{"restored-too-late", func(d *drill) { d.restored(4200, 5100, 9) }, expectation{
		Why:  "The service is back in time, and what was overwritten 2.08 s after the fault, 2 s were promised.",
		Spec: restoring, Verdict: Fail, Findings: one(FindingRestore, Fail),
	}},
	{"restored-nothing", func(d *drill) { d.restored(4200, 4900, 0) }, expectation{
		Why:     "All was as it had been an hour before: nothing that needed it was there, and nothing is proven.",
		Spec:    restoring,
		Verdict: Inconclusive, Findings: one(FindingRestore, Inconclusive),
	}},
	{"restored-never", unchanged, expectation{
		Why: "Nothing was brought back.", Spec: restoring, Verdict: Inconclusive,
		Findings: one(FindingRestore, Inconclusive),
	}},
	{"restored-before-the-fault", func(d *drill) { d.restored(2000, 2500, 9) }, expectation{
		Why: "What was brought back before anything was broken is no part of a recovery.", Spec: restoring,
		Verdict: Inconclusive, Findings: one(FindingRestore, Inconclusive),
	}},
	{
		"manifests-hold", func(d *drill) { d.listed("", named("v01", "aa", "aa"), named("v02", "bb", "bb")) },
		expectation{Why: "All that the manifests name is there, and is what they say.", Spec: listing, Verdict: Pass},
	},
	{"manifest-names-an-absent-object", func(d *drill) {
		d.listed("", named("v01", "aa", "aa"), named("v24", "bb", ""))
	}, expectation{
		Why: "A manifest names v24, and there is no such object.", Spec: listing, Verdict: Fail,
		Findings: one(FindingManifest, Fail),
	}},
	{"manifest-of-another-content", func(d *drill) { d.listed("", named("v01", "aa", "ab")) }, expectation{
		Why: "v01 is there, and is not what the manifest says.", Spec: listing, Verdict: Fail,
		Findings: one(FindingManifest, Fail),
	}},
	{"manifests-not-read", func(d *drill) { d.listed("no answer", named("v01", "aa", "aa")) }, expectation{
		Why: "Reading the manifests failed: nobody knows what the others name.", Spec: listing, Verdict: Inconclusive,
		Findings: one(FindingManifest, Inconclusive),
	}},
	{"manifests-cut-short", func(d *drill) {
		d.listed("", named("v01", "aa", "aa"), named("v24", "bb", ""))
		d.Manifests = d.Manifests[:2]
	}, expectation{
		Why: "The reading of the manifests has no end.", Spec: listing, Verdict: Inconclusive,
		Findings: one(FindingManifest, Inconclusive),
	}},
	{"manifests-one-missing", func(d *drill) {
		d.listed("", named("v01", "aa", "aa"), named("v24", "bb", ""))
		d.Manifests = d.Manifests[:1:1]
		d.Manifests = append(d.Manifests, history.ManifestRead{
			Read: history.BeforeReturn, Region: standby, At: *between(6850, 6860), Count: 2,
		})
	}, expectation{
		Why: "Two manifests were read, and one is recorded: nobody knows what the other names.", Spec: listing,
		Verdict: Inconclusive, Findings: one(FindingManifest, Inconclusive),
	}},
	{"manifests-none", func(d *drill) { d.listed("") }, expectation{
		Why: "There is no manifest in the surviving region: nothing was held against anything.", Spec: listing,
		Verdict: Inconclusive, Findings: one(FindingManifest, Inconclusive),
	}},
	{"rules-met", func(d *drill) {
		d.byRule()
		d.loseSince("cold/", 10)
		d.Backlogs = []history.Backlog{{
			At: *between(2900, 2910), Rule: "cold/", From: home, To: standby, Objects: 5, Bytes: 5000,
			BytesPerSecond: 20_000,
		}}
	}, expectation{
		Why:  "cold/ lost 1.39 s of the 2 s that it may, hot/ nothing of the 400 ms: each is held to its own.",
		Spec: hotAndCold(), Verdict: Pass, Figures: figures{
			StoreRecoveryPointMS: map[string][]float64{"hot/": {0, 108}, "cold/": {1388, 1708}}, Lost: new(5),
		},
	}},
	{"rule-too-old", func(d *drill) { d.byRule(); d.loseSince("hot/", 15) }, expectation{
		Why: "hot/ lost 988 ms of the 400 ms that it may, though cold/ may lose more.", Spec: hotAndCold(),
		Verdict: Fail, Findings: one(FindingRecoveryPoint, Fail), Figures: figures{
			StoreRecoveryPointMS: map[string][]float64{"hot/": {988, 1208}, "cold/": {0, 208}}, Lost: new(7),
		},
	}},
	{"rule-never-copied", func(d *drill) { d.byRule(); d.loseSince("hot/", 0) }, expectation{
		Why: "Nothing below hot/ is there: its loss reaches back to the start of the workload.", Spec: hotAndCold(),
		Verdict: Fail, Findings: one(FindingRecoveryPoint, Fail), Figures: figures{
			StoreRecoveryPointMS: map[string][]float64{"hot/": {2488, 2620}}, Lost: new(17),
		},
	}},
	{"rule-without-writes", func(d *drill) {
		d.byRule()
		d.Ops = slices.DeleteFunc(d.Ops, func(op history.Op) bool { return op.ID[:4] == "cold" })
		for i := range d.Reads {
			r := &d.Reads[i]
			r.IDs = slices.DeleteFunc(r.IDs, func(id string) bool { return id[:4] == "cold" })
		}
	}, expectation{
		Why: "Nothing was written below cold/: nobody knows what it would have lost, whatever the dashboard says.",
		Spec: func() *overrides {
			o := claimed("cold/", 2000)
			o.MinAcked = 10
			return o
		}(),
		Verdict:  Inconclusive,
		Findings: map[string]Verdict{FindingRecoveryPoint: Inconclusive, FindingClaim: Inconclusive},
	}},
	{"claim-borne-out", func(d *drill) { d.byRule(); d.loseSince("hot/", 24) }, expectation{
		Why: "The dashboard says 400 ms of hot/, and what was lost is 88 to 308 ms old.", Spec: claimed("hot/", 400),
		Verdict: Pass, Figures: figures{ClaimsMS: map[string][]float64{"hot/": {88, 308}}},
	}},
	{"claim-contradicted", func(d *drill) { d.byRule(); d.loseSince("cold/", 10) }, expectation{
		Why:  "cold/ may lose 2 s, and lost less; but the dashboard says 1 s, and it lost 1.39 s.",
		Spec: claimed("cold/", 1000), Verdict: Fail, Findings: one(FindingClaim, Fail),
		Figures: figures{ClaimsMS: map[string][]float64{"cold/": {1388, 1708}}},
	}},
	{"claim-straddling", func(d *drill) { d.byRule(); d.loseSince("cold/", 10) }, expectation{
		Why:  "cold/ lost 1.39 to 1.71 s, and the dashboard says 1.5 s: nobody can tell.",
		Spec: claimed("cold/", 1500), Verdict: Inconclusive, Findings: one(FindingClaim, Inconclusive),
	}},
	{"claim-of-all", func(d *drill) { d.byRule(); d.loseSince("cold/", 10) }, expectation{
		Why:  "The dashboard says 1 s of everything: what was lost of one rule is lost.",
		Spec: claimed("", 1000), Verdict: Fail, Findings: one(FindingClaim, Fail),
	}},
}
