package ownapp_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/image"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
)

const (
	east = "us-east-1"
	west = "us-west-2"

	labTimeout     = 5 * time.Minute
	specTimeout    = 10 * time.Minute
	redirectWithin = time.Minute
)

// ledger is the app of fixtures/ledger: another port than the sample app's, other paths, and a document it reads
// itself.
func ledger(ctx context.Context) lab.App {
	GinkgoHelper()
	made, err := image.BuildProgram(ctx, "github.com/regionfall/regionfall/docker/ledger", nil)
	Expect(err).NotTo(HaveOccurred())
	return lab.App{
		Image: made.Name, Port: 9000, Health: "/up", Ready: "/open",
		Env: map[string]string{
			"PORT": "9000", "PGUSER": "{{.User}}", "PGPASSWORD": "{{.Secret}}",
			"PGDATABASE": "{{.Database}}",
		},
	}
}

var _ = Describe("A ledger whose payments must reach both regions", func() {
	It("goes on in the standby when its region is lost, with every payment it has acknowledged, once",
		func(ctx SpecContext) {
			By("bringing it up in two regions")
			images, err := image.Ensure(ctx, image.Options{AWS: topology.AWS(os.Getenv("REGIONFALL_AWS"))})
			Expect(err).NotTo(HaveOccurred())
			t, _ := topology.Preset("two-regions-sync")
			l, err := lab.Up(ctx, lab.Options{Topology: t.Scaled(120), Images: images, App: ledger(ctx)})
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(func(ctx SpecContext) {
				if CurrentSpecReport().Failed() {
					for _, name := range []string{"automation." + west, "app-1." + west} {
						node, err := l.Node(name)
						Expect(err).NotTo(HaveOccurred())
						// It is told with the failure, or not at all.
						_ = node.Log(ctx, GinkgoWriter, lab.LogOptions{Tail: 40})
					}
				}
				left, err := l.Down(ctx)
				Expect(err).NotTo(HaveOccurred())
				Expect(left).To(BeZero(), "containers, networks and volumes left of the lab")
			}, NodeTimeout(labTimeout))

			alive, let := l.Alive(ctx) // should a program of the lab's own die, nobody waits in vain
			DeferCleanup(let)

			By("paying, until all payments are taken at home")
			c := newClients(l.Addresses().Resolver())
			paying, stop := context.WithCancel(ctx)
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				c.pay(paying)
			}()
			DeferCleanup(func() {
				stop()
				<-ended
			})
			Eventually(c.steady).WithContext(alive).WithArguments(east).WithTimeout(redirectWithin).Should(BeTrue())

			By("losing the region")
			guard, err := l.Guard(&fault.LoseRegion{Region: east}, c.now)
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(func(ctx SpecContext) { Expect(guard.Heal(ctx)).Error().NotTo(HaveOccurred()) },
				NodeTimeout(labTimeout))
			lost, err := guard.Inject(ctx)
			Expect(err).NotTo(HaveOccurred())

			By("waiting until the automation has sent the clients to the standby, and all payments are taken there")
			Eventually(l.Observe().Routing).WithContext(alive).WithTimeout(redirectWithin).Should(HaveField("Primary",
				west))
			Eventually(c.steady).WithContext(alive).WithArguments(west).WithTimeout(redirectWithin).Should(BeTrue())

			By("repeating what nobody heard the end of, as clients do")
			stop()
			<-ended
			for _, key := range c.unheard {
				Expect(c.once(ctx, key, true)).To(Succeed(), key)
			}
			before, after := c.by(east, 0), c.by(west, lost.Window.Hi)
			AddReportEntry("measured", ReportEntryVisibilityAlways,
				fmt.Sprintf("%d payments taken in %s; the first in %s %s after the loss, and %d more; %d not heard of "+
					"and repeated",
					len(before), east, west, (after[0].at-lost.Window.Lo).Round(time.Millisecond), len(after)-1,
					len(c.unheard)))

			By("finding every payment in the standby's database, once")
			there, err := l.Addresses().Endpoints(west)
			Expect(err).NotTo(HaveOccurred())
			conn, err := store.Postgres(ctx, there.Postgres)
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(conn.Close)
			Expect(audit(c.taken, rows(ctx, conn))).To(BeEmpty())

			By("noticing one that is gone and one that is there twice, or the above would mean nothing")
			_, err = conn.Exec(ctx, `delete from payments where key = $1`, before[0].key)
			Expect(err).NotTo(HaveOccurred())
			_, err = conn.Exec(ctx, `alter table payments drop constraint one_payment_per_key`)
			Expect(err).NotTo(HaveOccurred())
			_, err = conn.Exec(ctx,
				`insert into payments (key, account, amount, region) select key, account, amount, region from payments where key = $1`, before[1].key)
			Expect(err).NotTo(HaveOccurred())
			Expect(audit(c.taken,
				rows(ctx, conn))).To(ContainElements(before[0].key+" was acknowledged and is not there",
				before[1].key+" is there 2 times"))

			By("healing")
			Expect(guard.Heal(ctx)).Error().NotTo(HaveOccurred())
			Expect(l.Faults().List()).To(BeEmpty())
		}, SpecTimeout(specTimeout))
})

// rows counts the payments of each key.
func rows(ctx context.Context, conn *pgx.Conn) map[string]int {
	GinkgoHelper()
	found, err := conn.Query(ctx, `select key from payments`)
	Expect(err).NotTo(HaveOccurred())
	keys, err := pgx.CollectRows(found, pgx.RowTo[string])
	Expect(err).NotTo(HaveOccurred())
	n := map[string]int{}
	for _, key := range keys {
		n[key]++
	}
	return n
}
