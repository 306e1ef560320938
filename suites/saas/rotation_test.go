package saas_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/redis/go-redis/v9"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/suites/internal/harness"
	. "github.com/regionfall/regionfall/suites/matchers"
)

// writer writes rows and keys to whichever region takes them, one after the other, until it is stopped, and notes those
// that were acknowledged.
type writer struct {
	lab        *lab.Lab
	rows, keys []int
	count      atomic.Int64 // of rows and keys together
}

func (w *writer) run(ctx context.Context) {
	for i := 0; ctx.Err() == nil; i++ {
		for _, region := range []string{east, west} {
			if w.row(ctx, region, i) == nil {
				w.rows = append(w.rows, i)
				w.count.Add(1)
				break
			}
		}
		for _, region := range []string{east, west} {
			if w.key(ctx, region, i) == nil {
				w.keys = append(w.keys, i)
				w.count.Add(1)
				break
			}
		}
	}
}

// goesOn waits until some more has been acknowledged.
func (w *writer) goesOn(ctx context.Context) {
	GinkgoHelper()
	Eventually(w.count.Load).WithContext(harness.Alive(ctx)).WithTimeout(harness.Patience).Should(BeNumerically(">",
		w.count.Load()+40))
}

func (w *writer) row(ctx context.Context, region string, i int) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, err := harness.Ask(ctx, w.lab, region, fmt.Sprintf(`insert into written values (%d) returning id::text`, i))
	return err
}

func (w *writer) key(ctx context.Context, region string, i int) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	client, err := cache(w.lab, region)
	if err != nil {
		return err
	}
	defer client.Close()
	return client.SAdd(ctx, "written", i).Err()
}

func cache(l *lab.Lab, region string) (*redis.Client, error) {
	tap, err := l.Addresses().Tap(topology.ServiceRedis.Host(region))
	if err != nil {
		return nil, err
	}
	return redis.NewClient(&redis.Options{Addr: tap, MaxRetries: -1, ContextTimeoutEnabled: true}), nil
}

func upForRotation(ctx context.Context) *lab.Lab {
	GinkgoHelper()
	t, _ := topology.Preset("two-regions")
	return harness.Up(ctx, t.Scaled(60))
}

func say(text string) { GinkgoWriter.Println(text) }

// write commits something.
const write = `select pg_logical_emit_message(true, 'regionfall', 'x')::text`

// serves asks a region's database whether it takes writes.
func serves(ctx context.Context, l *lab.Lab, region string) (string, error) {
	return harness.Ask(ctx, l, region, `select case when pg_is_in_recovery() then 'follows' else 'serves' end`)
}

var _ = Describe("Role rotation", func() {
	It("moves all of the demand to the standby and back within 20 minutes of silence, and loses nothing",
		func(ctx SpecContext) {
			r := harness.Run(ctx, "saas-role-rotation")
			Expect(r).To(And(MeetItsExpectation(), LeaveNothing()))
			Expect(r.Metrics.RecoveryPoint.Lost).To(BeZero())
			Expect(r.Metrics.WriteGap.Each).To(HaveLen(2))
		}, SpecTimeout(harness.DrillTimeout))

	It("finds a standby that can't carry the demand", func(ctx SpecContext) {
		r := harness.Run(ctx, "testdata/rotation-to-a-small-standby.yaml")
		Expect(r).To(And(MeetItsExpectation(), LeaveNothing()))
	}, SpecTimeout(harness.DrillTimeout))

	It("loses no row and no key of those who write beside it, there and back", func(ctx SpecContext) {
		l := upForRotation(ctx)
		Expect(harness.InPostgres(ctx, l, east, func(conn *pgx.Conn) error {
			_, err := conn.Exec(ctx, `create table written (id int)`)
			return err
		})).To(Succeed())
		w := &writer{lab: l}
		writing, stop := context.WithCancel(ctx)
		var done sync.WaitGroup
		done.Go(func() { w.run(writing) })
		defer done.Wait()
		defer stop()
		for _, to := range []string{west, east} {
			w.goesOn(ctx)
			before := time.Now()
			Expect(l.Switchover(ctx, to, say)).To(Succeed())
			GinkgoWriter.Printf("to %s in %s\n", to, time.Since(before).Round(time.Millisecond))
			Expect(serves(ctx, l, to)).To(Equal("serves"))
			Expect(l.Switchover(ctx, to, say)).To(Succeed(), "once more changes nothing")
		}
		Expect(serves(ctx, l, west)).To(Equal("follows"))
		w.goesOn(ctx)
		stop()
		done.Wait()
		for _, region := range []string{east, west} {
			Eventually(func(ctx context.Context) ([]string, error) {
				return missing(ctx, l, region,
					w)
			}).WithContext(harness.Alive(ctx)).
				WithTimeout(harness.Patience).Should(BeEmpty(), region)
		}
	}, SpecTimeout(harness.SpecTimeout))

	It("is refused while the standby is behind, and nothing is begun", func(ctx SpecContext) {
		l := upForRotation(ctx)
		standby := fault.Replicated{Store: "postgres", Region: west}
		behind := harness.Guard(l, &fault.LagReplication{Replicated: standby, Lag: 5 * time.Second})
		Expect(behind.Inject(ctx)).Error().NotTo(HaveOccurred())
		Expect(harness.Ask(ctx, l, east, write)).Error().NotTo(HaveOccurred())
		Expect(l.Switchover(ctx, west, say)).To(And(MatchError(lab.ErrSwitchover),
			MatchError(ContainSubstring("nothing was begun"))))
		Expect(serves(ctx, l, east)).To(Equal("serves"))
		Expect(harness.Ask(ctx, l, east, write)).Error().NotTo(HaveOccurred())
	}, SpecTimeout(harness.SpecTimeout))

	It("is ended by the next process when the automation dies between demotion and promotion", func(ctx SpecContext) {
		l := upForRotation(ctx)
		dies := harness.Guard(l, &fault.KillAutomation{Step: fault.Step{Step: "promote"}})
		Expect(dies.Inject(ctx)).Error().NotTo(HaveOccurred())
		ended := make(chan error, 1)
		go func() { ended <- l.Switchover(ctx, west, say) }()
		Eventually(automation).WithContext(harness.Alive(ctx)).WithArguments(l).WithTimeout(harness.Patience).Should(
			Equal(topology.NodeDown))
		Expect(serves(ctx, l, east)).To(Equal("follows"))
		Expect(serves(ctx, l, west)).To(Equal("follows"))
		Expect(dies.Heal(ctx)).Error().NotTo(HaveOccurred())
		Eventually(ended).WithTimeout(harness.Patience).Should(Receive(BeNil()))
		Expect(serves(ctx, l, west)).To(Equal("serves"))
		Expect(serves(ctx, l, east)).To(Equal("follows"))
	}, SpecTimeout(harness.SpecTimeout))
})

// automation is the state of its node.
func automation(ctx context.Context, l *lab.Lab) topology.NodeState {
	for _, n := range l.Status(ctx).Nodes {
		if n.Name == topology.ServiceAutomation.Host(west) {
			return n.State
		}
	}
	return "" // it is not there
}

// missing are the rows and keys that were acknowledged and are not in a region.
func missing(ctx context.Context, l *lab.Lab, region string, w *writer) (all []string, err error) {
	client, err := cache(l, region)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	keys, err := client.SMembers(ctx, "written").Result()
	if err != nil {
		return nil, err
	}
	rows, err := harness.Ask(ctx, l, region, `select coalesce(string_agg(id::text, ','), '') from written`)
	if err != nil {
		return nil, err
	}
	without := func(what string, acknowledged []int, there []string) {
		for _, i := range acknowledged {
			if !slices.Contains(there, strconv.Itoa(i)) {
				all = append(all, fmt.Sprintf("%s %d", what, i))
			}
		}
	}
	without("key", w.keys, keys)
	without("row", w.rows, strings.Split(rows, ","))
	return all, nil
}
