package smoke_test

import (
	"net"
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/plan"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/suites/internal/harness"
)

const (
	east = "us-east-1"
	west = "us-west-2"
)

func preset(name string) topology.Topology {
	GinkgoHelper()
	t, ok := topology.Preset(name)
	Expect(ok).To(BeTrue(), "preset %s", name)
	return t
}

var _ = Describe("A lab of two regions", Ordered, func() {
	var l *lab.Lab

	BeforeAll(func(ctx SpecContext) { l = harness.Up(ctx, preset("two-regions")) }, NodeTimeout(harness.LabTimeout))

	postgres := func(region string) string { return topology.ServicePostgres.Host(region) }
	from := func(region string) string { return topology.ServiceReplicator.Host(region) }
	at := func(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

	DescribeTable("lets a region reach another through the hub only", func(ctx SpecContext, here, there string) {
		By("reaching the other region over a link, so that the next steps can fail")
		var way topology.Path
		for _, s := range plan.Paths(l.Topology()) {
			if s.From == here && s.To == there && s.Service == topology.ServicePostgres {
				way = s
			}
		}
		Expect(way.Port).NotTo(BeZero())
		Expect(harness.Node(l, from(here)).Trip(ctx, topology.ServicePostgres, at("hub", way.Port))).To(Succeed())

		By("failing to reach its nodes by name and by address")
		ip, err := harness.Node(l, postgres(there)).IP(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(harness.Node(l, from(there)).Trip(ctx, topology.ServicePostgres,
			at(ip, topology.PortPostgres))).To(Succeed(), "the address is right")
		Expect(harness.Node(l, from(here)).Trip(ctx, topology.ServicePostgres,
			at(ip, topology.PortPostgres))).NotTo(Succeed())
		Expect(harness.Node(l, from(here)).Trip(ctx, topology.ServicePostgres,
			at(postgres(there), topology.PortPostgres))).NotTo(Succeed())

		By("failing to reach the hub's links of others and its taps")
		for _, s := range plan.Paths(l.Topology()) {
			if s.From != here {
				Expect(harness.Node(l, from(here)).Trip(ctx, s.Service, at("hub", s.Port))).NotTo(Succeed(), s.Name)
			}
		}

		By("failing to reach what lies outside the lab")
		global, err := harness.Node(l, topology.ServiceNameservice.Host(topology.Global)).IP(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(harness.Node(l, from(here)).Trip(ctx, topology.ServiceNameservice,
			at(global, topology.PortAgent))).NotTo(Succeed())
	},
		Entry("from the home region", east, west, SpecTimeout(harness.SpecTimeout)),
		Entry("from the standby", west, east, SpecTimeout(harness.SpecTimeout)),
	)

	It("denies at once the name of a node that does not run", func(ctx SpecContext) {
		By("telling a node that asks for it")
		Expect(harness.Node(l, from(east)).Trip(ctx, topology.ServiceRedis, at("nobody."+east, topology.PortRedis))).To(
			MatchError(ContainSubstring(string(probe.Unreachable))), "and does not look for it until time runs out")

		By("telling the hub")
		redis := topology.ServiceRedis.Host(west)
		tap, err := l.Addresses().Tap(redis)
		Expect(err).NotTo(HaveOccurred())
		kill := harness.Guard(l, &fault.Kill{Nodes: fault.Nodes{Node: redis}})
		_, err = kill.Inject(ctx)
		Expect(err).NotTo(HaveOccurred())
		answer, err := new(probe.Lines).Ask(ctx, probe.Question{
			Way: probe.RoundTrip, Service: topology.ServiceRedis, Address: tap,
		})
		Expect(err).NotTo(HaveOccurred())
		Expect(answer.Symptom).To(BeElementOf(probe.Closed, probe.Reset), answer.Said)
		_, err = kill.Heal(ctx)
		Expect(err).NotTo(HaveOccurred())
	}, SpecTimeout(harness.SpecTimeout))

	It("keeps what PostgreSQL acknowledges, and notices when it would not", func(ctx SpecContext) {
		Expect(l.Observe().CheckDurability(ctx)).To(Succeed())

		tap, err := l.Addresses().Tap(postgres(east))
		Expect(err).NotTo(HaveOccurred())
		conn, err := store.Postgres(ctx, tap)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(conn.Close)
		set := func(ctx SpecContext, value string) {
			_, err := conn.Exec(ctx, "alter system set synchronous_standby_names = '"+value+"'")
			Expect(err).NotTo(HaveOccurred())
			_, err = conn.Exec(ctx, "select pg_reload_conf()")
			Expect(err).NotTo(HaveOccurred())
		}
		set(ctx, "nobody")
		DeferCleanup(set, "")
		Eventually(l.Observe().CheckDurability).WithContext(harness.Alive(ctx)).Should(
			MatchError(ContainSubstring("synchronous_standby_names")))
	}, SpecTimeout(harness.SpecTimeout))
})

var _ = Describe("A lab whose writes must reach both regions", func() {
	It("runs PostgreSQL with a synchronous standby", func(ctx SpecContext) {
		l := harness.Up(ctx, preset("two-regions-sync"))
		Eventually(l.Observe().CheckDurability).WithContext(harness.Alive(ctx)).WithTimeout(harness.Patience).Should(
			Succeed())
	}, SpecTimeout(harness.LabTimeout))
})
