package fault

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// Clients were cut off five milliseconds after the command, whatever one probe says; the engine takes three seconds
// longer.
func TestARegionIsNotDarkForOneBadProbe(t *testing.T) {
	for bad := range 8 {
		synctest.Test(t, func(t *testing.T) {
			door := &fakeLink{
				path:  Path{Name: "clients_east_app", From: topology.Clients, To: east, Service: topology.ServiceApp},
				holds: 5 * ms, wrong: []int{bad},
			}
			n := newNode(topology.ServicePostgres, east)
			n.holds = 3 * time.Second
			g, err := NewGuard(&LoseRegion{Region: east}, fakeLab{links: []*fakeLink{door}, nodes: []Node{n}}, clock())
			if err != nil {
				t.Fatal(err)
			}
			s, err := g.Inject(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			cut := s.Command + door.holds
			if s.Window.Lo > cut || s.Window.Hi < cut || !strings.Contains(s.By, "clients get no answer") {
				t.Errorf("question %d is answered wrong: cut at %s, the window is %+v by %q", bad, cut, s.Window, s.By)
			}
			if bad < 3 && s.Window.Hi > cut+20*ms {
				t.Errorf("question %d is answered wrong: cut at %s, the window is %+v", bad, cut, s.Window)
			}
		})
	}
}

// Clients who speak to Redis themselves go through a door of their own, and the one to the app may be shut before it:
// what Redis acknowledges meanwhile was not acknowledged by a region that is lost.
func TestARegionIsLostWithTheLastOfItsDoors(t *testing.T) {
	for name, takes := range map[string]struct{ app, redis time.Duration }{
		"the app's first": {5 * ms, 60 * ms}, "the store's first": {60 * ms, 5 * ms},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app := &fakeLink{path: Path{
					Name: "clients_east_app", From: topology.Clients, To: east, Service: topology.ServiceApp,
				}, holds: takes.app}
				redis := redisLink(topology.Clients, east)
				redis.holds = takes.redis
				n := newNode(topology.ServicePostgres, east)
				n.holds = 3 * time.Second
				lab := fakeLab{links: []*fakeLink{app, redis}, nodes: []Node{n}}
				g, err := NewGuard(&LoseRegion{Region: east}, lab, clock())
				if err != nil {
					t.Fatal(err)
				}
				s, err := g.Inject(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				first, last := s.Command+5*ms, s.Command+60*ms
				if s.Window.Lo > first || s.Window.Hi < last || s.Window.Hi > last+20*ms {
					t.Errorf("the doors are shut at %s and %s; the window is %+v", first, last, s.Window)
				}
			})
		})
	}
}

func TestARegionThatServesNobodyIsLostByTheWordOfTheEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		door := &fakeLink{path: Path{
			Name: "clients_west_app", From: topology.Clients, To: west,
			Service: topology.ServiceApp,
		}, others: true}
		n := newNode(topology.ServicePostgres, west)
		n.holds = 300 * ms
		g, err := NewGuard(&LoseRegion{Region: west}, fakeLab{links: []*fakeLink{door}, nodes: []Node{n}}, clock())
		if err != nil {
			t.Fatal(err)
		}
		s, err := g.Inject(t.Context())
		if at := s.Command + n.holds; err != nil || s.Window.Lo > at || s.Window.Hi != at {
			t.Errorf("down at %s; the window is %+v, %v", at, s.Window, err)
		}
	})
}

func redisLink(from, to string) *fakeLink {
	return &fakeLink{path: Path{Name: from + "_" + to + "_redis", From: from, To: to, Service: topology.ServiceRedis}}
}

func postgresLink(from, to string) *fakeLink {
	return &fakeLink{path: Path{
		Name: from + "_" + to + "_postgres", From: from, To: to,
		Service: topology.ServicePostgres,
	}}
}

// A link that one bad probe has missed counts all the same: the fault is not in force before that is cut, too.
func TestNoLinkIsLeftOutForOneBadProbe(t *testing.T) {
	for _, bad := range []int{1, 2} {
		synctest.Test(t, func(t *testing.T) {
			quick, late := redisLink(west, east), postgresLink(west, east)
			late.wrong, late.holds = []int{bad}, 400*ms
			g, err := NewGuard(&Refuse{Links{From: west, To: east}}, fakeLab{links: []*fakeLink{quick, late}}, clock())
			if err != nil {
				t.Fatal(err)
			}
			s, err := g.Inject(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if at := s.Command + late.holds; s.Window.Lo > at || s.Window.Hi < at ||
				!strings.Contains(s.By, "2 links") {
				t.Errorf("cut at %s; the window is %+v by %q", at, s.Window, s.By)
			}
		})
	}
}

// The way back of a partition is watched also when a bad probe has missed it, and is not found broken by one.
func TestOneBadProbeOfTheWayBack(t *testing.T) {
	for name, c := range map[string]struct {
		wrong []int
		cut   bool
		want  error
	}{
		"missed before":         {wrong: []int{1}},
		"missed before, broken": {wrong: []int{1}, cut: true, want: ErrUnconfirmed},
		"missed afterwards":     {wrong: []int{3}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				there, back := redisLink(west, east), redisLink(east, west)
				back.wrong = c.wrong
				there.holds = 200 * ms
				if c.cut {
					time.AfterFunc(1500*ms, func() { back.mu.Lock(); back.others = true; back.mu.Unlock() })
					there.holds = 2 * time.Second
				}
				g, err := NewGuard(&Partition{Links: Links{From: west, To: east}},
					fakeLab{links: []*fakeLink{there, back}}, clock())
				if err != nil {
					t.Fatal(err)
				}
				if _, err := g.Inject(t.Context()); !errors.Is(err, c.want) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

// A line that failed is broken and stays so: it must not be one that a bad probe broke before the fault.
func TestABlackholeOutlastsABadLine(t *testing.T) {
	for bad := range 6 {
		synctest.Test(t, func(t *testing.T) {
			l := &brokenLines{fakeLink: redisLink(west, east), broken: map[string]bool{}}
			l.wrong = []int{bad}
			g, err := NewGuard(&Blackhole{Links{From: west, To: east}}, otherLinks{fakeLab{}, l}, clock())
			if err != nil {
				t.Fatal(err)
			}
			s, err := g.Inject(t.Context())
			if err != nil {
				t.Fatalf("question %d is answered wrong: %v", bad, err)
			}
			if width := s.Window.Hi - s.Window.Lo; width > 30*ms {
				t.Errorf("question %d is answered wrong: the window is %s wide", bad, width)
			}
			if m, err := g.Heal(t.Context()); err != nil || m.Lapsed != nil {
				t.Errorf("%+v, %v", m, err)
			}
		})
	}
}

// What is measured is compared with the better of two measurements: a bad probe makes one that is too slow.
func TestTheBaseIsNotThatOfOneBadProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &slowFirst{fakeLink: redisLink(west, east), first: latencyTrips}
		g := injected(t, &Latency{Links: Links{From: west, To: east}, Delay: 80 * ms}, otherLinks{fakeLab{}, k})
		if base := *g.fault.(*measured).base; base > 2 {
			t.Errorf("the base is %g ms", base)
		}
	})
}

// The base of a jitter is the calmer of two measurements, whichever comes first.
func TestTheBaseOfAJitterIsNotThatOfABusyMachine(t *testing.T) {
	for name, from := range map[string]int64{"first busy": 0, "then busy": jitterTrips} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &busy{upTo: 60 * ms, share: func(n int64) float64 { return float64(n%100) / 100 }}
				f, err := (&Jitter{
					Links: Links{From: "west", To: "east"}, Direction: "upstream",
					UpTo: 60 * ms,
				}).For(&busyFor{b, from})
				if err != nil {
					t.Fatal(err)
				}
				for range agreeing {
					if in, _, err := f.Baseline(t.Context()); in || err != nil {
						t.Fatal(in, err)
					}
				}
				if spread := f.(*jittered).before.spread; spread > 5 {
					t.Errorf("the base spreads over %g ms", spread)
				}
			})
		})
	}
}

// What is left of another fault's delay may have come or gone since: only what can't be with the fault shows that it
// is gone.
func TestAnotherLatencyThatIsHealedIsNoLapse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := redisLink(west, east)
		k.slow = 120 * ms // of another fault
		g := injected(t, &Latency{Links: Links{From: west, To: east}, Delay: 60 * ms}, fakeLab{links: []*fakeLink{k}})
		k.slow = 0
		if g.lapsed(t.Context()) != nil {
			t.Error("the other fault was healed, and this one has lapsed")
		}
		if k.state = nil; g.lapsed(t.Context()) == nil {
			t.Error("it is gone as well, and has not lapsed")
		}
	})
}

func TestABlackholeLapsesThoughItsLinesStayBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &brokenLines{fakeLink: redisLink(west, east), broken: map[string]bool{}}
		g := injected(t, &Blackhole{Links{From: west, To: east}}, otherLinks{fakeLab{}, l})
		l.state = nil
		if m, err := g.Heal(t.Context()); err != nil || m.Lapsed == nil {
			t.Errorf("%+v, %v", m, err)
		}
	})
}

func TestTheBaseOfADelayIsNotThatOfOneBadProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		replicator, app := newNode(topology.ServiceReplicator, west), newNode(topology.ServiceApp, west)
		var delay time.Duration
		published, since, hiccup := 1, time.Now(), 400*ms
		cutOff := false // from the repository
		replicator.call = func(method, path string, in, out any) error {
			switch o := in.(type) {
			case topology.Config:
				if cutOff {
					return errors.New("503 Service Unavailable")
				}
				published, since = o.Revision, time.Now().Add(hiccup)
				hiccup = 0
			case api.DeliveryOrder:
				delay = o.Delay
			}
			if method == http.MethodDelete {
				delay = 0
			}
			if s, ok := out.(*api.DeliveryState); ok {
				s.Published = published
			}
			return nil
		}
		app.call = func(_, _ string, _, out any) error {
			has := published
			if time.Since(since) < delay {
				has--
			}
			return decode(out, has)
		}
		g := injected(t, &DelayConfig{Configured{west}, time.Second}, fakeLab{nodes: []Node{replicator, app}})
		if base := g.fault.(*lateConfig).base; base > 50*ms {
			t.Errorf("the base is %s", base)
		}
		cutOff = true
		if _, err := g.Heal(t.Context()); err != nil {
			t.Errorf("healed while nothing can be published: %v", err)
		}
	})
}

// What is seen by silence is in force when the hub or the engine has said so, and not when the probe has lost its
// patience.
func TestWhatIsSeenBySilenceIsKnownToAFewMilliseconds(t *testing.T) {
	where := Links{From: west, To: east}
	for name, spec := range map[string]Spec{
		"stall": &Stall{where}, "blackhole": &Blackhole{where},
		"pause": &Pause{Nodes{Service: "redis", Region: east}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k, n := redisLink(west, east), newNode(topology.ServiceRedis, east)
				k.holds, n.holds = 12*ms, 12*ms
				g, err := NewGuard(spec, fakeLab{links: []*fakeLink{k}, nodes: []Node{n}}, clock())
				if err != nil {
					t.Fatal(err)
				}
				s, err := g.Inject(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if at := s.Command + 12*ms; s.Window.Lo > at || s.Window.Hi < at || s.Window.Hi > at+ms {
					t.Errorf("in force at %s; the window is %+v", at, s.Window)
				}
			})
		})
	}
}
