package fault

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// watcher is a name service that sees a region ill when its checks have failed for a while, as a region that is
// fenced is for ever.
type watcher struct {
	*fakeNode
	check  *fakeLink
	fenced bool
	cut    time.Time
}

func newWatcher(region string) (*watcher, fakeLab) {
	w := &watcher{fakeNode: newNode(topology.ServiceNameservice, topology.Global)}
	w.check = &fakeLink{path: Path{
		Name: "global_" + region + "_app", From: topology.Global, To: region,
		Service: topology.ServiceApp,
	}}
	back := &fakeLink{path: Path{
		Name: region + "_global_nameservice", From: region, To: topology.Global,
		Service: topology.ServiceNameservice,
	}}
	w.call = func(_, _ string, _, out any) error {
		w.check.mu.Lock()
		isHeld := w.check.state != nil || w.check.others
		w.check.mu.Unlock()
		if isHeld && w.cut.IsZero() {
			w.cut = time.Now()
		}
		if !isHeld {
			w.cut = time.Time{}
		}
		healthy := !w.fenced && (!isHeld || time.Since(w.cut) < 300*ms)
		r := out.(*api.Routing)
		r.Targets = append(r.Targets, api.TargetHealth{Region: region, Healthy: healthy})
		return nil
	}
	two, _ := topology.Preset("two-regions")
	return w, fakeLab{topology: two, links: []*fakeLink{w.check, back}, nodes: []Node{w.fakeNode}}
}

// A region that was fenced while its control paths were cut is seen ill for ever. The paths are mended all the same.
func TestACutIsHealedWhenTheWayCarriesWhateverComesBackOnIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, l := newWatcher(east)
		g := injected(t, &CutControl{Region: east, Of: ofNameservice}, l)
		w.fenced = true
		start := time.Now()
		m, err := g.Heal(t.Context())
		if err != nil || m.Lapsed != nil || time.Since(start) > time.Second {
			t.Errorf("after %s: %+v, %v", time.Since(start), m, err)
		}
	})
}

func TestAnIllRegionIsNotCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, l := newWatcher(east)
		w.fenced = true
		g, err := NewGuard(&CutControl{Region: east, Of: ofNameservice}, l, clock())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.Inject(t.Context()); err == nil || !strings.Contains(err.Error(),
			"though global_us-east-1_app carry") {
			t.Errorf("got %v", err)
		}
	})
}

func TestACutThatWentAwayByItselfIsSeenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, l := newWatcher(east)
		g := injected(t, &CutControl{Region: east, Of: ofNameservice}, l)
		w.check.state = nil
		if m, err := g.Heal(t.Context()); err != nil || m.Lapsed == nil {
			t.Errorf("%+v, %v", m, err)
		}
	})
}

// fencedDoor leads to an app that answers each question, and that it is ill.
type fencedDoor struct {
	*fakeLink
	address string
	lines   *probe.Lines
}

func (d fencedDoor) Ask(ctx context.Context, q probe.Question) (probe.Answer, error) {
	d.mu.Lock()
	isHeld := d.state != nil
	d.mu.Unlock()
	if isHeld {
		return probe.Answer{Symptom: probe.Refused}, nil
	}
	q.Service, q.Address = topology.ServiceApp, d.address
	return d.lines.Ask(ctx, q)
}

// A link carries, and a region is back, whatever the app says: these faults are healed though it answers 503 all the
// time.
func TestWhateverTheOtherSideAnswersItIsReached(t *testing.T) {
	ill := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "fenced", http.StatusServiceUnavailable)
	}))
	t.Cleanup(ill.Close)
	where := Links{From: topology.Clients, To: east, Service: "app"}
	for _, spec := range []Spec{&LoseRegion{Region: east}, &Refuse{where}, &Blackhole{where}} {
		t.Run(spec.Kind(), func(t *testing.T) {
			door := fencedDoor{
				&fakeLink{path: Path{From: topology.Clients, To: east, Service: topology.ServiceApp}},
				ill.Listener.Addr().String(), &probe.Lines{},
			}
			if _, blackhole := spec.(*Blackhole); blackhole {
				f, err := spec.For(otherLinks{fakeLab{}, door})
				if err != nil {
					t.Fatal(err)
				}
				for range agreeing {
					if in, _, err := f.Baseline(t.Context()); in || err != nil {
						t.Errorf("in force %t, %v", in, err)
					}
				}
				return
			}
			g := injected(t, spec, otherLinks{fakeLab{nodes: []Node{newNode(topology.ServicePostgres, east)}}, door})
			if m, err := g.Heal(t.Context()); err != nil || m.Lapsed != nil {
				t.Errorf("%+v, %v", m, err)
			}
		})
	}
}

// A squeeze is healed when no node has a ceiling any more, also where the app serves less for a reason of its own.
func TestASqueezeIsHealedAlsoWhereTheAppServesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &serving{fakeNode: newNode(topology.ServiceApp, west)}
		n.place.Name = "app-1." + west
		orders := acceptOrders(n.fakeNode)
		n.rate = func() float64 {
			switch {
			case n.fenced:
				return 0
			case len(orders) > 0:
				return 20
			}
			return 40
		}
		capacity := n.call
		n.call = func(method, path string, in, out any) error {
			err := capacity(method, path, in, out)
			if l, ok := out.(*api.Capacity); ok {
				l.Served = n.served
			}
			return err
		}
		g := injected(t, &Squeeze{Region: west, To: 20}, fakeLab{nodes: []Node{n}})
		n.fenced = true
		if m, err := g.Heal(t.Context()); err != nil || m.Lapsed != nil {
			t.Errorf("%+v, %v", m, err)
		}
	})
}

// serving is an app node that serves at a rate.
type serving struct {
	*fakeNode
	rate   func() float64
	fenced bool
	served int64
}

func (n *serving) Ask(_ context.Context, q probe.Question) (probe.Answer, error) {
	time.Sleep(q.Lasting)
	count := int64(n.rate() * q.Lasting.Seconds())
	n.served += count
	return probe.Answer{Count: count}, nil
}
