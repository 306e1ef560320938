package ownapp_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/measure"
	"github.com/regionfall/regionfall/suites/internal/harness"
	. "github.com/regionfall/regionfall/suites/matchers"
)

var _ = Describe("A ledger that is known by its app file, when its region is lost", func() {
	When("a payment counts once both regions have it", func() {
		It("goes on in the standby with every payment that it has acknowledged, once", func(ctx SpecContext) {
			r := harness.Run(ctx, "testdata/ledger-sync.yaml")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LoseNothing(), LeaveNothing()))
			Expect(r.Verdict).To(Equal(measure.Pass))
		}, SpecTimeout(harness.DrillTimeout))
	})

	When("a payment counts before anybody has written it down", func() {
		It("is caught, though both regions have all that is written", func(ctx SpecContext) {
			r := harness.Run(ctx, "testdata/ledger-queued.yaml")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(r.Verdict).To(Equal(measure.Fail))
			Expect(r).NotTo(LoseNothing())
		}, SpecTimeout(harness.DrillTimeout))
	})

	When("a payment counts once its own region has it", func() {
		It("loses what has not reached the other region, and counts it", func(ctx SpecContext) {
			r := harness.Run(ctx, "testdata/ledger-async.yaml")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(r.Verdict).To(Equal(measure.Pass))
			Expect(r).To(LoseAtMost(lab(15*time.Minute, r.Scenario.Timescale)))
			Expect(r).NotTo(LoseNothing())
		}, SpecTimeout(harness.DrillTimeout))

		It("is caught when it promises to lose nothing", func(ctx SpecContext) {
			r := harness.Run(ctx, "testdata/ledger-async-held-to-none.yaml")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(r.Verdict).To(Equal(measure.Fail))
			Expect(r).NotTo(LoseNothing())
		}, SpecTimeout(harness.DrillTimeout))
	})
})

var _ = Describe("A ledger that acknowledges what its worker has settled, when its region is lost", func() {
	It("goes on with the worker of the other region, which starts again with its own database", func(ctx SpecContext) {
		r := harness.Run(ctx, "testdata/ledger-worker.yaml")
		Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LoseNothing(), LeaveNothing()))
		Expect(r.Verdict).To(Equal(measure.Pass))
	}, SpecTimeout(harness.DrillTimeout))

	It("does not come back when that worker is dead", func(ctx SpecContext) {
		r := harness.Run(ctx, "testdata/ledger-worker-killed.yaml")
		Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
		Expect(r.Verdict).To(Equal(measure.Fail))
	}, SpecTimeout(harness.DrillTimeout))
})

var _ = Describe("A ledger that nobody leads to another database, when its region is lost", func() {
	It("finds the new primary by itself when it knows the databases of both regions", func(ctx SpecContext) {
		r := harness.Run(ctx, "testdata/ledger-hosts.yaml")
		Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LoseNothing(), LeaveNothing()))
		Expect(r.Verdict).To(Equal(measure.Pass))
		Expect(r.Metrics.Reconnected).To(BeNil(), "it has no endpoint")
	}, SpecTimeout(harness.DrillTimeout))

	It("finds it from a third region too", func(ctx SpecContext) {
		r := harness.Run(ctx, "testdata/ledger-hosts-three-regions.yaml")
		Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
		Expect(r.Verdict).To(Equal(measure.Pass))
	}, SpecTimeout(harness.DrillTimeout))

	It("does not come back when it knows one", func(ctx SpecContext) {
		r := harness.Run(ctx, "testdata/ledger-one-host.yaml")
		Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
		Expect(r.Verdict).To(Equal(measure.Fail))
	}, SpecTimeout(harness.DrillTimeout))
})

var _ = Describe("A ledger whose addresses never change", func() {
	It("is measured to connect again in the region that is left", func(ctx SpecContext) {
		r := harness.Run(ctx, "testdata/ledger-endpoint.yaml")
		Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LoseNothing(), LeaveNothing()))
		expectReconnected(r, "app-1.us-west-2")
	}, SpecTimeout(harness.DrillTimeout))

	It("is measured to connect again in both, when they change roles and back", func(ctx SpecContext) {
		r := harness.Run(ctx, "testdata/ledger-endpoint-switchover.yaml")
		Expect(r).To(And(MeetItsExpectation(), LoseNothing(), LeaveNothing()))
		expectReconnected(r, "app-1.us-east-1", "app-1.us-west-2")
	}, SpecTimeout(harness.DrillTimeout))
})

// expectReconnected expects these nodes, and no others, to have had their addresses turned, and to have been connected
// again.
func expectReconnected(r evidence.Result, nodes ...string) {
	GinkgoHelper()
	again := r.Metrics.Reconnected
	Expect(again).NotTo(BeNil())
	Expect(again.Censored).To(BeFalse(), "%+v", again)
	var names []string
	for _, n := range again.Nodes {
		names = append(names, n.Node)
	}
	Expect(names).To(Equal(nodes))
}

var _ = Describe("Clients who speak to a store themselves, when its region is lost", func() {
	It("lose nothing that PostgreSQL acknowledged once both regions had it", func(ctx SpecContext) {
		r := harness.Run(ctx, "testdata/payments-sql.yaml")
		Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LoseNothing(), LeaveNothing()))
	}, SpecTimeout(harness.DrillTimeout))

	It("have what they lost in Redis counted", func(ctx SpecContext) {
		r := harness.Run(ctx, "testdata/jobs-redis.yaml")
		Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
		Expect(r).To(LoseAtMost(lab(15*time.Minute, r.Scenario.Timescale)))
	}, SpecTimeout(harness.DrillTimeout))
})

var _ = Describe("An app that is built by a Dockerfile, when its region is lost", func() {
	It("is held to the recovery point of its one store", func(ctx SpecContext) {
		r := harness.Run(ctx, "testdata/jobs-dockerfile.yaml")
		Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
		Expect(r).To(LoseAtMost(lab(15*time.Minute, r.Scenario.Timescale)))
	}, SpecTimeout(harness.DrillTimeout))
})

// lab is a real duration in lab time.
func lab(real time.Duration, timescale float64) time.Duration {
	return time.Duration(float64(real) / timescale)
}
