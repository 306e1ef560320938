package fault

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/lab/wait"
)

// delivery is how the nodes of a region get their configuration.
type delivery struct {
	holder     string
	order      api.DeliveryOrder
	replicator Node
	apps       []Node
	lives      lives // of the replicator

	mu      sync.Mutex
	highest map[string]int // by app node: the highest revision that it reported
}

func (c Configured) delivery(l Lab, holder string, o api.DeliveryOrder) (*delivery, error) {
	replicator, err := only(l, topology.ServiceReplicator, c.Region)
	if err != nil {
		return nil, err
	}
	apps, err := l.Nodes(func(p Place) bool { return p.configured() && p.Region == c.Region })
	if err != nil {
		return nil, fmt.Errorf("app nodes in %s: %w", c.Region, err)
	}
	return &delivery{holder: holder, order: o, replicator: replicator, apps: apps, highest: map[string]int{}}, nil
}

func (d *delivery) agent() api.Replicator { return api.Replicator{Caller: agentOf(d.replicator)} }

func (d *delivery) state(ctx context.Context) (s api.DeliveryState, err error) {
	s, err = d.agent().Delivery(ctx)
	if err == nil && s.Published == 0 {
		err = errors.New("no configuration is published yet")
	}
	return s, err
}

// Inject gives the replicator the order.
func (d *delivery) Inject(ctx context.Context) error {
	err := d.agent().FailDelivery(ctx, d.holder, d.order)
	d.lives = livesOf(ctx, d.replicator)
	return err
}

// Vouched is that the replicator has taken the order. What comes of it shows at the nodes later.
func (*delivery) Vouched() bool { return false }

// Lapsed asks the replicator for its orders. To publish something and see would change what the drill measures.
func (d *delivery) Lapsed(ctx context.Context) (bool, error) {
	s, err := d.state(ctx)
	if _, has := s.Orders[d.holder]; has || err != nil {
		return false, err
	}
	return d.lives.allContinue(ctx)
}

// Heal takes the order back. A replicator that is down has forgotten it.
func (d *delivery) Heal(ctx context.Context) error {
	return unlessDown(ctx, d.replicator, func(ctx context.Context) error {
		return d.agent().RestoreDelivery(ctx, d.holder)
	})
}

// over says, once healed, whether there is nothing left to see: nobody delivers, or another fault still holds it up.
func (d *delivery) over(ctx context.Context) (bool, string, error) {
	if up, err := running(ctx, d.replicator); err != nil || !up {
		return err == nil, "the replicator is not running, and has forgotten its orders", err
	}
	s, err := d.state(ctx)
	switch _, has := s.Orders[d.holder]; {
	case err != nil || has:
		return false, "", err
	case len(s.Orders) > 0:
		return true, "let go, and still held by other faults", nil
	}
	up, err := anyRuns(ctx, d.apps)
	return !up && err == nil, "let go, and no app node runs", err
}

// publish publishes a copy of what is published, and returns its revision.
func (d *delivery) publish(ctx context.Context) (int, error) {
	s, err := d.state(ctx)
	if err != nil {
		return 0, err
	}
	s.Document.Revision = s.Published + 1
	_, err = d.agent().Publish(ctx, s.Document)
	return s.Document.Revision, err
}

// revisions asks every app node that runs which revision it has in force.
func (d *delivery) revisions(ctx context.Context) (map[string]int, error) {
	has := map[string]int{}
	for _, n := range d.apps {
		var c topology.ConfigReport
		err := agentOf(n).Call(ctx, http.MethodGet, "/config", nil, &c)
		if err != nil {
			if up, serr := running(ctx, n); serr == nil && !up {
				continue
			}
			return nil, err
		}
		has[n.Place().Name] = c.Revision
	}
	if len(has) == 0 {
		return nil, errors.New("no app node of the region runs, so nobody could tell which configuration it has")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, revision := range has {
		d.highest[name] = max(d.highest[name], revision)
	}
	return has, nil
}

// reached waits until every app node has a revision.
func (d *delivery) reached(ctx context.Context, revision int, within time.Duration) error {
	return wait.Every(askEvery).Until(ctx, within, fmt.Sprintf("the app nodes to have revision %d", revision),
		func(ctx context.Context) error {
			has, err := d.revisions(ctx)
			if err == nil && slices.ContainsFunc(slices.Collect(maps.Values(has)),
				func(r int) bool { return r < revision }) {
				err = errors.New("they have " + revisionsText(has))
			}
			return err
		})
}

func revisionsText(has map[string]int) string {
	var each []string
	for _, name := range slices.Sorted(maps.Keys(has)) {
		each = append(each, fmt.Sprintf("%s revision %d", name, has[name]))
	}
	return strings.Join(each, ", ")
}

// behind says whether every app node has a lower revision than the one it is compared with.
func behind(has map[string]int, than func(name string) int) (bool, error) {
	below := 0
	for name, revision := range has {
		if revision < than(name) {
			below++
		}
	}
	if below != 0 && below != len(has) {
		return false, fmt.Errorf("of %d app nodes %d are behind: %s", len(has), below, revisionsText(has))
	}
	return below > 0, nil
}

// frozenConfig is a delivery that stands still.
type frozenConfig struct{ *delivery }

// Vouched is that the replicator keeps what is published from the moment on at which it has the order.
func (*frozenConfig) Vouched() bool { return true }

// Inject freezes, and publishes something to be kept.
func (f *frozenConfig) Inject(ctx context.Context) error {
	if err := f.delivery.Inject(ctx); err != nil {
		return err
	}
	_, err := f.publish(ctx)
	return err
}

// Baseline asks as InForce does.
func (f *frozenConfig) Baseline(ctx context.Context) (bool, string, error) { return f.InForce(ctx) }

// Gone asks as InForce does, where there is something left to see.
func (f *frozenConfig) Gone(ctx context.Context) (bool, string, error) {
	if over, observed, err := f.over(ctx); over || err != nil {
		return over, observed, err
	}
	isHeld, observed, err := f.InForce(ctx)
	return err == nil && !isHeld, observed, err
}

// InForce asks the app nodes for the revision they have, against the one that is published.
func (f *frozenConfig) InForce(ctx context.Context) (bool, string, error) {
	s, err := f.state(ctx)
	if err != nil {
		return false, "", err
	}
	has, err := f.revisions(ctx)
	if err != nil {
		return false, "", err
	}
	in, err := behind(has, func(string) int { return s.Published })
	return in, fmt.Sprintf("revision %d is published; %s", s.Published, revisionsText(has)), err
}

// rolledBack is a delivery that went back.
type rolledBack struct{ frozenConfig }

// Vouched is that the replicator delivers the document before: the nodes have yet to read it.
func (*rolledBack) Vouched() bool { return false }

// rollBackWithin is how long the revision may take to the app nodes that is then rolled back.
const rollBackWithin = 30 * time.Second

// Inject goes back. Where nothing came before, a copy is published first, so that there is something to go back from.
func (r *rolledBack) Inject(ctx context.Context) error {
	s, err := r.state(ctx)
	if err != nil {
		return err
	}
	if s.Former == 0 {
		revision, err := r.publish(ctx)
		if err == nil {
			err = r.reached(ctx, revision, rollBackWithin)
		}
		if err != nil {
			return err
		}
	}
	return r.delivery.Inject(ctx)
}

// Baseline records which revisions the app nodes have.
func (r *rolledBack) Baseline(ctx context.Context) (bool, string, error) { return r.InForce(ctx) }

// InForce asks the app nodes whether they have a lower revision than they had.
func (r *rolledBack) InForce(ctx context.Context) (bool, string, error) {
	has, err := r.revisions(ctx)
	if err != nil {
		return false, "", err
	}
	r.mu.Lock()
	had := maps.Clone(r.highest)
	r.mu.Unlock()
	in, err := behind(has, func(name string) int { return had[name] })
	return in, fmt.Sprintf("%s, having had %s", revisionsText(has), revisionsText(had)), err
}
