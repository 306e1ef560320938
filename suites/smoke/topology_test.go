package smoke_test

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/suites/internal/harness"
)

const (
	europe = "eu-west-1"
	asia   = "ap-southeast-1"
)

// followers are the databases that stream from a region's now over a slot, by the names they give themselves.
func followers(ctx context.Context, l *lab.Lab, region string) (names []string, err error) {
	const streaming = `select coalesce(array_agg(application_name order by application_name), '{}')
		from pg_stat_replication join pg_replication_slots on active_pid = pid where state = 'streaming'`
	err = harness.InPostgres(ctx, l, region, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx,
			streaming).Scan(&names)
	})
	return names, err
}

func writeNote(ctx context.Context, l *lab.Lab, region, text string) error {
	return harness.InPostgres(ctx, l, region, func(conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, `create table if not exists notes (text text)`); err != nil {
			return err
		}
		_, err := conn.Exec(ctx, `insert into notes values ($1)`, text)
		return err
	})
}

func readNotes(ctx context.Context, l *lab.Lab, region string) (texts []string, err error) {
	err = harness.InPostgres(ctx, l, region, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `select array_agg(text) from notes`).Scan(&texts)
	})
	return texts, err
}

// fastest gives the shortest round trip so far over the Redis link between two regions: the others waited for a
// processor.
func fastest(l *lab.Lab, here, there string) func(context.Context) (time.Duration, error) {
	least := time.Hour
	return func(ctx context.Context) (time.Duration, error) {
		a, err := l.Inspect().Ask(ctx, here+"_"+there+"_redis", probe.Question{Way: probe.RoundTrip})
		if err == nil {
			err = a.Err()
		}
		if err == nil {
			least = min(least, a.Took)
		}
		return least, err
	}
}

// serves says whether clients are served by the app of a region.
func serves(ctx context.Context, l *lab.Lab, region string) error {
	door, err := l.Addresses().Door(region)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+door+"/readyz", http.NoBody)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}

var _ = DescribeTable("A lab of three regions", func(ctx SpecContext, name string, star bool) {
	t := preset(name)
	l := harness.Up(ctx, t)
	GinkgoWriter.Printf("%s is ready in %s\n", name, l.ReadyIn.Round(time.Millisecond))

	By("streaming to each region from whom it follows")
	of := func(regions ...string) []string {
		names := []string{}
		for _, r := range regions {
			names = append(names, topology.ServicePostgres.Host(r))
		}
		return names
	}
	want := map[string][]string{east: of(europe), europe: of(asia), asia: of()}
	if star {
		want = map[string][]string{east: of(asia, europe), europe: of(), asia: of()}
	}
	for region, names := range want {
		Eventually(followers).WithContext(harness.Alive(ctx)).WithArguments(l, region).Should(Equal(names), region)
	}
	Expect(l.Observe().CheckReplication(ctx)).To(Succeed())
	Expect(l.Observe().CheckDurability(ctx)).To(Succeed())
	Eventually(l.Observe().CheckRouting).WithContext(harness.Alive(ctx)).WithTimeout(harness.WellWithin(l)).Should(
		Succeed())

	By("reading everywhere what was written at home")
	Expect(writeNote(ctx, l, east, "from home")).To(Succeed())
	for _, region := range []string{europe, asia} {
		Eventually(readNotes).WithContext(harness.Alive(ctx)).WithArguments(l,
			region).WithTimeout(harness.Patience).Should(ConsistOf("from home"), region)
		Expect(writeNote(ctx, l, region, "from a replica")).NotTo(Succeed(), region)
	}

	By("taking as long from region to region as the topology says")
	for _, here := range t.Regions {
		for _, there := range t.Regions {
			if here.Name == there.Name {
				continue
			}
			asked := 2 * t.LatencyBetween(here.Name, there.Name)
			trip := fastest(l, here.Name, there.Name)
			Eventually(trip).WithContext(harness.Alive(ctx)).WithTimeout(harness.Patience).Should(BeNumerically("<=",
				asked+asked/10), "%s to %s", here.Name, there.Name)
			took, err := trip(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(took).To(BeNumerically(">=", asked), "%s to %s", here.Name, there.Name)
			GinkgoWriter.Printf("%s to %s and back: %s, asked %s\n", here.Name, there.Name,
				took.Round(100*time.Microsecond), asked)
		}
	}
},
	Entry("in a star", "three-regions", true, SpecTimeout(harness.LabTimeout)),
	Entry("in a chain", "three-regions-cascading", false, SpecTimeout(harness.LabTimeout)),
)

var _ = DescribeTable("A lab of a strategy is steady once it is up",
	func(ctx SpecContext, name string, sentTo ...string) {
		l := harness.Up(ctx, preset(name))
		GinkgoWriter.Printf("%s is ready in %s\n", name, l.ReadyIn.Round(time.Millisecond))
		Expect(l.Observe().CheckDurability(ctx)).To(Succeed())
		Expect(l.Observe().CheckReplication(ctx)).To(Succeed())
		Eventually(l.Observe().CheckRouting).WithContext(harness.Alive(ctx)).WithTimeout(harness.WellWithin(l)).Should(
			Succeed())
		for _, r := range l.Topology().Regions { // a busy machine makes an app miss its stores for a moment
			Eventually(serves).WithContext(harness.Alive(ctx)).WithArguments(l, r.Name).WithTimeout(
				harness.WellWithin(l)).Should(Succeed(), r.Name)
		}
		r, err := l.Observe().Routing(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(r.Answers).To(Equal(sentTo), "clients are sent to")
	},
	Entry("backup-restore", "backup-restore", east, SpecTimeout(harness.LabTimeout)),
	Entry("warm-standby", "warm-standby", east, SpecTimeout(harness.LabTimeout)),
	Entry("hot-standby", "hot-standby", east, SpecTimeout(harness.LabTimeout)),
	Entry("active-active", "active-active", east, west, SpecTimeout(harness.LabTimeout)),
)

var _ = Describe("A pilot light", func() {
	It("refuses in the standby until the automation has taken over, and then serves", func(ctx SpecContext) {
		t := preset("pilot-light").Scaled(360)
		t.Regions[0].AppNodes, t.Regions[1].AppNodes = 1, 2
		l := harness.Up(ctx, t)
		GinkgoWriter.Printf("pilot-light is ready in %s\n", l.ReadyIn.Round(time.Millisecond))
		Eventually(l.Observe().CheckRouting).WithContext(harness.Alive(ctx)).WithTimeout(harness.WellWithin(l)).Should(
			Succeed())
		Expect(l.Observe().CheckReplication(ctx)).To(Succeed())

		By("having app nodes that are there and refuse")
		nodes := []string{
			topology.Place{Service: topology.ServiceApp, Region: west, Number: 1}.Name(),
			topology.Place{Service: topology.ServiceApp, Region: west, Number: 2}.Name(),
		}
		answer := func(ctx context.Context, node string) error {
			return harness.Node(l, topology.ServiceReplicator.Host(west)).Trip(ctx, topology.ServiceApp, node+":8080")
		}
		for _, n := range nodes {
			Expect(answer(ctx, n)).To(MatchError(ContainSubstring("connection refused")), n)
		}
		Expect(serves(ctx, l, east)).To(Succeed())
		Expect(serves(ctx, l, west)).NotTo(Succeed())

		By("losing home")
		start := time.Now()
		Expect(harness.Guard(l, &fault.LoseRegion{Region: east}).Inject(ctx)).Error().NotTo(HaveOccurred())

		By("serving from the standby, by every node of it")
		Eventually(serves).WithContext(harness.Alive(ctx)).WithArguments(l,
			west).WithTimeout(harness.Patience).Should(Succeed())
		for _, n := range nodes {
			Expect(answer(ctx, n)).To(Succeed(), n)
		}
		Eventually(func(ctx context.Context) (string, error) {
			r, err := l.Observe().Routing(ctx)
			return r.Answer, err
		}).WithContext(harness.Alive(ctx)).WithTimeout(harness.Patience).Should(Equal(west))
		GinkgoWriter.Printf("clients are sent to the standby %s after home was lost\n",
			time.Since(start).Round(time.Millisecond))
	}, SpecTimeout(harness.LabTimeout))
})
