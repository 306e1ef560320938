package faults_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/observe"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/suites/internal/harness"
)

// hurried is the warm standby with health checks that a spec has time for, and a busy machine too.
func hurried() topology.Topology {
	t := preset("two-regions")
	t.Routing.Check.Interval, t.Automation.Check.Interval = time.Second, time.Second
	return t
}

func inject(ctx context.Context, g *fault.Guard) {
	GinkgoHelper()
	seen, err := g.Inject(ctx)
	Expect(err).NotTo(HaveOccurred())
	GinkgoWriter.Printf("%s: in force after %s..%s: %s\n", g.Spec.Kind(),
		(seen.Window.Lo - seen.Command).Round(time.Millisecond),
		(seen.Window.Hi - seen.Command).Round(time.Millisecond), seen.By)
}

// broken makes a fault ready and injects it.
func broken(ctx context.Context, l *lab.Lab, spec fault.Spec) *fault.Guard {
	GinkgoHelper()
	g := harness.Guard(l, spec)
	inject(ctx, g)
	return g
}

// heal heals a fault, and again.
func heal(ctx context.Context, g *fault.Guard) {
	GinkgoHelper()
	start := time.Now()
	for range 2 {
		_, err := g.Heal(ctx)
		Expect(err).NotTo(HaveOccurred())
	}
	GinkgoWriter.Printf("%s: healed after %s\n", g.Spec.Kind(), time.Since(start).Round(time.Millisecond))
}

// look asks a node's HTTP over its tap.
func look(ctx context.Context, l *lab.Lab, node, path string, into any) {
	GinkgoHelper()
	tap, err := l.Addresses().Tap(node)
	Expect(err).NotTo(HaveOccurred())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+tap+path, http.NoBody)
	Expect(err).NotTo(HaveOccurred())
	response, err := http.DefaultClient.Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	Expect(err).NotTo(HaveOccurred())
	Expect(json.Unmarshal(body, into)).To(Succeed(), "%s%s answered %s", node, path, body)
}

// noted collects the marks of a lab's agents.
type noted struct {
	mu    sync.Mutex
	marks []string
}

func follow(l *lab.Lab) *noted {
	n := &noted{}
	ctx, stop := context.WithCancel(context.Background())
	ended, start := make(chan struct{}), time.Now()
	go func() {
		defer GinkgoRecover()
		defer close(ended)
		Expect(l.Observe().FollowMarks(ctx, func() time.Duration { return time.Since(start) },
			func(x observe.Exchange) {
				n.mu.Lock()
				defer n.mu.Unlock()
				for _, m := range x.Reply.Marks {
					if x.Reply.Agent == topology.ServiceAutomation.Host(west) {
						GinkgoWriter.Printf("mark %s: %s\n", m.Name, m.Detail)
						n.marks = append(n.marks, m.Name+" "+m.Detail)
					}
				}
			})).To(Succeed())
	}()
	DeferCleanup(func() { stop(); <-ended })
	return n
}

// names are the marks so far, each with its detail.
func (n *noted) names() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string{}, n.marks...)
}

var _ = Describe("Agents that do their work badly", Ordered, ContinueOnFailure, func() {
	var l *lab.Lab

	BeforeAll(func(ctx SpecContext) { l = harness.Up(ctx, hurried()) }, NodeTimeout(harness.LabTimeout))

	DescribeTable("are seen to, and seen to mend", func(ctx SpecContext, spec fault.Spec) {
		g := broken(ctx, l, spec)
		heal(ctx, g)
	},
		Entry("freeze_config", &fault.FreezeConfig{Configured: fault.Configured{Region: west}},
			SpecTimeout(harness.SpecTimeout)),
		Entry("roll_back_config", &fault.RollBackConfig{Configured: fault.Configured{Region: west}},
			SpecTimeout(harness.SpecTimeout)),
		Entry("roll_back_config at home, where nothing came before",
			&fault.RollBackConfig{Configured: fault.Configured{Region: east}}, SpecTimeout(harness.SpecTimeout)),
		Entry("delay_config", &fault.DelayConfig{Configured: fault.Configured{Region: west}, Delay: time.Second},
			SpecTimeout(harness.SpecTimeout)),

		Entry("pause_replication of postgres", &fault.PauseReplication{Replicated: fault.Replicated{
			Store:  "postgres",
			Region: west,
		}}, SpecTimeout(harness.SpecTimeout)),
		Entry("pause_replication of postgres, its receipt",
			&fault.PauseReplication{Replicated: fault.Replicated{Store: "postgres", Region: west}, What: "receipt"},
			SpecTimeout(harness.SpecTimeout)),
		Entry("pause_replication of objects", &fault.PauseReplication{Replicated: fault.Replicated{
			Store:  "objects",
			Region: west,
		}}, SpecTimeout(harness.SpecTimeout)),
		Entry("pause_replication of objects by prefix, to home",
			&fault.PauseReplication{Replicated: fault.Replicated{Store: "objects", Region: east, Prefix: "hot/"}},
			SpecTimeout(harness.SpecTimeout)),
		Entry("pause_replication of items", &fault.PauseReplication{Replicated: fault.Replicated{
			Store:  "items",
			Region: west, Table: topology.ItemsTable,
		}}, SpecTimeout(harness.SpecTimeout)),
		Entry("lag_replication of postgres", &fault.LagReplication{Replicated: fault.Replicated{
			Store:  "postgres",
			Region: west,
		}, Lag: time.Second}, SpecTimeout(harness.SpecTimeout)),
		Entry("lag_replication of objects", &fault.LagReplication{Replicated: fault.Replicated{
			Store:  "objects",
			Region: west,
		}, Lag: 2 * time.Second}, SpecTimeout(harness.SpecTimeout)),
		Entry("lag_replication of items", &fault.LagReplication{Replicated: fault.Replicated{
			Store:  "items",
			Region: west,
		}, Lag: 2 * time.Second}, SpecTimeout(harness.SpecTimeout)),
		Entry("throttle_replication of postgres",
			&fault.ThrottleReplication{Replicated: fault.Replicated{Store: "postgres", Region: west}, Rate: 500_000},
			SpecTimeout(harness.SpecTimeout)),
		Entry("throttle_replication of objects",
			&fault.ThrottleReplication{Replicated: fault.Replicated{Store: "objects", Region: west}, Rate: 50_000},
			SpecTimeout(harness.SpecTimeout)),
		Entry("throttle_replication of items", &fault.ThrottleReplication{Replicated: fault.Replicated{
			Store:  "items",
			Region: west,
		}, Rate: 20_000}, SpecTimeout(harness.SpecTimeout)),

		Entry("hang_step", &fault.HangStep{Step: fault.Step{Step: "fence"}}, SpecTimeout(harness.SpecTimeout)),
		Entry("fail_step", &fault.FailStep{Step: fault.Step{Step: "promote"}, Times: 3},
			SpecTimeout(harness.SpecTimeout)),
		Entry("repeat_step", &fault.RepeatStep{Step: fault.Step{Step: "repoint"}}, SpecTimeout(harness.SpecTimeout)),
		Entry("kill_automation", &fault.KillAutomation{Step: fault.Step{Step: "redirect"}},
			SpecTimeout(harness.SpecTimeout)),

		Entry("cut_control of the name service", &fault.CutControl{Region: west, Of: "nameservice"},
			SpecTimeout(harness.SpecTimeout)),
		Entry("cut_control of the name service at home", &fault.CutControl{Region: east, Of: "nameservice"},
			SpecTimeout(harness.SpecTimeout)),
	)

	It("hold a failover while only they are cut off from home", func(ctx SpecContext) {
		// Of a cut that is healed the checks hear a little later: a witness that still sees the loss would have the
		// automation act.
		Eventually(l.Observe().CheckRouting).WithContext(harness.Alive(ctx)).WithTimeout(harness.WellWithin(l)).Should(
			Succeed())
		g := broken(ctx, l, &fault.CutControl{Region: east, Of: "automation"})
		state := func() string {
			var s api.AutomationState
			look(ctx, l, topology.ServiceAutomation.Host(west), "/state", &s)
			return string(s.State)
		}
		Eventually(state).WithTimeout(harness.Patience).Should(Equal("held"))
		heal(ctx, g)
		Eventually(state).WithTimeout(harness.Patience).Should(Equal("watching"))
		Expect(l.Observe().CheckRouting(ctx)).To(Succeed())
	}, SpecTimeout(harness.SpecTimeout))

	It("are mended also when their nodes died", func(ctx SpecContext) {
		frozen := harness.Guard(l, &fault.FreezeConfig{Configured: fault.Configured{Region: west}})
		paused := harness.Guard(l, &fault.PauseReplication{Replicated: fault.Replicated{Store: "items", Region: west}})
		lagging := harness.Guard(l, &fault.LagReplication{
			Replicated: fault.Replicated{Store: "postgres", Region: west},
			Lag:        time.Second,
		})
		for _, g := range []*fault.Guard{frozen, paused, lagging} {
			inject(ctx, g)
		}
		replicator := broken(ctx, l, &fault.Kill{Nodes: fault.Nodes{Node: topology.ServiceReplicator.Host(west)}})
		replica := broken(ctx, l, &fault.Kill{Nodes: fault.Nodes{Node: topology.ServicePostgres.Host(west)}})
		for _, g := range []*fault.Guard{lagging, paused, frozen, replica, replicator} {
			heal(ctx, g)
		}
		By("finding nothing of it in the nodes that were started again")
		for _, spec := range []fault.Spec{
			&fault.LagReplication{Replicated: fault.Replicated{Store: "postgres", Region: west}, Lag: time.Second},
			&fault.FreezeConfig{Configured: fault.Configured{Region: west}},
		} {
			g := harness.Guard(l, spec)
			Eventually(func() error {
				_,
					err := g.Inject(ctx)
				return err
			}).WithTimeout(harness.Patience).Should(Succeed(),
				"it would be in force before")
			heal(ctx, g)
		}
	}, SpecTimeout(harness.SpecTimeout))
})

var _ = Describe("A failover whose steps go wrong", func() {
	It("is ordered, hung, failed, repeated and killed, and done in the end", func(ctx SpecContext) {
		l := harness.Up(ctx, hurried())
		marks := follow(l)
		hang := harness.Guard(l, &fault.HangStep{Step: fault.Step{Step: "fence"}})
		fail := harness.Guard(l, &fault.FailStep{Step: fault.Step{Step: "promote"}, Times: 2})
		repeat := harness.Guard(l, &fault.RepeatStep{Step: fault.Step{Step: "repoint"}})
		kill := harness.Guard(l, &fault.KillAutomation{Step: fault.Step{Step: "redirect"}})
		for _, g := range []*fault.Guard{hang, fail, repeat, kill} {
			inject(ctx, g)
		}

		By("ordering it where nobody could do it")
		Expect(l.Failover(ctx, east, func(string) {})).To(MatchError(ContainSubstring("only us-west-2 can take over")))

		done := make(chan error, 1)
		go func() { done <- l.Failover(ctx, west, func(s string) { GinkgoWriter.Println(s) }) }()
		Eventually(marks.names).WithTimeout(harness.Patience).Should(ContainElement("step_hung fence"))
		Expect(marks.names()).To(ContainElement(HavePrefix("ordered")))
		heal(ctx, hang)
		Eventually(marks.names).WithTimeout(harness.Patience).Should(ContainElement("killed_at redirect"))
		Expect(marks.names()).To(ContainElement("step_failed promote: told to fail"))
		Expect(marks.names()).To(ContainElements(
			"repointed revision 2, rewritten", "repointed revision 2, was so already"))
		Expect(done).NotTo(Receive())

		By("starting the automation again, which finds out how far it was")
		heal(ctx, kill)
		var err error
		Eventually(done).WithTimeout(harness.Patience).Should(Receive(&err))
		Expect(err).NotTo(HaveOccurred())
		Eventually(marks.names).WithTimeout(harness.Patience).Should(ContainElement(HavePrefix("redirected us-west-2")))

		By("ordering it again, which changes nothing")
		Expect(l.Failover(ctx, west, func(string) {})).To(Succeed())
		routing, err := l.Observe().Routing(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(routing.Answer).To(Equal(west))
	}, SpecTimeout(harness.LabTimeout))
})
