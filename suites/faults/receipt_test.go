package faults_test

import (
	"context"
	"errors"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/suites/internal/harness"
)

// says asks a database for one text.
func says(ctx context.Context, l *lab.Lab, region, question string) (answer string, err error) {
	tap, err := l.Addresses().Tap(topology.ServicePostgres.Host(region))
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := store.Postgres(ctx, tap)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	return answer, conn.QueryRow(ctx, question).Scan(&answer)
}

// position is how far a database has got: written, received or replayed.
func position(ctx context.Context, l *lab.Lab, region, function string) string {
	GinkgoHelper()
	at, err := says(ctx, l, region, "select coalesce("+function+"()::text, 'nothing')")
	Expect(err).NotTo(HaveOccurred())
	return at
}

var _ = Describe("A replica whose receiver stalls", Ordered, func() {
	var l *lab.Lab
	stalled := &fault.PauseReplication{Replicated: fault.Replicated{Store: "postgres", Region: west}, What: "receipt"}

	BeforeAll(func(ctx SpecContext) { l = harness.Up(ctx, hurried()) }, NodeTimeout(harness.LabTimeout))

	slot := func(ctx context.Context) (string, error) {
		return says(ctx, l, east,
			"select case when active then 'drained' else 'kept' end from pg_replication_slots where slot_name = '"+l.Topology().Slot(west)+"'")
	}
	receives := func(ctx context.Context) (string, error) {
		return says(ctx, l, west, "select coalesce((select status from pg_stat_wal_receiver), 'nothing')")
	}

	It("gets nothing, while its primary keeps all for it, and catches up when it is healed", func(ctx SpecContext) {
		g := broken(ctx, l, stalled)
		before := position(ctx, l, west, "pg_last_wal_receive_lsn")
		Expect(says(ctx, l, east,
			"select pg_logical_emit_message(false, 'suite', repeat('x', 100000), true)::text")).Error().NotTo(
			HaveOccurred())
		written := position(ctx, l, east, "pg_current_wal_lsn")
		Consistently(position).WithContext(ctx).WithArguments(l, west,
			"pg_last_wal_receive_lsn").WithTimeout(2 * time.Second).Should(Equal(before))
		Expect(slot(ctx)).To(Equal("kept"))
		heal(ctx, g)
		Eventually(says).WithContext(harness.Alive(ctx)).WithArguments(l, west,
			"select (pg_last_wal_replay_lsn() >= '"+written+"')::text").
			WithTimeout(harness.Patience).Should(Equal("true"))
		Eventually(slot).WithContext(harness.Alive(ctx)).WithTimeout(harness.Patience).Should(Equal("drained"))
	}, SpecTimeout(harness.SpecTimeout))

	It("is stalled still when it was killed and started again, and receives when it is healed", func(ctx SpecContext) {
		g := broken(ctx, l, stalled)
		kill := broken(ctx, l, &fault.Kill{Nodes: fault.Nodes{Node: topology.ServicePostgres.Host(west)}})
		heal(ctx, kill)
		Eventually(receives).WithContext(harness.Alive(ctx)).WithTimeout(harness.Patience).Should(Equal("nothing"))
		heal(ctx, g)
		Eventually(receives).WithContext(harness.Alive(ctx)).WithTimeout(harness.Patience).Should(Equal("streaming"))
	}, SpecTimeout(harness.SpecTimeout))

	It("receives also when it was healed while it was down", func(ctx SpecContext) {
		g := broken(ctx, l, stalled)
		kill := broken(ctx, l, &fault.Kill{Nodes: fault.Nodes{Node: topology.ServicePostgres.Host(west)}})
		heal(ctx, g)
		heal(ctx, kill)
		Eventually(receives).WithContext(harness.Alive(ctx)).WithTimeout(harness.Patience).Should(Equal("streaming"))
	}, SpecTimeout(harness.SpecTimeout))

	It("is promoted all the same, and healed afterwards", func(ctx SpecContext) {
		g := broken(ctx, l, stalled)
		Expect(l.Failover(ctx, west, func(s string) { GinkgoWriter.Println(s) })).To(Succeed())
		Expect(says(ctx, l, west, "select pg_is_in_recovery()::text")).To(Equal("false"))
		heal(ctx, g)
		Expect(says(ctx, l, west,
			"select current_setting('primary_conninfo')")).NotTo(ContainSubstring("sslmode=require"))
	}, SpecTimeout(harness.LabTimeout))
})
