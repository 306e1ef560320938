package fault

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// toy is a fault whose effect comes late and whose every call may fail.
type toy struct {
	rng     *rand.Rand
	fail    float64 // of calls
	late    time.Duration
	broken  bool // what the lab is like
	taken   int  // looks for a baseline
	turning time.Time
}

func (f *toy) Kind() string                     { return "toy" }
func (f *toy) Target() string                   { return "toys" }
func (f *toy) Validate(topology.Topology) error { return nil }
func (f *toy) For(Lab) (Fault, error)           { return f, nil }

func (f *toy) flaky() error {
	if f.rng != nil && f.rng.Float64() < f.fail {
		return errors.New("out of luck")
	}
	return nil
}

func (f *toy) Inject(context.Context) error { return f.turn(true) }
func (f *toy) Heal(context.Context) error   { return f.turn(false) }

func (f *toy) turn(broken bool) error {
	if err := f.flaky(); err != nil {
		return err
	}
	if f.broken != broken {
		f.broken, f.turning = broken, time.Now().Add(f.late)
	}
	return nil
}

func (f *toy) InForce(context.Context) (bool, string, error) {
	if err := f.flaky(); err != nil {
		return false, "", err
	}
	return f.broken != time.Now().Before(f.turning), "looked", nil
}

func (f *toy) Baseline(ctx context.Context) (bool, string, error) {
	f.taken++
	return f.InForce(ctx)
}

func (f *toy) Gone(ctx context.Context) (bool, string, error) {
	in, observed, err := f.InForce(ctx)
	return !in, observed, err
}

func clock() func() time.Duration {
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}

func guard(t *testing.T, f *toy) *Guard {
	t.Helper()
	g, err := NewGuard(f, nil, clock())
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestTheWindowHoldsTheMomentOfEffect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const late = 333 * time.Millisecond
		g := guard(t, &toy{late: late})
		seen, err := g.Inject(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if seen.Window.Lo > late || seen.Window.Hi < late || seen.Window.Hi-seen.Window.Lo > 2*askEvery {
			t.Errorf("in force at %s; the window is %+v", late, seen.Window)
		}
		at := seen.Window.Hi + late
		healed, err := g.Heal(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if healed.Lo > at || healed.Hi < at-askEvery {
			t.Errorf("healed at %s; the window is %+v", at, healed)
		}
		if _, err := g.Heal(t.Context()); err != nil || g.State() != Healed {
			t.Errorf("healing twice: %v, %s", err, g.State())
		}
	})
}

func TestAFaultThatIsNotSeenIsUnconfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := guard(t, &toy{late: 2 * confirmWithin})
		_, err := g.Inject(t.Context())
		if !errors.Is(err, ErrUnconfirmed) || !strings.Contains(err.Error(), "toy on toys") {
			t.Errorf("got %v", err)
		}
		if g.State() != Injected {
			t.Errorf("the state is %s: it has to be healed all the same", g.State())
		}
	})
}

func TestAFaultThatIsThereAlreadyIsNotInjected(t *testing.T) {
	g := guard(t, &toy{broken: true})
	if _, err := g.Inject(t.Context()); err == nil || g.State() != Idle {
		t.Errorf("got %v, state %s", err, g.State())
	}
}

// A baseline that was taken is not taken again: the next fault of the moment may be in force by then.
func TestABaselineIsTakenOnce(t *testing.T) {
	f := &toy{}
	g := guard(t, f)
	if err := g.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	taken := f.taken
	if _, err := g.Inject(t.Context()); err != nil || taken == 0 || f.taken != taken {
		t.Fatalf("%d looks before, and %d after it was injected; %v", taken, f.taken, err)
	}
	if broken := guard(t, &toy{broken: true}); broken.Prepare(t.Context()) == nil {
		t.Error("a fault that is there already has a baseline")
	}
}

func TestAFaultIsInjectedOnce(t *testing.T) {
	g := guard(t, &toy{})
	if _, err := g.Inject(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Inject(t.Context()); err == nil {
		t.Error("a second inject was taken")
	}
}

// A guard that is driven at random, with calls that fail one time in ten, never loses track: what it calls effective
// is broken, what it calls healed is whole, and it can always be healed in the end.
func TestGuardRandomWalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		f := &toy{rng: rng, fail: 0.1}
		g := guard(t, f)
		visited := map[State]int{}
		for range 10_000 {
			before := g.State()
			var err error
			if rng.IntN(2) == 0 {
				_, err = g.Inject(t.Context())
				if before != Idle && err == nil {
					t.Fatalf("inject was taken in state %s", before)
				}
			} else if _, err = g.Heal(t.Context()); err != nil && g.State() != Invalid {
				t.Fatalf("after the failed heal %v the state is %s", err, g.State())
			}
			visited[g.State()]++
			switch g.State() {
			case Effective:
				if !f.broken {
					t.Fatal("effective, and nothing is broken")
				}
			case Healed:
				if f.broken {
					t.Fatal("healed, and it is still broken")
				}
				g = guard(t, f) // the next life
			case Healing:
				t.Fatal("healing has ended, and the state says it goes on")
			default:
			}
		}
		for _, s := range []State{Effective, Healed, Invalid} {
			if visited[s] == 0 {
				t.Errorf("the walk never came to %s", s)
			}
		}
	})
}

func TestEveryEntryOfTheCatalogueIsWhole(t *testing.T) {
	for _, e := range Catalogue() {
		s, ok := New(e.Kind)
		if !ok || s.Kind() != e.Kind {
			t.Errorf("%s: New gives %v, %t", e.Kind, s, ok)
		}
		if !strings.HasPrefix(e.Example, e.Kind+": ") || e.Mimics == "" || e.On == "" || e.Shows == "" {
			t.Errorf("%s: example %q, mimics %q", e.Kind, e.Example, e.Mimics)
		}
	}
	if _, ok := New("lose_regoin"); ok {
		t.Error("a misspelt fault was found")
	}
}

func TestValidation(t *testing.T) {
	there := Links{From: "us-west-2", To: "us-east-1"}
	two, _ := topology.Preset("two-regions")
	for _, c := range []struct {
		name string
		spec Spec
		want string // empty: nothing to complain about
	}{
		{"a region", &LoseRegion{Region: "us-east-1"}, ""},
		{"no region", &LoseRegion{}, "region is missing"},
		{"a region elsewhere", &LoseRegion{Region: "mars-1"}, `"mars-1" is not a region`},
		{"two regions", &Partition{Between: []string{"us-east-1", "us-west-2"}}, ""},
		{"one region", &Partition{Between: []string{"us-east-1"}}, "two different regions"},
		{"a region twice", &Partition{Between: []string{"us-east-1", "us-east-1"}}, "two different regions"},
		{"one way", &Partition{Links: there}, ""},
		{"both and one way", &Partition{Between: []string{"us-east-1", "us-west-2"}, Links: there}, "give one of them"},
		{"a partition of nothing", &Partition{}, "between is missing"},
		{"a partition of clients", &Partition{Links: Links{From: "clients", To: "us-east-1"}}, "no region"},
		{"a service", &Refuse{Links{From: "clients", To: "us-east-1", Service: "app"}}, ""},
		{
			"a service without links", &Refuse{Links{From: "us-west-2", To: "us-east-1", Service: "replicator"}},
			"has no links",
		},
		{"clients ask over UDP", &Stall{Links{From: "clients", To: "global"}}, "UDP"},
		{"nowhere", &Blackhole{}, "from is missing"},
		{"a delay", &Latency{Links: there, Delay: 80 * time.Millisecond}, ""},
		{"no delay", &Latency{Links: there}, "delay is 0s"},
		{"too much jitter", &Jitter{Links: there, UpTo: time.Minute}, "up_to is 1m0s"},
		{"a jitter that can't be halved", &Jitter{Links: there, UpTo: 41 * time.Millisecond}, "even milliseconds"},
		{"a jitter", &Jitter{Links: there, UpTo: 40 * time.Millisecond}, ""},
		{"a circle", &Latency{Links: Links{From: "us-east-1", To: "us-east-1"}, Delay: time.Second}, "the same region"},
		{"sideways", &Latency{Links: there, Delay: time.Second, Direction: "sideways"}, `direction "sideways"`},
		{"a rate", &Bandwidth{Links: there, Rate: 200_000}, ""},
		{"a rate that nobody could see", &Bandwidth{Links: there, Rate: 1}, "rate is 1"},
		{"a direction that nobody could see", &Bandwidth{Links: Links{
			From: "us-west-2", To: "us-east-1",
			Service: "s3",
		}, Rate: 200_000, Direction: "downstream"}, "can't be seen on s3"},
		{"a limit", &ByteLimit{Links: there, Bytes: 65536, Direction: "upstream"}, ""},
		{"a limit without direction", &ByteLimit{Links: there, Bytes: 65536}, "direction is missing"},
		{"a close that is not slow", &SlowClose{Links: there, Delay: time.Millisecond}, "delay is 1ms"},
		{"a node", &Kill{Nodes{Node: "postgres.us-east-1"}}, ""},
		{"a role", &Kill{Nodes{Service: "postgres", Role: "primary"}}, ""},
		{"a role of many", &Kill{Nodes{Service: "app", Role: "primary"}}, "postgres or redis"},
		{
			"a role somewhere", &Kill{Nodes{Service: "redis", Role: "primary", Region: "us-east-1"}},
			"region can't go with it",
		},
		{"a role that is left over", &Kill{Nodes{Service: "redis", Role: "replica"}}, "use primary"},
		{"a node twice", &Kill{Nodes{Node: "redis.us-east-1", Service: "redis"}}, "can't go with it"},
		{"a region is not killed", &Kill{Nodes{Region: "us-east-1"}}, "node is missing"},
		{"a region can be paused", &Pause{Nodes{Region: "us-east-1"}}, ""},
		{"a service that is none", &Pause{Nodes{Service: "hub"}}, "has no nodes"},
		{"what tells of the machine", &Kill{Nodes{Node: "responder.us-east-1"}}, "can't be one"},
		{"a disk", &FillDisk{Nodes{Node: "postgres.us-east-1"}}, ""},
		{"the primary's disk", &ReadOnlyDisk{Nodes{Service: "postgres", Role: "primary"}}, ""},
		{"no disk", &FillDisk{}, "node is missing"},
		{"a disk that is none", &FillDisk{Nodes{Node: "redis.us-east-1"}}, "use a node of service postgres"},
		{"disks that are none", &ReadOnlyDisk{Nodes{Service: "app"}}, "use a node of service postgres"},
		{"a squeeze", &Squeeze{Region: "us-west-2", To: 20}, ""},
		{"a squeeze of nothing", &Squeeze{To: 20}, "region is missing"},
		{"a squeeze to nothing", &Squeeze{Region: "us-west-2"}, "to is 0; it must be 5 to 200"},
		{"a squeeze that is none", &Squeeze{Region: "us-west-2", To: 1000}, "to is 1000"},
		{"a drop", &DropRecords{"score", "03", 0.05, ""}, ""},
		{"a drop of nothing", &DropRecords{"score", "03", 0, ""}, "share is 0%; it must be 0.1% to 100%"},
		{"a drop nowhere", &DropRecords{Share: 0.05}, "partition is \"\": name one of the app's pipeline"},
		{"a drop in no region", &DropRecords{"score", "03", 0.05, "mars"}, "not a region of the topology"},
		{"a corrupt object", &CorruptObject{Object: "checkpoints/nightly/3.json"}, ""},
		{"no object", &CorruptObject{Object: "../secret"}, "object is \"../secret\": name one of the lab's bucket"},
		{"too short to see", &Restart{Nodes: Nodes{Service: "redis"}, Down: time.Millisecond}, "down is 1ms"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.spec.Validate(two)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// brittle is a lab without witnesses once it has died.
type brittle struct {
	Lab

	whole context.Context
}

func (l brittle) Alive(ctx context.Context) (context.Context, func()) {
	alive, cancel := context.WithCancelCause(ctx)
	unhook := context.AfterFunc(l.whole, func() { cancel(context.Cause(l.whole)) })
	return alive, func() { unhook(); cancel(nil) }
}

// seen is a toy that can be seen as long as its lab lives.
type seen struct {
	toy

	lab  brittle
	hang bool // and else nobody answers who could say so
}

func (f *seen) For(Lab) (Fault, error) { return f, nil }

func (f *seen) InForce(ctx context.Context) (bool, string, error) {
	if f.lab.whole.Err() != nil {
		if f.hang {
			<-ctx.Done()
		}
		return false, "", ErrWitness
	}
	return f.toy.InForce(ctx)
}

func (f *seen) Baseline(ctx context.Context) (bool, string, error) { return f.InForce(ctx) }

func (f *seen) Gone(ctx context.Context) (bool, string, error) {
	in, observed, err := f.InForce(ctx)
	return !in, observed, err
}

func TestNobodyWaitsForWitnessesThatDied(t *testing.T) {
	errDied := errors.New("replicator.west ended by itself")
	for name, c := range map[string]struct{ inject, hang bool }{
		"before anything is done": {false, false}, "before anything is done, in silence": {false, true},
		"while it is waited for": {true, false}, "while it is waited for, in silence": {true, true},
	} {
		inject, within := c.inject, 2*time.Second
		if c.hang {
			within += 2 * deadWithin
		}
		synctest.Test(t, func(t *testing.T) {
			whole, die := context.WithCancelCause(t.Context())
			f := &seen{toy: toy{late: time.Hour}, lab: brittle{whole: whole}, hang: c.hang}
			if inject {
				time.AfterFunc(time.Second, func() { die(errDied) })
			} else {
				die(errDied)
			}
			g, err := NewGuard(f, f.lab, clock())
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			_, err = g.Inject(t.Context())
			if !errors.Is(err, errDied) || errors.Is(err, ErrUnconfirmed) || time.Since(start) > within {
				t.Errorf("%s: after %s: %v", name, time.Since(start), err)
			}
			if !inject {
				return
			}
			if _, err = g.Heal(t.Context()); !errors.Is(err, errDied) || f.broken || time.Since(start) > within {
				t.Errorf("%s: healed after %s: %v; it is broken: %t", name, time.Since(start), err, f.broken)
			}
		})
	}
}

func TestWhatCanStillBeSeenIsHealedInALabThatDied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		whole, die := context.WithCancelCause(t.Context())
		g, err := NewGuard(&toy{late: time.Second}, brittle{whole: whole}, clock())
		if err != nil {
			t.Fatal(err)
		}
		die(errors.New("replicator.west ended by itself"))
		if _, err := g.Inject(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := g.Heal(t.Context()); err != nil || g.State() != Healed {
			t.Errorf("%v, %s", err, g.State())
		}
	})
}
