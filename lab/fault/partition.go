package fault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/topology"
)

// Partition cuts every link between two regions, both ways. Their clients still reach them.
type Partition struct {
	Between []string `yaml:"between"`
}

// Kind is partition.
func (*Partition) Kind() string { return "partition" }

// Target names the two regions.
func (f *Partition) Target() string { return strings.Join(f.Between, " and ") }

// Validate asks for two different regions.
func (f *Partition) Validate(t topology.Topology) error {
	if len(f.Between) != 2 || f.Between[0] == f.Between[1] {
		return fmt.Errorf("between takes two different regions, not %v", f.Between)
	}
	return errors.Join(regionIn(t, "between", f.Between[0]), regionIn(t, "between", f.Between[1]))
}

// For makes the fault ready.
func (f *Partition) For(l Lab) (Fault, error) {
	links, err := l.Links(func(from, to string, _ topology.Service) bool {
		return from != to && slices.Contains(f.Between, from) && slices.Contains(f.Between, to)
	})
	if err != nil {
		return nil, err
	}
	return &partition{links: links}, nil
}

type partition struct {
	links []Link
	alive []Link // those that carried before: only they can tell
}

func (p *partition) Inject(ctx context.Context) error {
	var g errgroup.Group
	for _, l := range p.links {
		g.Go(func() error { return l.Cut(ctx) })
	}
	return g.Wait()
}

func (p *partition) Heal(ctx context.Context) error {
	var g errgroup.Group
	for _, l := range p.links {
		g.Go(func() error { return l.Restore(ctx) })
	}
	return g.Wait()
}

// InForce makes a round trip over every link that carried before. Some failing and some not is neither in force nor healed.
func (p *partition) InForce(ctx context.Context) (bool, string, error) {
	first := p.alive == nil
	ask := p.alive
	if first {
		ask = p.links
	}
	errs := make([]error, len(ask))
	var g errgroup.Group
	for i, l := range ask {
		g.Go(func() error { _, errs[i] = l.Trip(ctx); return nil })
	}
	_ = g.Wait()
	var good []Link
	var bad error
	for i, err := range errs {
		switch {
		case err == nil:
			good = append(good, ask[i])
		case errors.Is(err, ErrWitness):
			return false, "", err
		default:
			bad = err
		}
	}
	if first {
		if len(good) == 0 {
			return false, "", fmt.Errorf("none of the %d links carries: %w", len(ask), bad)
		}
		p.alive = good
		return false, fmt.Sprintf("%d links carry", len(good)), nil
	}
	switch len(good) {
	case 0:
		return true, fmt.Sprintf("no round trip on any of %d links: %v", len(ask), bad), nil
	case len(ask):
		return false, fmt.Sprintf("all %d links carry", len(ask)), nil
	default:
		return false, "", fmt.Errorf("%d of %d links carry: %w", len(good), len(ask), bad)
	}
}
