// Package bench_test measures the lab itself: how long it takes to come up and to go, to break and to mend, and what a
// link of the hub costs. `make bench` prints it all in one run.
package bench_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/image"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/lab/wait"
	"github.com/regionfall/regionfall/scenarios"
)

const (
	east = "us-east-1"
	west = "us-west-2"
)

func up(b *testing.B, t topology.Topology) *lab.Lab {
	b.Helper()
	l, err := bringUp(b.Context(), t)
	if err != nil {
		b.Fatal(err)
	}
	return l
}

func bringUp(ctx context.Context, t topology.Topology) (*lab.Lab, error) {
	images, err := image.Ensure(ctx, image.Options{AWS: topology.AWS(os.Getenv("REGIONFALL_AWS"))})
	if err != nil {
		return nil, err
	}
	return lab.Up(ctx, lab.Options{Topology: t, Images: images})
}

func down(b *testing.B, l *lab.Lab) {
	b.Helper()
	left, err := l.Down(context.WithoutCancel(b.Context()))
	if err != nil || left != 0 {
		b.Fatalf("%d things are left of lab %s: %v", left, l.Name, err)
	}
}

// report gives a time per operation beside the whole.
func report(b *testing.B, total time.Duration, name string) {
	b.ReportMetric(float64(total.Milliseconds())/float64(b.N), name+"-ms/op")
}

func preset(b *testing.B, name string) topology.Topology {
	b.Helper()
	t, ok := topology.Preset(name)
	if !ok {
		b.Fatalf("there is no preset %s", name)
	}
	return t
}

// BenchmarkLab is a cold start with the images present, and the way down.
func BenchmarkLab(b *testing.B) {
	for _, name := range []string{"two-regions", "three-regions"} {
		b.Run(name, func(b *testing.B) {
			t := preset(b, name)
			var start, end time.Duration
			for b.Loop() {
				l := up(b, t)
				start += l.ReadyIn
				began := time.Now()
				down(b, l)
				end += time.Since(began)
			}
			report(b, start, "start")
			report(b, end, "down")
		})
	}
}

// BenchmarkTurnover is what lies between two drills: one lab goes while the next comes up.
func BenchmarkTurnover(b *testing.B) {
	t := preset(b, "two-regions")
	l := up(b, t)
	b.Cleanup(func() { down(b, l) })
	for b.Loop() {
		var next *lab.Lab
		var g errgroup.Group
		g.Go(func() (err error) { next, err = bringUp(b.Context(), t); return err })
		down(b, l)
		if err := g.Wait(); err != nil {
			b.Fatal(err)
		}
		l = next
	}
}

// BenchmarkLink is a question to Redis in the next container, over a link of the hub and straight to its address.
func BenchmarkLink(b *testing.B) {
	t := preset(b, "two-regions")
	t.Latency = 0 // what is left is the hub
	l := up(b, t)
	defer down(b, l)
	const bytes = 8 << 20
	for _, q := range []struct {
		what  string
		ask   probe.Question
		times int // an operation
	}{
		{"round-trip", probe.Question{Way: probe.RoundTrip}, 200},
		{"throughput", probe.Question{Way: probe.Throughput, Stream: probe.Downstream, Bytes: bytes}, 10},
	} {
		for _, way := range []string{"direct", "hub"} {
			b.Run(q.what+"/"+way, func(b *testing.B) {
				var took time.Duration
				var carried int64
				ask := q.ask
				ask.Service, ask.Within = topology.ServiceRedis, 10*time.Second
				for b.Loop() {
					for range q.times {
						a, err := askOnce(b.Context(), l, way, ask)
						if err != nil {
							b.Fatal(err)
						}
						took, carried = took+a.Took, carried+a.Bytes
					}
				}
				if carried > 0 {
					b.ReportMetric(float64(carried)/took.Seconds()/1e6, "MB/s")
				} else {
					b.ReportMetric(float64(took.Microseconds())/float64(b.N*q.times), "us/trip")
				}
			})
		}
	}
}

func askOnce(ctx context.Context, l *lab.Lab, way string, q probe.Question) (a probe.Answer, err error) {
	if way == "hub" {
		a, err = l.Inspect().Ask(ctx, west+"_"+east+"_redis", q)
	} else {
		q.Address = "redis." + east + ":6379"
		var replicator lab.Node
		if replicator, err = l.Node("replicator." + east); err == nil {
			a, err = replicator.Ask(ctx, q)
		}
	}
	if err == nil {
		err = a.Err()
	}
	return a, err
}

// BenchmarkFault is each fault of the catalogue, by its example: from the command until it is seen to be in force, and
// until it is seen to be healed.
func BenchmarkFault(b *testing.B) {
	t := preset(b, "two-regions").Scaled(30) // a health check every second
	t.Automation.Check.Interval = time.Hour  // a lab that has failed over would be another one
	l := up(b, t)
	defer down(b, l)
	for _, e := range fault.Catalogue() {
		well := b.Run(e.Kind, func(b *testing.B) {
			var inject, heal time.Duration
			for b.Loop() {
				began := time.Now()
				g, err := l.Guard(example(b, e), func() time.Duration { return time.Since(began) })
				if err != nil {
					b.Fatal(err)
				}
				seen, err := g.Inject(b.Context())
				ordered := time.Since(began)
				healed, herr := g.Heal(b.Context())
				if err != nil || herr != nil {
					b.Fatal(err, herr)
				}
				inject, heal = inject+seen.Window.Hi-seen.Command, heal+healed.Hi-ordered
				settle(b, l)
			}
			report(b, inject, "inject")
			report(b, heal, "heal")
		})
		if !well {
			return // the lab is not what the next one needs
		}
	}
}

// example is the fault of a catalogue's entry, read as a scenario's.
func example(b *testing.B, e fault.Entry) fault.Spec {
	b.Helper()
	s, err := scenarios.Parse(e.Kind, []byte(strings.Join([]string{
		"name: example", "summary: one fault", "timescale: 30", "topology: {preset: two-regions}",
		"workload: {writes: 20/s, reads: 10/s}",
		"steps: [{at: 2m, inject: {" + e.Example + "}}]", "objectives: {recovery_point: 15m}", "observe: 2m",
		"expect: pass",
	}, "\n")))
	if err != nil {
		b.Fatal(err)
	}
	plan, err := s.Compile()
	if err != nil {
		b.Fatal(err)
	}
	return plan.Steps[0].Inject[0]
}

// settle waits until the lab is itself again: the next fault must find it so.
func settle(b *testing.B, l *lab.Lab) {
	b.Helper()
	b.StopTimer()
	defer b.StartTimer()
	err := wait.Every(100*time.Millisecond).Until(b.Context(), time.Minute, "the lab to be itself again",
		func(ctx context.Context) error {
			var g errgroup.Group
			g.Go(func() error { return l.Observe().CheckRouting(ctx) })
			g.Go(func() error { return l.Observe().CheckReplication(ctx) })
			return g.Wait()
		})
	if err != nil {
		b.Fatal(err)
	}
}
