package saas_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/suites/internal/harness"
)

var _ = Describe("App nodes whose work is declared", func() {
	It("saturate at workers over service time: one before a failover, and with it the one that the failover starts",
		func(ctx SpecContext) {
			t, _ := topology.Preset("two-regions")
			t = t.Scaled(60) // a health check every half second
			t.App = topology.Work{Workers: 2, ServiceTime: 200 * time.Millisecond, Queue: 6}
			t.Regions[1].AppNodes, t.Regions[1].AtStart = 2, 1
			l := harness.Up(ctx, t)
			knee := func(cold bool, want float64) {
				GinkgoHelper()
				c, err := l.Capacity(ctx, lab.CapacityOptions{Region: west, Cold: cold})
				Expect(err).NotTo(HaveOccurred())
				Expect(c.Reached).To(BeTrue())
				Expect(c.Declared).To(Equal(10.0), "of the nodes at the start")
				Expect(c.Knee).To(BeNumerically("~", want, 0.05*want), "%+v", c.Steps)
			}
			knee(false, 10)
			knee(true, 10)

			guard := harness.Guard(l, &fault.LoseRegion{Region: east})
			Expect(guard.Inject(ctx)).Error().NotTo(HaveOccurred())
			Eventually(l.Observe().Routing).WithContext(harness.Alive(ctx)).WithTimeout(harness.Patience).Should(
				HaveField("Primary", west))
			knee(false, 20)
		}, SpecTimeout(harness.DrillTimeout))
})
