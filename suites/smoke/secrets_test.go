package smoke_test

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/jackc/pgx/v5"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/suites/internal/harness"
)

// The evidence of every drill is looked through by the harness of the specs. This is about what nodes say when they are
// asked amiss, and when they can't reach each other: errors are where connection strings get printed.
var _ = Describe("The logs of a lab", func() {
	It("hold no secret, whatever went wrong", func(ctx SpecContext) {
		l := harness.Up(ctx, preset("two-regions"))

		By("asking each store amiss, with the right secret")
		amiss := map[topology.Service]func(ctx context.Context, tap string) error{
			topology.ServicePostgres: func(ctx context.Context, tap string) error {
				conn, err := pgx.Connect(ctx,
					"postgres://"+topology.DatabaseUser+":"+topology.Secret+"@"+tap+"/none?sslmode=disable")
				if err == nil {
					_ = conn.Close(ctx)
				}
				return err
			},
			topology.ServiceS3: func(ctx context.Context, tap string) error {
				none := "none"
				_, err := store.Objects(tap, east, nil).HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &none})
				return err
			},
			topology.ServiceDynamoDB: func(ctx context.Context, tap string) error {
				none := "none"
				_, err := store.Items(tap, east, nil).DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &none})
				return err
			},
		}
		for s, ask := range amiss {
			tap, err := l.Addresses().Tap(s.Host(east))
			Expect(err).NotTo(HaveOccurred())
			err = ask(ctx, tap)
			Expect(err).To(HaveOccurred(), string(s))
			Expect(err.Error()).NotTo(ContainSubstring(topology.Secret), string(s))
		}

		By("cutting the regions off from each other until the standby has noticed")
		guard := harness.Guard(l, &fault.Partition{Between: []string{east, west}})
		_, err := guard.Inject(ctx)
		Expect(err).NotTo(HaveOccurred())
		dir := GinkgoT().TempDir()
		logs := func(ctx context.Context) error {
			return l.WriteLogs(ctx, func(name string) (io.WriteCloser,
				error,
			) {
				return os.Create(filepath.Join(dir, name+".log"))
			})
		}
		Eventually(func(ctx context.Context) (string, error) {
			if err := logs(ctx); err != nil {
				return "", err
			}
			said, err := os.ReadFile(filepath.Join(dir, topology.ServicePostgres.Host(west)+".log"))
			return string(said), err
		}).WithContext(harness.Alive(ctx)).WithTimeout(harness.Patience).Should(
			ContainSubstring("could not connect to the primary server"))
		_, err = guard.Heal(ctx)
		Expect(err).NotTo(HaveOccurred())

		By("looking through what all nodes said")
		Expect(logs(ctx)).To(Succeed())
		said, err := os.ReadDir(dir)
		Expect(err).NotTo(HaveOccurred())
		Expect(len(said)).To(BeNumerically(">", 10), "a log of each node")
		Expect(harness.Holding(os.DirFS(dir), topology.Secret)).To(BeEmpty())

		By("finding the secret where it is, so that this can fail")
		Expect(os.WriteFile(filepath.Join(dir, "leak.log"), []byte(topology.Secret), 0o600)).To(Succeed())
		Expect(harness.Holding(os.DirFS(dir), topology.Secret)).To(ConsistOf("leak.log"))
	}, SpecTimeout(harness.LabTimeout))
})
