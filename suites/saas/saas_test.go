package saas_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/suites/internal/harness"
	. "github.com/regionfall/regionfall/suites/matchers"
)

// rto is what the contract promises, in real time.
const rto = 30 * time.Minute

var _ = Describe("A SaaS platform that loses eu-west-1 at full demand", func() {
	When("its standby has half of the app nodes", func() {
		It("answers somebody within seconds, and is never back at its capacity", func(ctx SpecContext) {
			r := harness.Run(ctx, "saas-standby-overload")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(r.Metrics.RecoveryTime.FirstSuccess.Duration()).To(BeNumerically("<", 10*time.Second),
				"what a naive measure says")
			Expect(r.Metrics.RecoveryTime.Censored).To(BeTrue())
			Expect(*r.Metrics.Capacity.ShareHi).To(BeNumerically("<", 0.9))
			Expect(*r.Metrics.Capacity.AmplificationAfter).To(BeNumerically(">", 1.2), "clients who try again")
		}, SpecTimeout(harness.DrillTimeout))
	})

	When("its standby has as many app nodes as home", func() {
		It("is back within half an hour: what failed was the size of the standby, and nothing else",
			func(ctx SpecContext) {
				r := harness.Run(ctx, "testdata/standby-as-large-as-home.yaml")
				Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			}, SpecTimeout(harness.DrillTimeout))
	})

	When("the failover starts the missing app nodes before it sends anybody there", func() {
		It("is back within half an hour at its full capacity", func(ctx SpecContext) {
			r := harness.Run(ctx, "saas-prescaled")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(r).To(Recover(time.Duration(float64(rto) / r.Scenario.Timescale)))
			Expect(*r.Metrics.Capacity.ShareLo).To(BeNumerically(">=", 0.95))
		}, SpecTimeout(harness.DrillTimeout))
	})

	When("it shifts everybody to a standby that can't carry them", func() {
		It("takes back those that can't be served, and is never back", func(ctx SpecContext) {
			r := harness.Run(ctx, "testdata/shift-to-a-small-standby.yaml")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			at := time.Duration(0)
			for _, phase := range r.Metrics.RecoveryTime.Phases {
				if at += phase.Took.Duration(); phase.Name == "redirected" {
					Expect(at).To(BeNumerically(">", 10*time.Second),
						"all clients are sent there only when they have gone")
				}
			}
			Expect(*r.Metrics.Capacity.ShareLo).To(BeNumerically(">", 0.15),
				"more than the tenth that is always sent there is served")
		}, SpecTimeout(harness.DrillTimeout))
	})

	When("a quarter of its clients ignores the TTL", func() {
		It("is back when the last of them has looked the name up again, minutes after the others",
			func(ctx SpecContext) {
				r := harness.Run(ctx, "testdata/stale-resolvers.yaml")
				Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
				moved := r.Metrics.Clients
				Expect(moved.Count).To(Equal(16))
				Expect(moved.Moved).To(Equal(16))
				Expect(moved.Lo.Duration()).To(BeNumerically(">", 2*time.Second),
					"with the TTL alone they would be there within a second")
				Expect(moved.Hi.Duration()).To(BeNumerically("<=", 12500*time.Millisecond),
					"that long they keep an answer")
				Expect(r.Metrics.RecoveryTime.Hi.Duration()).To(BeNumerically(">=",
					moved.Lo.Duration()-500*time.Millisecond), "who is sent to a dead region is not served")
			}, SpecTimeout(harness.DrillTimeout))
	})
})
