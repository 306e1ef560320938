package kyc_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/suites/internal/harness"
	. "github.com/regionfall/regionfall/suites/matchers"
)

// Objectives of the regulator, in real time.
const (
	rpo = 15 * time.Minute
	rto = 2 * time.Hour
)

var _ = Describe("A KYC platform that loses us-east-1", func() {
	lab := func(real time.Duration, timescale float64) time.Duration {
		return time.Duration(float64(real) / timescale)
	}

	When("only last night's backup is in the other region", func() {
		It("is caught losing hours of verifications, and coming back too late", func(ctx SpecContext) {
			r := harness.Run(ctx, "kyc-nightly-backup")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(r).NotTo(LoseAtMost(lab(rpo, r.Scenario.Timescale)))
			Expect(r).NotTo(Recover(lab(rto, r.Scenario.Timescale)))
		}, SpecTimeout(harness.DrillTimeout))
	})

	When("everything replicates and failover is automatic", func() {
		It("is back within two hours and loses less than a quarter of an hour", func(ctx SpecContext) {
			r := harness.Run(ctx, "kyc-region-outage")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(r).To(LoseAtMost(lab(rpo, r.Scenario.Timescale)))
			Expect(r).To(Recover(lab(rto, r.Scenario.Timescale)))
		}, SpecTimeout(harness.DrillTimeout))
	})

	When("everything replicates and nothing takes over", func() {
		It("is never seen back: more than two hours, and how much more nobody knows", func(ctx SpecContext) {
			r := harness.Run(ctx, "testdata/nothing-takes-over.yaml")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(r.Metrics.RecoveryTime.Censored).To(BeTrue())
		}, SpecTimeout(harness.DrillTimeout))
	})

	When("a third region serves too, and never takes over", func() {
		It("is back in the second one within two hours", func(ctx SpecContext) {
			r := harness.Run(ctx, "testdata/three-regions.yaml")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(r).To(LoseAtMost(lab(rpo, r.Scenario.Timescale)))
			Expect(r).To(Recover(lab(rto, r.Scenario.Timescale)))
		}, SpecTimeout(harness.DrillTimeout))
	})

	When("a write counts only once both regions have it", func() {
		It("loses nothing that was acknowledged", func(ctx SpecContext) {
			r := harness.Run(ctx, "kyc-zero-loss")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LoseNothing(), LeaveNothing()))
		}, SpecTimeout(harness.DrillTimeout))
	})
})
