package saas_test

import (
	"context"
	"strings"

	"github.com/miekg/dns"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/suites/internal/harness"
)

const (
	east = "us-east-1"
	west = "us-west-2"
)

// answered is the region that one question to the lab's name service is answered with, asked for clients in a region,
// or for nobody's.
func answered(ctx context.Context, l *lab.Lab, clients string) string {
	GinkgoHelper()
	query := new(dns.Msg).SetQuestion(dns.Fqdn("_http._tcp."+topology.RecordName),
		dns.TypeSRV).SetEdns0(dns.DefaultMsgSize, false)
	if clients != "" {
		subnet := l.Topology().ClientSubnet(clients)
		opt := query.IsEdns0()
		opt.Option = append(opt.Option, &dns.EDNS0_SUBNET{
			Code: dns.EDNS0SUBNET, Family: 1, SourceNetmask: uint8(subnet.Bits()), Address: subnet.Addr().AsSlice(), //nolint:gosec // at most 32
		})
	}
	reply, _, err := (&dns.Client{Net: "udp"}).ExchangeContext(ctx, query, l.Addresses().Resolver())
	Expect(err).NotTo(HaveOccurred())
	Expect(reply.Answer).To(HaveLen(1))
	region, _, _ := strings.Cut(reply.Answer[0].(*dns.SRV).Target, ".")
	return region
}

var _ = Describe("The name service of a lab", func() {
	It("sends clients by weight, shifts them, and sends all to the region that took over", func(ctx SpecContext) {
		t, _ := topology.Preset("two-regions")
		t = t.Scaled(60) // a health check every half second
		t.Routing.Policy, t.Regions[0].Weight, t.Regions[1].Weight = topology.Weighted, 90, 10
		l := harness.Up(ctx, t)
		Eventually(l.Observe().CheckRouting).WithContext(harness.Alive(ctx)).WithTimeout(harness.WellWithin(l)).Should(
			Succeed())
		share := func(ctx context.Context) float64 {
			there := 0
			for range 500 {
				if answered(ctx, l, "") == west {
					there++
				}
			}
			return float64(there) / 500
		}
		Expect(share(ctx)).To(BeNumerically("~", 0.1, 0.08), "six standard deviations of 500 draws at 10 %")
		_, err := l.SetWeights(ctx, map[string]int{east: 50, west: 50})
		Expect(err).NotTo(HaveOccurred())
		Expect(share(ctx)).To(BeNumerically("~", 0.5, 0.14))

		guard := harness.Guard(l, &fault.LoseRegion{Region: east})
		Expect(guard.Inject(ctx)).Error().NotTo(HaveOccurred())
		Eventually(l.Observe().Routing).WithContext(harness.Alive(ctx)).WithTimeout(harness.Patience).Should(
			HaveField("Primary", west))
		Expect(share(ctx)).To(Equal(1.0))
	}, SpecTimeout(harness.SpecTimeout))

	It("sends clients to the region they are in, and those of a lost one to the primary", func(ctx SpecContext) {
		t, _ := topology.Preset("two-regions")
		t = t.Scaled(60)
		t.Routing.Policy = topology.Geolocation
		l := harness.Up(ctx, t)
		Eventually(l.Observe().CheckRouting).WithContext(harness.Alive(ctx)).WithTimeout(harness.WellWithin(l)).Should(
			Succeed())
		for clients, want := range map[string]string{east: east, west: west, "": east} {
			Expect(answered(ctx, l, clients)).To(Equal(want), "clients in %q", clients)
		}
		guard := harness.Guard(l, &fault.LoseRegion{Region: west})
		Expect(guard.Inject(ctx)).Error().NotTo(HaveOccurred())
		Eventually(func() string { return answered(ctx, l, west) }).WithTimeout(harness.Patience).Should(Equal(east))
	}, SpecTimeout(harness.SpecTimeout))
})
