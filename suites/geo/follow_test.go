package geo_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/suites/internal/harness"
)

const (
	receives = `select coalesce(max(status || ' ' || received_tli), 'nothing') from pg_stat_wal_receiver`
	started  = `select pg_postmaster_start_time()::text`
)

var _ = Describe("The third region of a lab", func() {
	It("follows the one that took over, from where it was", func(ctx SpecContext) {
		t, _ := topology.Preset("three-regions")
		l := harness.Up(ctx, t.Scaled(60))
		before, err := harness.Ask(ctx, l, asia, started)
		Expect(err).NotTo(HaveOccurred())
		lost := harness.Guard(l, &fault.LoseRegion{Region: us})
		Expect(lost.Inject(ctx)).Error().NotTo(HaveOccurred())

		Eventually(harness.Ask).WithContext(harness.Alive(ctx)).WithArguments(l, asia,
			receives).WithTimeout(harness.Patience).Should(Equal("streaming 2"))
		Expect(harness.Ask(ctx, l, eu,
			`select pg_logical_emit_message(true, 'regionfall', 'x')::text`)).Error().NotTo(HaveOccurred())
		Eventually(l.Observe().CaughtUp).WithContext(harness.Alive(ctx)).WithArguments(asia).WithTimeout(
			harness.Patience).Should(Succeed())
		Expect(harness.Ask(ctx, l, asia, started)).To(Equal(before),
			"it was not even started again, so no base backup was taken")
	}, SpecTimeout(harness.SpecTimeout))

	It("gives the one that takes over what only it has, and can follow then", func(ctx SpecContext) {
		t, _ := topology.Preset("three-regions")
		l := harness.Up(ctx, t.Scaled(60))
		behind := harness.Guard(l, &fault.Partition{Links: fault.Links{From: eu, To: us, Service: "postgres"}})
		Expect(behind.Inject(ctx)).Error().NotTo(HaveOccurred())
		const rows = `with written as (select pg_logical_emit_message(true, 'regionfall', repeat('x', 1000)) from generate_series(1, 100))
			select count(*)::text from written`
		Expect(harness.Ask(ctx, l, us, rows)).To(Equal("100"))
		Eventually(l.Observe().CaughtUp).WithContext(harness.Alive(ctx)).WithArguments(asia).WithTimeout(
			harness.Patience).Should(Succeed())
		const has = `select pg_last_wal_receive_lsn()::text`
		most, err := harness.Ask(ctx, l, asia, has)
		Expect(err).NotTo(HaveOccurred())
		Expect(harness.Ask(ctx, l, eu, has)).NotTo(Equal(most))

		lost := harness.Guard(l, &fault.LoseRegion{Region: us})
		Expect(lost.Inject(ctx)).Error().NotTo(HaveOccurred())
		Eventually(harness.Ask).WithContext(harness.Alive(ctx)).WithArguments(l, asia,
			receives).WithTimeout(harness.Patience).Should(Equal("streaming 2"))
		Expect(harness.Ask(ctx, l, eu,
			`select (pg_current_wal_flush_lsn() >= '`+most+`'::pg_lsn)::text`)).To(Equal("true"))
	}, SpecTimeout(harness.SpecTimeout))

	It("is brought along later when it can't be reached", func(ctx SpecContext) {
		t, _ := topology.Preset("three-regions")
		l := harness.Up(ctx, t.Scaled(60))
		cut := harness.Guard(l, &fault.Partition{Between: []string{eu, asia}})
		Expect(cut.Inject(ctx)).Error().NotTo(HaveOccurred())
		// Home is lost, and not only fenced: one that lives goes on writing a little to its log, which whoever still
		// streams from it gets.
		lost := harness.Guard(l, &fault.LoseRegion{Region: us})
		Expect(lost.Inject(ctx)).Error().NotTo(HaveOccurred())
		Eventually(l.Observe().Routing).WithContext(harness.Alive(ctx)).WithTimeout(harness.Patience).Should(
			HaveField("Primary", eu), "who follows keeps nobody waiting")
		Expect(harness.Ask(ctx, l, asia, receives)).NotTo(Equal("streaming 2"))

		Expect(cut.Heal(ctx)).Error().NotTo(HaveOccurred())
		Eventually(harness.Ask).WithContext(harness.Alive(ctx)).WithArguments(l, asia,
			receives).WithTimeout(harness.Patience).Should(Equal("streaming 2"))
	}, SpecTimeout(harness.SpecTimeout))
})
