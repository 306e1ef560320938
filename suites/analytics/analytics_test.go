package analytics_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/suites/internal/harness"
	. "github.com/regionfall/regionfall/suites/matchers"
)

// age is how old what a rule lost was in real time, at least.
func age(r evidence.Result, rule string) time.Duration {
	GinkgoHelper()
	for _, p := range r.Metrics.RecoveryPoint.Stores {
		if p.Name == rule {
			Expect(p.Lo).NotTo(BeNil())
			return time.Duration(float64(p.Lo.Duration()) * r.Scenario.Timescale)
		}
	}
	Fail("there is no rule " + rule)
	return 0
}

var _ = Describe("An analytics platform that loses us-east-1", func() {
	When("the dashboard claims an RPO of 1 h", func() {
		It("is contradicted by a job that last ran 10 h ago", func(ctx SpecContext) {
			r := harness.Run(ctx, "analytics-stale-replication")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(age(r, "hot/")).To(BeNumerically("~", 10*time.Hour, time.Hour))
		}, SpecTimeout(harness.DrillTimeout))

		It("is contradicted by a job that last ran 2 h ago, with that number", func(ctx SpecContext) {
			r := harness.Run(ctx, "testdata/replication-two-hours-ago.yaml")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(age(r, "hot/")).To(BeNumerically("~", 2*time.Hour, time.Hour))
		}, SpecTimeout(harness.DrillTimeout))

		It("is borne out by a job that runs each half hour", func(ctx SpecContext) {
			r := harness.Run(ctx, "testdata/replication-on-time.yaml")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
		}, SpecTimeout(harness.DrillTimeout))
	})

	When("hot data is copied at any time, and cold data at night", func() {
		It("keeps each promise, and its manifests name nothing that is absent", func(ctx SpecContext) {
			r := harness.Run(ctx, "analytics-hot-cold")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(r.Metrics.Manifests.Named).To(BeNumerically(">", 100))
			Expect(age(r, "cold/")).To(BeNumerically(">", time.Hour),
				"nothing was copied since the window closed at 04:00")
		}, SpecTimeout(harness.DrillTimeout))

		It("keeps them where the replicator dies in the night, and goes on", func(ctx SpecContext) {
			r := harness.Run(ctx, "testdata/replicator-killed.yaml")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(age(r, "cold/")).To(BeNumerically("<", 3*time.Hour), "it copied until the window closed at 04:00")
		}, SpecTimeout(harness.DrillTimeout))

		It("is caught where manifests are copied before what they name", func(ctx SpecContext) {
			r := harness.Run(ctx, "testdata/manifest-first.yaml")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(r.Metrics.Manifests.Examples[0].Key).To(HavePrefix("cold/"))
		}, SpecTimeout(harness.DrillTimeout))
	})

	When("a faulty writer has overwritten half of the hot data, and replication carried that over", func() {
		It("brings back what was there an hour before", func(ctx SpecContext) {
			r := harness.Run(ctx, "analytics-bad-overwrite")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(r.Metrics.Restore.Took).To(BeNumerically(">", 0))
		}, SpecTimeout(harness.DrillTimeout))

		It("is caught where nobody brings anything back", func(ctx SpecContext) {
			r := harness.Run(ctx, "testdata/not-restored.yaml")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(r.Metrics.Manifests.Differs).To(BeNumerically(">", 50))
		}, SpecTimeout(harness.DrillTimeout))
	})

	When("a faulty cleaner has deleted half of the hot data, and replication carried that over", func() {
		It("brings back what was there an hour before", func(ctx SpecContext) {
			r := harness.Run(ctx, "testdata/deleted.yaml")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(r.Metrics.Restore.Took).To(BeNumerically(">", 0))
			Expect(r.Metrics.Restore.Count).To(BeNumerically(">", 50))
		}, SpecTimeout(harness.DrillTimeout))

		It("is caught where nobody brings anything back", func(ctx SpecContext) {
			r := harness.Run(ctx, "testdata/deleted-for-good.yaml")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(r.Metrics.Manifests.Absent).To(BeNumerically(">", 50), "it was deleted in us-west-2 as well")
		}, SpecTimeout(harness.DrillTimeout))
	})

	When("somebody has deleted half of the hot data in us-west-2, and all its versions", func() {
		It("brings back what Object Lock has kept", func(ctx SpecContext) {
			r := harness.Run(ctx, "testdata/purged-locked.yaml")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(r.Metrics.Restore.Count).To(BeNumerically(">", 50))
		}, SpecTimeout(harness.DrillTimeout))

		It("is caught where nothing has kept them", func(ctx SpecContext) {
			r := harness.Run(ctx, "testdata/purged.yaml")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(r.Metrics.Restore.Count).To(BeZero(), "nothing is left to bring back")
			Expect(r.Metrics.Manifests.Absent).To(BeNumerically(">", 50))
		}, SpecTimeout(harness.DrillTimeout))
	})
})
