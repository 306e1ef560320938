package fault

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// A fault of several links or nodes is in force on all of them, or it has lapsed.
func TestAFaultThatIsGoneInPartHasLapsed(t *testing.T) {
	two, _ := topology.Preset("two-regions")
	for name, spec := range map[string]Spec{
		"partition":   &Partition{Links: Links{From: west, To: east}},
		"refuse":      &Refuse{Links{From: west, To: east}},
		"stall":       &Stall{Links{From: west, To: east}},
		"blackhole":   &Blackhole{Links{From: west, To: east}},
		"kill":        &Kill{Nodes{Service: "redis"}},
		"pause":       &Pause{Nodes{Service: "redis"}},
		"squeeze":     &Squeeze{Region: west, To: 20},
		"lose_region": &LoseRegion{Region: east},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				redis := &fakeLink{path: Path{
					Name: "west_east_redis", From: west, To: east,
					Service: topology.ServiceRedis,
				}}
				postgres := &fakeLink{path: Path{
					Name: "west_east_postgres", From: west, To: east,
					Service: topology.ServicePostgres,
				}}
				back := &fakeLink{path: Path{
					Name: "east_west_redis", From: east, To: west,
					Service: topology.ServiceRedis,
				}}
				door := &fakeLink{path: Path{
					Name: "clients_east_app", From: topology.Clients, To: east,
					Service: topology.ServiceApp,
				}}
				home, standby := newNode(topology.ServiceRedis, east), newNode(topology.ServiceRedis, west)
				one, other := newNode(topology.ServiceApp, west), newNode(topology.ServiceApp, west)
				one.place.Name, other.place.Name = "app-1."+west, "app-2."+west
				orders, _ := acceptOrders(one), acceptOrders(other)
				f, err := spec.For(fakeLab{
					topology: two, links: []*fakeLink{redis, postgres, back, door},
					nodes: []Node{home, standby, one, other},
				})
				if err != nil {
					t.Fatal(err)
				}
				g := &Guard{fault: f, now: clock(), state: Effective, probeTime: ms}
				for range agreeing { // some compare with what was before
					_, _, _ = f.Baseline(t.Context())
				}
				if err := f.Inject(t.Context()); err != nil {
					t.Fatal(err)
				}
				if g.lapsed(t.Context()) != nil {
					t.Error("it has just been injected, and has lapsed")
				}
				redis.state = nil
				clear(orders)
				home.state = topology.NodeRunning
				if g.lapsed(t.Context()) == nil {
					t.Error("part of it is gone, and it has not lapsed")
				}
			})
		})
	}
}

// stuck is a link that can't be let go while it flaps.
type stuck struct {
	*fakeLink
	left int
}

func (l *stuck) Release(ctx context.Context) (bool, error) {
	if l.left--; l.left == 0 {
		return false, errors.New("not now")
	}
	return l.fakeLink.Release(ctx)
}

// What is driven no more and stays cut does not flap, either.
func TestALinkThatStaysCutHasCeasedToFlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &stuck{redisLink(west, east), 6}
		g := injected(t, &Flapping{Links: Links{From: west, To: east}, On: 400 * ms, Off: 300 * ms},
			otherLinks{fakeLab{}, k})
		time.Sleep(10 * time.Second)
		if m, err := g.Heal(t.Context()); err != nil || m.Lapsed == nil {
			t.Errorf("%+v, %v", m, err)
		}
	})
}

// booting is the way to an app that takes its time to answer once its node runs.
type booting struct {
	*fakeLink
	app   *fakeNode
	since time.Time
}

func (l *booting) Ask(ctx context.Context, q probe.Question) (probe.Answer, error) {
	if s, _ := l.app.State(ctx); s != topology.NodeRunning {
		l.since = time.Time{}
	} else if l.since.IsZero() {
		l.since = time.Now()
	}
	if l.since.IsZero() || time.Since(l.since) < 3*time.Second {
		return probe.Answer{Symptom: probe.Closed}, nil
	}
	return l.fakeLink.Ask(ctx, q)
}

// someLinks is a lab with one link that is not a plain fake.
type someLinks struct {
	fakeLab
	more Link
}

func (l someLinks) Links(keep func(Path) bool) ([]Link, error) {
	links, err := l.fakeLab.Links(keep)
	if keep(l.more.Path()) {
		return append(links, l.more), nil
	}
	return links, err
}

// That another fault holds the links to the other region does not keep its app from answering, so it is waited for.
func TestALostRegionIsBackWhenItsAppAnswersBesideAPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newNode(topology.ServiceApp, east)
		door := &booting{&fakeLink{path: Path{
			Name: "clients_east_app", From: topology.Clients, To: east,
			Service: topology.ServiceApp,
		}}, app, time.Now().Add(-time.Hour)}
		cross := redisLink(west, east)
		g := injected(t, &LoseRegion{Region: east}, someLinks{
			fakeLab{links: []*fakeLink{cross}, nodes: []Node{app}},
			door,
		})
		cross.others = true
		start := g.now()
		if m, err := g.Heal(t.Context()); err != nil || m.Lapsed != nil || m.Hi-start < 3*time.Second {
			t.Errorf("%+v, %v", m, err)
		}
	})
}
