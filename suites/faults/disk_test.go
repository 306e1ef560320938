package faults_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"

	"github.com/jackc/pgx/v5"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/suites/internal/harness"
)

var _ = Describe("A PostgreSQL node whose data are on a small disk", Ordered, func() {
	const primary, replica = "postgres.us-east-1", "postgres.us-west-2"
	var l *lab.Lab

	BeforeAll(func(ctx SpecContext) {
		l = harness.Up(ctx, preset("two-regions"))
	}, NodeTimeout(harness.LabTimeout))

	connect := func(ctx context.Context, node string) (*pgx.Conn, error) {
		tap, err := l.Addresses().Tap(node)
		if err != nil {
			return nil, err
		}
		return store.Postgres(ctx, tap)
	}
	// sql runs a statement in a session of its own, as psql does.
	sql := func(ctx context.Context, node, statement string) error {
		conn, err := connect(ctx, node)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close(ctx) }()
		_, err = conn.Exec(ctx, statement)
		return err
	}
	count := func(ctx context.Context, node, what string) (n int, err error) {
		conn, err := connect(ctx, node)
		if err != nil {
			return 0, err
		}
		defer func() { _ = conn.Close(ctx) }()
		return n, conn.QueryRow(ctx, "select count(*) from "+what).Scan(&n)
	}
	eventually := func(ctx SpecContext, ask func(ctx context.Context) error, want types.GomegaMatcher) {
		GinkgoHelper()
		Eventually(ask).WithContext(harness.Alive(ctx)).WithTimeout(harness.Patience).WithPolling(
			100 * time.Millisecond).Should(want)
	}

	BeforeAll(func(ctx SpecContext) {
		// A replica with a full disk ends with the first page more that it is to replay: a vacuum's too.
		Expect(sql(ctx, primary, `create table kept (n int primary key) with (autovacuum_enabled = off);
			create table wide (n int, filler text) with (autovacuum_enabled = off)`)).To(Succeed())
	}, NodeTimeout(harness.SpecTimeout))

	// Asked for before anything is injected, so that it comes after everything is healed.
	BeforeEach(func() {
		DeferCleanup(func(ctx SpecContext) {
			By("leaving nothing of the probe")
			eventually(ctx, func(ctx context.Context) error {
				n, err := count(ctx, primary, "pg_class where relname = 'regionfall_probe'")
				if err == nil && n != 0 {
					err = fmt.Errorf("%d tables are left", n)
				}
				return err
			}, Succeed())
			Expect(l.Faults().List()).To(BeEmpty())
		}, NodeTimeout(harness.SpecTimeout))
	})

	acknowledged := 0
	DescribeTable("keeps what it has acknowledged", func(ctx SpecContext, spec fault.Spec) {
		conn, err := connect(ctx, primary)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(conn.Close)
		var writing atomic.Bool
		writing.Store(true)
		stopped := make(chan int)
		go func() {
			defer GinkgoRecover()
			n := acknowledged
			for writing.Load() {
				if _, err := conn.Exec(ctx, "insert into kept values ($1)", n+1); err != nil {
					break
				}
				n++
			}
			stopped <- n
		}()
		Eventually(func(ctx context.Context) (int, error) {
			return count(ctx, primary,
				"kept")
		}).WithContext(harness.Alive(ctx)).
			WithTimeout(harness.Patience).Should(BeNumerically(">", acknowledged+50))
		guard := broken(ctx, l, spec)
		writing.Store(false)
		Eventually(stopped).WithContext(harness.Alive(ctx)).WithTimeout(harness.Patience).Should(Receive(&acknowledged))
		heal(ctx, guard)
		eventually(ctx, func(ctx context.Context) error {
			n, err := count(ctx, primary, "kept")
			switch {
			case err != nil:
				return err
			case n != acknowledged && n != acknowledged+1: // the last may have been kept without a word
				return StopTrying(fmt.Sprintf("%d rows were acknowledged, and %d are there", acknowledged, n))
			}
			acknowledged = n
			return nil
		}, Succeed())
	},
		Entry("when it is killed", &fault.Kill{Nodes: fault.Nodes{Node: primary}}, SpecTimeout(harness.LabTimeout)),
		Entry("when its region is lost", &fault.LoseRegion{Region: "us-east-1"}, SpecTimeout(harness.LabTimeout)),
	)

	// replayed waits until the replica has all that the primary has.
	replayed := func(ctx SpecContext) {
		GinkgoHelper()
		eventually(ctx, func(ctx context.Context) error {
			n, err := count(ctx, primary, "pg_stat_replication where replay_lsn >= pg_current_wal_lsn()")
			if err == nil && n == 0 {
				err = errors.New("the replica has not replayed everything")
			}
			return err
		}, Succeed())
	}

	const fill = "insert into wide select g, repeat('x', 1000) from generate_series(1, 5000) g"

	It("lives when the disk is full, and refuses what needs more of it", func(ctx SpecContext) {
		guard := broken(ctx, l, &fault.FillDisk{Nodes: fault.Nodes{Node: primary}})
		Expect(sql(ctx, primary, fill)).To(MatchError(And(ContainSubstring("SQLSTATE 53100"),
			ContainSubstring("No space left on device"))))
		Expect(count(ctx, primary, "kept")).To(Equal(acknowledged), "and still reads")

		By("being killed and started again on a full disk")
		kill := broken(ctx, l, &fault.Kill{Nodes: fault.Nodes{Node: primary}})
		heal(ctx, kill)
		heal(ctx, guard)
		eventually(ctx, func(ctx context.Context) error { return sql(ctx, primary, fill) }, Succeed())
		Expect(count(ctx, primary, "kept")).To(Equal(acknowledged))
	}, SpecTimeout(harness.LabTimeout))

	DescribeTable("can be healed while it is down, and is itself again when it is back",
		func(ctx SpecContext, spec fault.Spec, node string) {
			replayed(ctx)
			guard := broken(ctx, l, spec)
			kill := broken(ctx, l, &fault.Kill{Nodes: fault.Nodes{Node: node}})
			heal(ctx, guard)
			Expect(sql(ctx, node, "select 1")).NotTo(Succeed(), "it is still held down")
			heal(ctx, kill)
			eventually(ctx, func(ctx context.Context) error {
				n, err := count(ctx, node, "kept")
				if err == nil && n != acknowledged {
					err = fmt.Errorf("%d rows were acknowledged, and %d are there", acknowledged, n)
				}
				return err
			}, Succeed())
			eventually(ctx, func(ctx context.Context) error { return sql(ctx, primary, fill) }, Succeed())
		},
		Entry("full", &fault.FillDisk{Nodes: fault.Nodes{Service: "postgres", Role: "primary"}}, primary,
			SpecTimeout(harness.LabTimeout)),
		Entry("read-only", &fault.ReadOnlyDisk{Nodes: fault.Nodes{Node: primary}}, primary,
			SpecTimeout(harness.LabTimeout)),
		Entry("a replica, full", &fault.FillDisk{Nodes: fault.Nodes{Node: replica}}, replica,
			SpecTimeout(harness.LabTimeout)),
		Entry("a replica, read-only", &fault.ReadOnlyDisk{Nodes: fault.Nodes{Node: replica}}, replica,
			SpecTimeout(harness.LabTimeout)),
	)

	It("ends when it has to replay what a full disk does not take, and is itself again when that is healed",
		func(ctx SpecContext) {
			guard := broken(ctx, l, &fault.FillDisk{Nodes: fault.Nodes{Node: replica}})
			Expect(sql(ctx, primary, fill)).To(Succeed())
			eventually(ctx, func(ctx context.Context) error { return sql(ctx, replica, "select 1") }, Not(Succeed()))

			By("healing what is found in force still")
			heal(ctx, guard)
			want, err := count(ctx, primary, "wide")
			Expect(err).NotTo(HaveOccurred())
			eventually(ctx, func(ctx context.Context) error {
				n, err := count(ctx, replica, "wide")
				if err == nil && n != want {
					err = fmt.Errorf("%d rows are there, of %d", n, want)
				}
				return err
			}, Succeed())
		}, SpecTimeout(harness.LabTimeout))

	It("lets nobody write to a disk that has become read-only, whenever they connected", func(ctx SpecContext) {
		before, err := connect(ctx, primary)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(before.Close)
		guard := broken(ctx, l, &fault.ReadOnlyDisk{Nodes: fault.Nodes{Node: primary}})
		Expect(before.Exec(ctx,
			"insert into kept values (-1)")).Error().To(MatchError(ContainSubstring("SQLSTATE 57P01")),
			"its session has ended")
		Expect(sql(ctx, primary, fill)).To(MatchError(ContainSubstring("Read-only file system")))

		By("healing from what is known of it to everybody")
		heal(ctx, guard)
		Expect(sql(ctx, primary, fill)).To(Succeed())
		Expect(count(ctx, primary, "kept")).To(Equal(acknowledged))
	}, SpecTimeout(harness.LabTimeout))

	It("has an app in front whose goodput falls to what it is squeezed to", func(ctx SpecContext) {
		const to, lasting = 20, 3 * time.Second
		door, err := l.Addresses().Door("us-west-2")
		Expect(err).NotTo(HaveOccurred())
		// goodput is how many of a hundred reads a second clients get an answer to.
		goodput := func() (perSecond float64) {
			var served atomic.Int64
			var asked sync.WaitGroup
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			start := time.Now()
			for time.Since(start) < lasting {
				<-tick.C
				asked.Go(func() {
					defer GinkgoRecover()
					if status, answer := get(ctx,
						"http://"+door+"/verifications/nobody"); status == http.StatusNotFound {
						served.Add(1)
					} else if status == http.StatusServiceUnavailable {
						Expect(answer).To(ContainSubstring(`"applied":"no"`))
					}
				})
			}
			asked.Wait()
			return float64(served.Load()) / time.Since(start).Seconds()
		}
		Expect(goodput()).To(BeNumerically(">", 2*to))
		guard := broken(ctx, l, &fault.Squeeze{Region: "us-west-2", To: to})
		Expect(goodput()).To(BeNumerically("~", to, to/10))
		heal(ctx, guard)
		Expect(goodput()).To(BeNumerically(">", 2*to))
	}, SpecTimeout(harness.LabTimeout))
})

func get(ctx context.Context, url string) (status int, answer string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, err.Error()
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	var b strings.Builder
	_, err = io.Copy(&b, resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, b.String()
}
