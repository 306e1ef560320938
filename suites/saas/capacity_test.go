package saas_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/suites/internal/harness"
)

var _ = Describe("An app node whose work is declared", func() {
	It("saturates at workers over service time, alone and with others", func(ctx SpecContext) {
		t, _ := topology.Preset("two-regions")
		t.App = topology.Work{Workers: 2, ServiceTime: 200 * time.Millisecond, Queue: 6}
		t.Regions[1].AppNodes = 2
		l := harness.Up(ctx, t)
		for region, declared := range map[string]float64{"us-east-1": 10, "us-west-2": 20} {
			c, err := l.Capacity(ctx, region, nil)
			Expect(err).NotTo(HaveOccurred())
			Expect(c.Reached).To(BeTrue())
			Expect(c.Declared).To(Equal(declared))
			Expect(c.Knee).To(BeNumerically("~", declared, 0.1*declared), "%s: %+v", region, c.Steps)
		}
	}, SpecTimeout(harness.DrillTimeout))
})
