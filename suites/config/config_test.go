package config_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/scenarios/measure"
	"github.com/regionfall/regionfall/suites/internal/harness"
	. "github.com/regionfall/regionfall/suites/matchers"
)

var _ = Describe("A platform of five services that is started in us-west-2 when us-east-1 is lost", func() {
	When("one of them has an address of its own", func() {
		It("is not back, and the drill says which service refers to the region that is gone, and by which key",
			func(ctx SpecContext) {
				r := harness.Run(ctx, "config-stale-endpoints")
				Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
				stale := r.Metrics.StaleConfig
				Expect(stale.Nodes).To(Equal(5))
				Expect(stale.Censored).To(BeTrue())
				Expect(stale.Stale).To(ContainElement(And(
					HaveField("Service", "lookup"), HaveField("Node", "lookup.us-west-2"), HaveField("Key", "postgres"),
					HaveField("Region", "us-east-1"),
					HaveField("Source", "lookup"),
				)))
				Expect(stale.Stale).To(HaveEach(HaveField("Service", "lookup")))
				Expect(stale.Failed).To(BeNumerically(">", 20), "reads that nobody answered because of it")
			}, SpecTimeout(harness.DrillTimeout))
	})

	When("none has", func() {
		It("is back: what failed was the address, and nothing else", func(ctx SpecContext) {
			r := harness.Run(ctx, "testdata/nothing-overridden.yaml")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
		}, SpecTimeout(harness.DrillTimeout))
	})

	When("a gate asks all of them before clients are redirected", func() {
		It("is back, and nothing refers to the region that is gone when the first client comes", func(ctx SpecContext) {
			r := harness.Run(ctx, "config-active-passive")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(r.Metrics.StaleConfig.Nodes).To(Equal(5))
			Expect(r.Metrics.RecoveryTime.Phases).To(ContainElement(HaveField("Name", "preflight")))
		}, SpecTimeout(harness.DrillTimeout))
	})

	When("one has an address of its own, and a gate asks", func() {
		It("sends no client there", func(ctx SpecContext) {
			r := harness.Run(ctx, "testdata/gate-holds.yaml")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(r.Metrics.StaleConfig.Lo).To(BeNil(), "nobody was redirected")
			Expect(r.Metrics.StaleConfig.Verdict.String()).To(Equal(measure.Inconclusive.String()))
		}, SpecTimeout(harness.DrillTimeout))
	})
})
