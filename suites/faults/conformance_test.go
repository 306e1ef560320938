package faults_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/suites/internal/harness"
)

const (
	east = "us-east-1"
	west = "us-west-2"
)

// conforming is one fault of the catalogue with what proves it.
type conforming struct {
	name string
	spec fault.Spec
	// felt asks as a client would: nil when the client feels the fault, else what it saw instead. well is nil when the
	// client is served.
	felt, well func(ctx context.Context, l *lab.Lab) error
	// dies is a node that the fault is about: it dies while the fault is in force, and healing must not mind.
	dies string
}

// dead is what a client sees of a node that is down, through the hub: it is let in, and then it depends.
var dead = []probe.Symptom{probe.Closed, probe.Reset, probe.Silence}

var (
	there = fault.Links{From: west, To: east}
	redis = fault.Links{From: west, To: east, Service: "redis"}
)

// table has every fault that leaves the lab as it was.
var table = []conforming{
	{
		"partition, both ways", &fault.Partition{Between: []string{east, west}},
		sees(west, east, "postgres", probe.Refused), serves(west, east, "postgres"), "redis.us-east-1",
	},
	{
		"partition, one way", &fault.Partition{Links: there},
		both(sees(west, east, "s3", probe.Refused), serves(east, west, "s3")), serves(west, east, "s3"),
		"redis.us-east-1",
	},
	{
		"partition of one service", &fault.Partition{Links: redis},
		both(sees(west, east, "redis", probe.Refused), serves(west, east, "s3")), serves(west, east, "redis"),
		"redis.us-east-1",
	},
	{
		"blackhole", &fault.Blackhole{Links: there}, sees(west, east, "postgres", probe.NoConnection),
		serves(west, east, "postgres"), "redis.us-east-1",
	},
	{
		"stall", &fault.Stall{Links: there}, sees(west, east, "dynamodb", probe.Silence),
		serves(west, east, "dynamodb"),
		"redis.us-east-1",
	},
	{
		"refuse", &fault.Refuse{Links: fault.Links{From: topology.Clients, To: east, Service: "app"}}, shut(east),
		open(east), "app-1.us-east-1",
	},
	{
		"reset", &fault.Reset{Links: redis}, sees(west, east, "redis", probe.Reset), serves(west, east, "redis"),
		"redis.us-east-1",
	},
	{
		"latency", &fault.Latency{Links: there, Delay: 80 * time.Millisecond},
		takes(160*time.Millisecond, 190*time.Millisecond), takes(0, 60*time.Millisecond), "redis.us-east-1",
	},
	{
		"latency, one direction", &fault.Latency{Links: redis, Delay: 60 * time.Millisecond, Direction: "upstream"},
		takes(55*time.Millisecond, 100*time.Millisecond), takes(0, 30*time.Millisecond), "redis.us-east-1",
	},
	{
		"jitter", &fault.Jitter{Links: there, UpTo: 60 * time.Millisecond}, wavers(60 * time.Millisecond),
		takes(0, 60*time.Millisecond), "redis.us-east-1",
	},
	{
		"jitter, one direction", &fault.Jitter{Links: redis, UpTo: 60 * time.Millisecond, Direction: "upstream"},
		wavers(40 * time.Millisecond), takes(0, 30*time.Millisecond), "redis.us-east-1",
	},
	{
		"bandwidth", &fault.Bandwidth{Links: there, Rate: 200_000}, carries(160_000, 240_000), carries(1_000_000, 1e12),
		"redis.us-east-1",
	},
	{
		"bandwidth to PostgreSQL, downstream", &fault.Bandwidth{Links: fault.Links{
			From: west, To: east,
			Service: "postgres",
		}, Rate: 200_000, Direction: "downstream"}, serves(west, east, "postgres"),
		serves(west, east, "postgres"), "postgres.us-east-1",
	},
	{"bandwidth to objects, upstream", &fault.Bandwidth{
		Links: fault.Links{From: west, To: east, Service: "s3"},
		Rate:  200_000, Direction: "upstream",
	}, serves(west, east, "s3"), serves(west, east, "s3"), "s3.us-east-1"},
	{
		"byte limit, downstream", &fault.ByteLimit{Links: redis, Bytes: 65536, Direction: "downstream"}, ends(65536),
		serves(west, east, "redis"), "redis.us-east-1",
	},
	{"byte limit to the app, upstream", &fault.ByteLimit{
		Links: fault.Links{From: west, To: east, Service: "app"},
		Bytes: 65536, Direction: "upstream",
	}, serves(west, east, "app"), serves(west, east, "app"), "app-1.us-east-1"},
	{
		"slow close", &fault.SlowClose{Links: there, Delay: 300 * time.Millisecond},
		lingers(270*time.Millisecond, 400*time.Millisecond), lingers(0, 100*time.Millisecond), "redis.us-east-1",
	},
	{
		"flapping", &fault.Flapping{Links: redis, On: time.Second, Off: 700 * time.Millisecond},
		eventually(sees(west, east, "redis", probe.Refused)), eventually(serves(west, east, "redis")),
		"redis.us-east-1",
	},
	{
		"kill a node", &fault.Kill{Nodes: fault.Nodes{Node: "app-1.us-west-2"}}, both(shut(west), open(east)),
		open(west),
		"app-1.us-west-2",
	},
	{
		"kill the primary", &fault.Kill{Nodes: fault.Nodes{Service: "postgres", Role: "primary"}},
		at("postgres.us-east-1", dead...), at("postgres.us-east-1", probe.Fine), "postgres.us-east-1",
	},
	{
		"kill a service", &fault.Kill{Nodes: fault.Nodes{Service: "redis"}},
		both(at("redis.us-east-1", dead...), at("redis.us-west-2", dead...)),
		both(at("redis.us-east-1", probe.Fine), at("redis.us-west-2", probe.Fine)), "redis.us-west-2",
	},
	{
		"restart", &fault.Restart{Nodes: fault.Nodes{Service: "s3", Region: west}, Down: 300 * time.Millisecond},
		eventually(at("s3.us-west-2", probe.Fine)), at("s3.us-west-2", probe.Fine), "s3.us-west-2",
	},
	{
		"pause a node", &fault.Pause{Nodes: fault.Nodes{Node: "dynamodb.us-west-2"}},
		at("dynamodb.us-west-2", probe.Silence), at("dynamodb.us-west-2", probe.Fine), "",
	},
	{
		"pause a region", &fault.Pause{Nodes: fault.Nodes{Region: west}}, at("postgres.us-west-2", probe.Silence),
		both(at("postgres.us-west-2", probe.Fine), open(west)), "app-1.us-west-2",
	},
	{
		"fill the disk", &fault.FillDisk{Nodes: fault.Nodes{Node: "postgres.us-east-1"}},
		refuses("postgres.us-east-1",
			"create table full_disk as select repeat('x', 9000) from generate_series(1, 3000)", "53100"),
		at("postgres.us-east-1", probe.Fine), "postgres.us-east-1",
	},
	{
		"make the disk read-only", &fault.ReadOnlyDisk{Nodes: fault.Nodes{Service: "postgres", Role: "primary"}},
		refuses("postgres.us-east-1", "create table read_only (a int)", "Read-only file system"),
		at("postgres.us-east-1", probe.Fine), "postgres.us-east-1",
	},
	{"squeeze", &fault.Squeeze{Region: west, To: 20}, open(west), open(west), "app-1.us-west-2"},
	{"lose a region", &fault.LoseRegion{Region: west}, both(shut(west), open(east)), open(west), "app-1.us-west-2"},
}

var _ = Describe("A lab of two regions", Ordered, ContinueOnFailure, func() {
	var l *lab.Lab

	BeforeAll(func(ctx SpecContext) {
		l = harness.Up(ctx, preset("two-regions"))
	}, NodeTimeout(harness.LabTimeout))

	It("has every fault of the catalogue proven here or in a lab of its own", func() {
		kinds := slices.Clone(elsewhere)
		for _, c := range table {
			kinds = append(kinds, c.spec.Kind())
		}
		for _, e := range fault.Catalogue() {
			Expect(kinds).To(ContainElement(e.Kind))
		}
	})

	for _, c := range table {
		Context(c.name, func() {
			It("is injected, seen, felt by a client, healed and seen healed", func(ctx SpecContext) {
				Eventually(c.well).WithContext(harness.Alive(ctx)).WithArguments(l).WithTimeout(
					harness.Patience).Should(Succeed(), "before")
				if c.spec.Kind() == "restart" && !keeps(l, c.dies) {
					Expect(l.Guard(c.spec,
						func() time.Duration { return 0 })).Error().To(
						MatchError(ContainSubstring("would lose it: use pause")))
					return
				}
				guard := harness.Guard(l, c.spec)
				seen, err := guard.Inject(ctx)
				Expect(err).NotTo(HaveOccurred())
				Expect(guard.State()).To(Equal(fault.Effective))
				Expect(seen.Window.Lo).To(BeNumerically("<=", seen.Window.Hi))
				Expect(seen.Window.Hi).To(BeNumerically(">=", seen.Command))
				Expect(c.felt(ctx, l)).To(Succeed(), "what a client sees")
				GinkgoWriter.Printf("in force after %s: %s\n", seen.Window.Hi-seen.Command, seen.By)

				healed, err := guard.Heal(ctx)
				Expect(err).NotTo(HaveOccurred())
				Expect(healed.Hi).To(BeNumerically(">", seen.Window.Hi))
				Expect(guard.State()).To(Equal(fault.Healed))
				Eventually(c.well).WithContext(harness.Alive(ctx)).WithArguments(l).WithTimeout(
					harness.Patience).Should(Succeed(), "after")
				Expect(guard.Heal(ctx)).Error().NotTo(HaveOccurred(), "twice")
				Expect(l.Faults().List()).To(BeEmpty())
			}, SpecTimeout(harness.SpecTimeout))

			if c.dies == "" {
				return // its store would be gone with it
			}
			It("is healed also when its node has died meanwhile", func(ctx SpecContext) {
				if !keeps(l, c.dies) { // then nobody may kill it: no cloud's store is emptied by that
					kill := &fault.Kill{Nodes: fault.Nodes{Node: c.dies}}
					Expect(l.Guard(kill,
						func() time.Duration { return 0 })).Error().To(
						MatchError(ContainSubstring("would lose it: use pause")))
					return
				}
				guard := harness.Guard(l, c.spec)
				Expect(guard.Inject(ctx)).Error().NotTo(HaveOccurred())
				Expect(harness.Node(l, c.dies).Crash(ctx)).To(Succeed())
				DeferCleanup(func(ctx SpecContext) {
					Expect(harness.Node(l, c.dies).Revive(ctx)).To(Succeed())
					Eventually(c.well).WithContext(harness.Alive(ctx)).WithArguments(l).WithTimeout(
						harness.Patience).Should(Succeed(), "after")
				}, NodeTimeout(harness.SpecTimeout))
				Expect(guard.Heal(ctx)).Error().NotTo(HaveOccurred())
				Expect(l.Faults().List()).To(BeEmpty())
			}, SpecTimeout(harness.SpecTimeout))
		})
	}

	It("is at last what it was at first", func(ctx SpecContext) {
		Eventually(l.Observe().CheckDurability).WithContext(harness.Alive(ctx)).WithTimeout(harness.Patience).Should(
			Succeed())
		Eventually(l.Observe().CheckRouting).WithContext(harness.Alive(ctx)).WithTimeout(harness.WellWithin(l)).Should(
			Succeed())
		for _, k := range l.Status(ctx).Links {
			Expect(k.State).To(Equal("open"), k.Name)
		}
	}, SpecTimeout(harness.SpecTimeout))
})

// keeps says whether a node still has what it stored after a kill. All have but those of AWS, which can tell.
func keeps(l *lab.Lab, node string) bool {
	service, _, _ := strings.Cut(node, ".")
	server := l.Server(topology.Service(service))
	return server.Image == "" || server.Can.Durable
}

func preset(name string) topology.Topology {
	t, ok := topology.Preset(name)
	if !ok {
		panic("there is no preset " + name)
	}
	return t
}

type client = func(ctx context.Context, l *lab.Lab) error

// over asks over a link, from a node in the region where it starts.
func over(ctx context.Context, l *lab.Lab, from, to, service string, q probe.Question) (probe.Answer, error) {
	return l.Inspect().Ask(ctx, from+"_"+to+"_"+service, q)
}

func sees(from, to, service string, want probe.Symptom) client {
	return func(ctx context.Context, l *lab.Lab) error {
		a, err := over(ctx, l, from, to, service, probe.Question{Way: probe.RoundTrip})
		if err == nil && a.Symptom != want {
			err = errors.New("a client in " + from + " sees " + string(a.Symptom) + " of " + service + " in " + to +
				", not " + string(want))
		}
		return err
	}
}

func serves(from, to, service string) client { return sees(from, to, service, probe.Fine) }

func both(a, b client) client {
	return func(ctx context.Context, l *lab.Lab) error { return errors.Join(a(ctx, l), b(ctx, l)) }
}

// eventually is for what is not so all the time.
func eventually(a client) client {
	return func(ctx context.Context, l *lab.Lab) error {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		for {
			err := a(ctx, l)
			if err == nil || ctx.Err() != nil {
				return err
			}
		}
	}
}

func amount(q probe.Question, of func(probe.Answer) float64, low, high float64) client {
	return func(ctx context.Context, l *lab.Lab) error {
		q.Within = 10 * time.Second
		a, err := over(ctx, l, west, east, "redis", q)
		if err == nil && (of(a) < low || of(a) > high) {
			err = errors.New("a client measures " + strconv.FormatFloat(of(a), 'g', 4, 64) + " (" + a.Said + ")")
		}
		return err
	}
}

// takes is the least of a few round trips: a busy machine only ever adds.
func takes(low, high time.Duration) client {
	return func(ctx context.Context, l *lab.Lab) error {
		least := time.Hour
		for range 5 {
			a, err := over(ctx, l, west, east, "redis", probe.Question{Way: probe.RoundTrip, Within: 10 * time.Second})
			if err == nil {
				err = a.Err()
			}
			if err != nil {
				return err
			}
			least = min(least, a.Took)
		}
		if least < low || least > high {
			return fmt.Errorf("the fastest of five round trips takes %s", least)
		}
		return nil
	}
}

// wavers is how far apart at least the shortest and the longest of many round trips are.
func wavers(least time.Duration) client {
	return func(ctx context.Context, l *lab.Lab) error {
		shortest, longest := time.Hour, time.Duration(0)
		for range 30 {
			a, err := over(ctx, l, west, east, "redis", probe.Question{Way: probe.RoundTrip})
			if err == nil {
				err = a.Err()
			}
			if err != nil {
				return err
			}
			shortest, longest = min(shortest, a.Took), max(longest, a.Took)
		}
		if longest-shortest < least {
			return fmt.Errorf("round trips take %s to %s", shortest, longest)
		}
		return nil
	}
}

func lingers(low, high time.Duration) client {
	return amount(probe.Question{Way: probe.Closing}, func(a probe.Answer) float64 { return a.Took.Seconds() },
		low.Seconds(), high.Seconds())
}

func carries(low, high float64) client {
	return amount(probe.Question{Way: probe.Throughput, Bytes: 200_000},
		func(a probe.Answer) float64 { return float64(a.Bytes) / max(a.Took.Seconds(), 1e-6) }, low, high)
}

func ends(bytes float64) client {
	return amount(probe.Question{Way: probe.Count, Stream: probe.Downstream, Bytes: int64(2 * bytes)},
		func(a probe.Answer) float64 { return float64(a.Bytes) }, bytes*0.9, bytes*1.1)
}

// refuses is that a statement fails with an error of which this is a part.
func refuses(node, statement, with string) client {
	return func(ctx context.Context, l *lab.Lab) error {
		tap, err := l.Addresses().Tap(node)
		if err != nil {
			return err
		}
		conn, err := store.Postgres(ctx, tap)
		if err == nil {
			defer func() { _ = conn.Close(ctx) }()
			_, err = conn.Exec(ctx, statement)
		}
		switch {
		case err == nil:
			return fmt.Errorf("%s took %q", node, statement)
		case !strings.Contains(err.Error(), with):
			return fmt.Errorf("%s: %q gives another error than %s: %w", node, statement, with, err)
		}
		return nil
	}
}

// at asks a node over its tap.
func at(node string, want ...probe.Symptom) client {
	return func(ctx context.Context, l *lab.Lab) error {
		tap, err := l.Addresses().Tap(node)
		if err != nil {
			return err
		}
		var lines probe.Lines
		a, err := lines.Ask(ctx, probe.Question{Way: probe.RoundTrip, Service: serviceOf(node), Address: tap})
		if err == nil && !slices.Contains(want, a.Symptom) {
			err = errors.New("a client of " + node + " sees " + string(a.Symptom))
		}
		return err
	}
}

func serviceOf(node string) topology.Service {
	for _, s := range []topology.Service{topology.ServicePostgres, topology.ServiceRedis} {
		if len(node) > len(s) && node[:len(s)] == string(s) {
			return s
		}
	}
	return topology.ServiceApp // HTTP
}

// open and shut ask at the door of a region, where its clients come in.
func open(region string) client {
	return func(ctx context.Context, l *lab.Lab) error {
		a, err := atTheDoor(ctx, l, region)
		if err == nil {
			err = a.Err()
		}
		return err
	}
}

func shut(region string) client {
	return func(ctx context.Context, l *lab.Lab) error {
		a, err := atTheDoor(ctx, l, region)
		if err == nil && a.Symptom == probe.Fine {
			err = errors.New("clients are served in " + region)
		}
		return err
	}
}

func atTheDoor(ctx context.Context, l *lab.Lab, region string) (probe.Answer, error) {
	door, err := l.Addresses().Door(region)
	if err != nil {
		return probe.Answer{}, err
	}
	var lines probe.Lines
	return lines.Ask(ctx, probe.Question{Way: probe.RoundTrip, Service: topology.ServiceApp, Address: door})
}

// elsewhere are the faults that are proven in agents_test.go: of configuration, replication, the automation and control
// paths.
var elsewhere = []string{
	"cut_control", "delay_config", "fail_step", "freeze_config", "hang_step", "kill_automation", "lag_replication",
	"pause_replication",
	"repeat_step", "roll_back_config", "throttle_replication",
}
