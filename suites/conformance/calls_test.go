package conformance_test

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/image"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/suites/internal/calls"
	"github.com/regionfall/regionfall/suites/internal/harness"
)

const (
	east = "us-east-1"
	west = "us-west-2"
)

// can is what the S3 at hand can do: which rows are about it.
var can image.Abilities

var _ = Describe("The S3 of a region", Ordered, ContinueOnFailure, func() {
	var store calls.Store

	BeforeAll(func(ctx SpecContext) {
		two, ok := topology.Preset("two-regions")
		Expect(ok).To(BeTrue())
		l := harness.Up(ctx, two)
		store = storeOf(l, west)
		home := storeOf(l, east)
		store.Beside = &home
	}, NodeTimeout(harness.LabTimeout))

	for _, row := range calls.Table() {
		if !row.AppliesTo(can) {
			continue
		}
		It(row.Call+" "+row.Promise, func(ctx SpecContext) {
			Expect(row.Check(ctx, store)).To(Succeed())

			By("not believing a store that lies about it")
			Expect(row.CheckLied(ctx, store)).NotTo(Succeed())
		}, SpecTimeout(harness.SpecTimeout))
	}
})

// storeOf is the S3 of a region as it is reached from outside, past all faults.
func storeOf(l *lab.Lab, region string) calls.Store {
	GinkgoHelper()
	e, err := l.Addresses().Endpoints(region)
	Expect(err).NotTo(HaveOccurred())
	node := harness.Node(l, topology.ServiceS3.Host(region))
	return calls.Store{
		Region: region, Address: e.S3,
		Restart: func(ctx context.Context) error {
			if err := node.Crash(ctx); err != nil {
				return err
			}
			if err := node.Revive(ctx); err != nil {
				return err
			}
			Eventually(func(ctx context.Context) error {
				_, err := store.Objects(e.S3, region, nil).ListBuckets(ctx, &s3.ListBucketsInput{})
				return err
			}).WithContext(ctx).WithTimeout(harness.Patience).Should(Succeed())
			return nil
		},
	}
}
