package smoke_test

import (
	"net"
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/plan"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/suites/internal/harness"
)

var _ = Describe("What runs in a lab", Ordered, ContinueOnFailure, func() {
	var l *lab.Lab
	var nodes map[string]lab.Confinement

	BeforeAll(func(ctx SpecContext) {
		l = harness.Up(ctx, preset("two-regions"))
		var err error
		nodes, err = l.Inspect().Confinement(ctx)
		Expect(err).NotTo(HaveOccurred())
		want := len(plan.Places(l.Topology())) + 1                                          // the hub
		if l.Server(topology.ServiceS3).Image == l.Server(topology.ServiceDynamoDB).Image { // one node is both
			want -= len(l.Topology().Regions)
		}
		Expect(nodes).To(HaveLen(want), "every node, and the hub")
	}, NodeTimeout(harness.LabTimeout))

	each := func(want func(c lab.Confinement, name string)) {
		GinkgoHelper()
		for name, c := range nodes {
			want(c, name)
		}
	}

	It("is not root", func() {
		each(func(c lab.Confinement, name string) {
			if exempt(l, name) {
				return
			}
			Expect(c.Users).NotTo(BeEmpty(), "%s runs nothing", name)
			Expect(c.Users).NotTo(ContainElement("0"), name)
		})
	})

	It("has no capability, and no way to get one", func() {
		each(func(c lab.Confinement, name string) {
			Expect(c.Privileged).To(BeFalse(), name)
			Expect(c.Capabilities).To(BeEmpty(), name)
			Expect(c.SecurityOpt).To(ConsistOf("no-new-privileges"), name)
		})
	})

	It("writes to its volumes and to memory of a limited size, and nowhere else", func() {
		each(func(c lab.Confinement, name string) {
			if exempt(l, name) {
				return
			}
			Expect(c.ReadOnly).To(BeTrue(), name)
			Expect(c.Scratch).To(HaveKey("/tmp"), name)
			for folder, options := range c.Scratch {
				Expect(options).To(MatchRegexp(`\bsize=\d+m\b`), "%s %s", name, folder)
				Expect(options).To(And(ContainSubstring("noexec"), ContainSubstring("nosuid"),
					ContainSubstring("nodev")), "%s %s", name, folder)
			}
		})
	})

	It("can't fill the machine with processes", func() {
		each(func(c lab.Confinement, name string) {
			Expect(c.MostProcesses).To(And(BeNumerically(">", 0), BeNumerically("<=", 1000)), name)
		})
	})

	It("sees nothing of the machine: no folder, no device, no socket of the engine", func() {
		each(func(c lab.Confinement, name string) { Expect(c.FromHost).To(BeEmpty(), name) })
	})

	It("publishes ports on loopback only, and only the hub and the name service publish any", func() {
		hub, nameservice := topology.ServiceHub.Host(topology.Global), topology.ServiceNameservice.Host(topology.Global)
		each(func(c lab.Confinement, name string) {
			if name != hub && name != nameservice {
				Expect(c.Published).To(BeEmpty(), name)
				return
			}
			Expect(c.Published).NotTo(BeEmpty(), name)
			for _, ip := range c.Published {
				Expect(ip.IsLoopback()).To(BeTrue(), "%s publishes on %s", name, ip)
			}
		})
	})

	DescribeTable("can't reach the hub's control API, which could heal the fault it is to suffer",
		func(ctx SpecContext, witness, place string, way topology.Path) {
			ask := func(s topology.Service, host string, port int) error {
				return harness.Node(l, witness).Trip(ctx, s, net.JoinHostPort(host, strconv.Itoa(port)))
			}
			By("reaching a link of the hub, so that the next steps can fail")
			for _, s := range plan.Paths(l.Topology()) {
				if s.From == way.From && s.To == way.To && s.Service == way.Service {
					way = s
				}
			}
			Expect(way.Port).NotTo(BeZero())
			Expect(ask(way.Service, "hub", way.Port)).To(Succeed())

			By("asking the hub by its name, by its address in the outer network, and by way of the engine's machine")
			Expect(ask(topology.ServiceHub, "hub", topology.PortToxiproxy)).NotTo(Succeed())
			outer, err := harness.Node(l, topology.ServiceHub.Host(topology.Global)).IP(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(ask(topology.ServiceHub, outer, topology.PortToxiproxy)).NotTo(Succeed())
			round, err := l.Inspect().ControlOverTheHost(ctx, place)
			Expect(err).NotTo(HaveOccurred())
			Expect(harness.Node(l, witness).Trip(ctx, topology.ServiceHub, round)).NotTo(Succeed())
		},
		Entry("from the home region", topology.ServiceReplicator.Host(east), east,
			topology.Path{From: east, To: west, Service: topology.ServiceS3}, SpecTimeout(harness.SpecTimeout)),
		Entry("from the standby", topology.ServiceReplicator.Host(west), west,
			topology.Path{From: west, To: east, Service: topology.ServiceS3}, SpecTimeout(harness.SpecTimeout)),
		Entry("from the outer network", topology.ServiceNameservice.Host(topology.Global), topology.Global,
			topology.Path{From: topology.Global, To: east, Service: topology.ServiceApp},
			SpecTimeout(harness.SpecTimeout)),
	)
})

// exempt says whether a node may be root and write where it likes: lab/needs.go says which, and why.
func exempt(l *lab.Lab, name string) bool {
	for _, s := range []topology.Service{topology.ServiceS3, topology.ServiceDynamoDB} {
		if l.Server(s).Needs.Root && (name == s.Host(east) || name == s.Host(west)) {
			return true
		}
	}
	return false
}
