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

	When("the standby's decisions are minutes behind, and it denies what it does not know", func() {
		for scenario, lag := range map[string]time.Duration{
			"kyc-stale-standby": 10 * time.Minute, "testdata/stale-standby-3m.yaml": 3 * time.Minute,
		} {
			It("is caught denying who had been approved up to "+lag.String()+" before", func(ctx SpecContext) {
				r := harness.Run(ctx, scenario)
				Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
				d := r.Metrics.Decisions
				Expect(d.Flips).NotTo(BeEmpty())
				Expect(d.Flips).To(ContainElement(HaveField("Again", Not(BeNil()))), "approved again")
				behind := lab(lag, r.Scenario.Timescale)
				Expect(d.Behind.Duration()).To(BeNumerically(">", behind/2))
				Expect(d.Behind.Duration()).To(BeNumerically("<", behind+time.Second))
			}, SpecTimeout(harness.DrillTimeout))
		}

		It("flips nobody without its defect", func(ctx SpecContext) {
			r := harness.Run(ctx, "testdata/stale-standby-pending.yaml")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
		}, SpecTimeout(harness.DrillTimeout))
	})

	When("the standby says what it does not know, and the event log is replayed", func() {
		It("flips nobody, and no decision is missing in the end", func(ctx SpecContext) {
			r := harness.Run(ctx, "kyc-replay")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(r.Metrics.Decisions.Flips).To(BeEmpty())
			Expect(r.Metrics.Decisions.Pending).To(BeNumerically(">", 0), "without it nothing was put to the test")
		}, SpecTimeout(harness.DrillTimeout))

		It("is caught when it denies after all", func(ctx SpecContext) {
			r := harness.Run(ctx, "testdata/replay-denied.yaml")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
		}, SpecTimeout(harness.DrillTimeout))
	})

	When("a write counts only once both regions have it", func() {
		It("loses nothing that was acknowledged", func(ctx SpecContext) {
			r := harness.Run(ctx, "kyc-zero-loss")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LoseNothing(), LeaveNothing()))
		}, SpecTimeout(harness.DrillTimeout))
	})
})
