package faults_test

import (
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/suites/internal/harness"
)

var _ = Describe("A lab of two regions", Ordered, ContinueOnFailure, func() {
	var l *lab.Lab

	BeforeAll(func(ctx SpecContext) {
		l = harness.Up(ctx, preset("two-regions"))
	}, NodeTimeout(harness.LabTimeout))

	It("has every fault of the catalogue proven here or in a lab of its own", func() {
		kinds := slices.Clone(elsewhere)
		for _, c := range table {
			kinds = append(kinds, c.spec.Kind())
		}
		for _, e := range fault.Catalogue() {
			Expect(kinds).To(ContainElement(e.Kind))
		}
	})

	for _, c := range table {
		Context(c.name, func() {
			It("is injected, seen, felt by a client, healed and seen healed", func(ctx SpecContext) {
				Eventually(c.well).WithContext(harness.Alive(ctx)).WithArguments(l).WithTimeout(
					harness.Patience).Should(Succeed(), "before")
				if c.spec.Kind() == "restart" && !keeps(l, c.dies) {
					Expect(l.Guard(c.spec,
						func() time.Duration { return 0 })).Error().To(
						MatchError(ContainSubstring("would lose it: use pause")))
					return
				}
				guard := harness.Guard(l, c.spec)
				seen, err := guard.Inject(ctx)
				Expect(err).NotTo(HaveOccurred())
				Expect(guard.State()).To(Equal(fault.Effective))
				Expect(seen.Window.Lo).To(BeNumerically("<=", seen.Window.Hi))
				Expect(seen.Window.Hi).To(BeNumerically(">=", seen.Command))
				Expect(c.felt(ctx, l)).To(Succeed(), "what a client sees")
				GinkgoWriter.Printf("in force after %s: %s\n", seen.Window.Hi-seen.Command, seen.By)

				healed, err := guard.Heal(ctx)
				Expect(err).NotTo(HaveOccurred())
				Expect(healed.Hi).To(BeNumerically(">", seen.Window.Hi))
				Expect(guard.State()).To(Equal(fault.Healed))
				Eventually(c.well).WithContext(harness.Alive(ctx)).WithArguments(l).WithTimeout(
					harness.Patience).Should(Succeed(), "after")
				Expect(guard.Heal(ctx)).Error().NotTo(HaveOccurred(), "twice")
				Expect(l.Faults().List()).To(BeEmpty())
			}, SpecTimeout(harness.SpecTimeout))

			if c.dies == "" {
				return // its store would be gone with it
			}
			It("is healed also when its node has died meanwhile", func(ctx SpecContext) {
				if !keeps(l, c.dies) { // then nobody may kill it: no cloud's store is emptied by that
					kill := &fault.Kill{Nodes: fault.Nodes{Node: c.dies}}
					Expect(l.Guard(kill,
						func() time.Duration { return 0 })).Error().To(
						MatchError(ContainSubstring("would lose it: use pause")))
					return
				}
				guard := harness.Guard(l, c.spec)
				Expect(guard.Inject(ctx)).Error().NotTo(HaveOccurred())
				Expect(harness.Node(l, c.dies).Crash(ctx)).To(Succeed())
				DeferCleanup(func(ctx SpecContext) {
					Expect(harness.Node(l, c.dies).Revive(ctx)).To(Succeed())
					Eventually(c.well).WithContext(harness.Alive(ctx)).WithArguments(l).WithTimeout(
						harness.Patience).Should(Succeed(), "after")
				}, NodeTimeout(harness.SpecTimeout))
				Expect(guard.Heal(ctx)).Error().NotTo(HaveOccurred())
				Expect(l.Faults().List()).To(BeEmpty())
			}, SpecTimeout(harness.SpecTimeout))
		})
	}

	It("is at last what it was at first", func(ctx SpecContext) {
		Eventually(l.Observe().CheckDurability).WithContext(harness.Alive(ctx)).WithTimeout(harness.Patience).Should(
			Succeed())
		Eventually(l.Observe().CheckRouting).WithContext(harness.Alive(ctx)).WithTimeout(harness.WellWithin(l)).Should(
			Succeed())
		for _, k := range l.Status(ctx).Links {
			Expect(k.State).To(Equal("open"), k.Name)
		}
	}, SpecTimeout(harness.SpecTimeout))
})

// keeps says whether a node still has what it stored after a kill. All have but those of AWS, which can tell.
func keeps(l *lab.Lab, node string) bool {
	service, _, _ := strings.Cut(node, ".")
	server := l.Server(topology.Service(service))
	return server.Image == "" || server.Can.Durable
}

func preset(name string) topology.Topology {
	t, ok := topology.Preset(name)
	if !ok {
		panic("there is no preset " + name)
	}
	return t
}
