package measure

import "github.com/regionfall/regionfall/scenarios/history"

func fresh(withinMS int) *overrides { return &overrides{StaleConfigMS: &withinMS} }

var configFixtures = []fixture{
	{"config-fresh", func(d *drill) { d.configured("app", 3950, 4030) }, expectation{
		Why: "The node of the standby leads to the lost region until 3.95 s to 4.03 s, and clients are sent there " +
			"at 4.045 s at the earliest.",
		Spec: fresh(0), Verdict: Pass, Figures: figures{StaleConfigMS: []float64{0, 0}},
	}},
	{"config-stale", func(d *drill) {
		d.configured("app", 3950, 4030)
		d.configured("lookup", 0, 0)
		again := d.Configs[len(d.Configs)-1] // it says something else, and is as stale as before
		again.At, again.Revision = *between(5000, 5100), 2
		d.Configs = append(d.Configs, again)
		d.bad(50)
		d.Ops[50].Node = "lookup." + standby
	}, expectation{
		Why:  "One of two services leads to the lost region to the end, 6.5 s: 2.445 s after clients were sent there.",
		Spec: fresh(1000), Verdict: Fail, Findings: one(FindingStaleConfig, Fail),
		Figures: figures{StaleConfigMS: []float64{2445}, StaleFailed: new(1)},
	}},
	{"config-late", func(d *drill) { d.configured("app", 4500, 4600) }, expectation{
		Why: "The node leads to the lost region until 4.5 s to 4.6 s, 445 ms to 555 ms after clients were sent " +
			"there: 400 ms are promised.",
		Spec: fresh(400), Verdict: Fail, Findings: one(FindingStaleConfig, Fail),
		Figures: figures{StaleConfigMS: []float64{445, 555}},
	}},
	{"config-shifted", func(d *drill) {
		d.configured("app", 4020, 4030)
		d.Marks = append(d.Marks, history.Mark{
			At: *between(4005, 4015), Source: "automation." + standby,
			Name: "shifted",
		})
	}, expectation{
		Why: "The first clients were shifted to the node 5 ms to 25 ms before it stopped to lead to the lost " +
			"region, and the last at 4.045 s.",
		Spec: fresh(0), Verdict: Fail, Findings: one(FindingStaleConfig, Fail),
		Figures: figures{StaleConfigMS: []float64{5, 25}},
	}},
	{"config-straddling", func(d *drill) { d.configured("app", 4500, 4600) }, expectation{
		Why:  "The same, and 500 ms are promised.",
		Spec: fresh(500), Verdict: Inconclusive, Findings: one(FindingStaleConfig, Inconclusive),
	}},
	{"config-connection", func(d *drill) {
		d.configured("app", 3950, 4030)
		last := &d.Configs[len(d.Configs)-1]
		last.Live = []history.ConfigEndpoint{{Store: "postgres", Region: home, Address: "hub:20011"}}
	}, expectation{
		Why:  "The configuration is good at the redirect, and a connection to the lost region stays open.",
		Spec: fresh(1000), Verdict: Fail, Findings: one(FindingStaleConfig, Fail),
	}},
	{"config-gone", func(d *drill) {
		d.configured("app", 3950, 4030)
		d.Configs = append(d.Configs, history.ConfigSight{
			At: *between(500, 510), Node: "audit." + standby,
			Service: "audit", Region: standby, Error: "no answer",
		})
	}, expectation{
		Why:  "One node does not answer: it serves nobody.",
		Spec: fresh(0), Verdict: Pass,
	}},
	{"config-silent", func(d *drill) {
		d.Configs = append(d.Configs, history.ConfigSight{
			At: *between(500, 510), Node: "app." + standby,
			Service: "app", Region: standby, Error: "no answer",
		})
	}, expectation{
		Why:  "The only node never answers.",
		Spec: fresh(0), Verdict: Inconclusive, Findings: one(FindingStaleConfig, Inconclusive),
	}},
	{"config-stale-and-silent", func(d *drill) {
		d.configured("app", 0, 0)
		d.Configs = append(d.Configs, history.ConfigSight{
			At: *between(4100, 4200), Node: "app." + standby,
			Service: "app", Region: standby, Error: "no answer",
		})
	}, expectation{
		Why: "A node that leads to the lost region falls silent: it did so for 45 ms at the least, and nobody knows " +
			"what it did then.",
		Spec: fresh(1000), Verdict: Inconclusive, Findings: one(FindingStaleConfig, Inconclusive),
		Figures: figures{StaleConfigMS: []float64{45}},
	}},
	{"config-unknown", func(*drill) {}, expectation{
		Why:  "No node said what its configuration is.",
		Spec: fresh(0), Verdict: Inconclusive, Findings: one(FindingStaleConfig, Inconclusive),
	}},
}

// configured has a service of the standby lead to home from 0.5 s on, and to its own region from between two times on;
// never if they are 0.
func (d *drill) configured(service string, lo, hi int) {
	sight := history.ConfigSight{
		At: *between(490, 500), Node: service + "." + standby, Service: service,
		Region: standby, Revision: 1,
	}
	leads := func(region string) []history.ConfigValue {
		return []history.ConfigValue{{
			Key: "postgres", Source: "region",
			ConfigEndpoint: history.ConfigEndpoint{Region: region, Address: "hub:20011"},
		}}
	}
	sight.Values = leads(home)
	d.Configs = append(d.Configs, sight)
	if hi > 0 {
		sight.At, sight.Revision, sight.Values = *between(lo, hi), 2, leads(standby)
		d.Configs = append(d.Configs, sight)
	}
}
