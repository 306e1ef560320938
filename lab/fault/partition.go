package fault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// Partition cuts every link between two regions, both ways, or with from and to one way. Their clients still reach
// them.
type Partition struct {
	Between []string `yaml:"between" about:"The two regions that are cut off from each other."`
	Links   `yaml:",inline"`
}

// Kind is partition.
func (*Partition) Kind() string { return "partition" }

// Target names the two regions.
func (f *Partition) Target() string {
	if f.Between == nil {
		return f.Links.Target()
	}
	return strings.Join(f.Between, " and ")
}

// Validate asks for two different regions.
func (f *Partition) Validate(t topology.Topology) error {
	switch {
	case f.Between == nil && f.Links == (Links{}):
		return invalid("between", "is missing: give between: [A, B] for both ways, or from and to for one")
	case f.Between == nil:
		return errors.Join(f.validate(t), f.insideRegions())
	case f.From != "" || f.To != "":
		return invalid("between", "is for both ways, from and to are for one: give one of them")
	case len(f.Between) != 2 || f.Between[0] == f.Between[1]:
		return invalid("between", "takes two different regions, not %v", f.Between)
	}
	err := errors.Join(regionIn(t, "between[0]", f.Between[0]), regionIn(t, "between[1]", f.Between[1]))
	if err != nil {
		return err
	}
	return Links{From: f.Between[0], To: f.Between[1], Service: f.Service}.validate(t)
}

// insideRegions refuses the places that are not regions.
func (w Links) insideRegions() error {
	for _, end := range []struct{ parameter, name string }{{"from", w.From}, {"to", w.To}} {
		if end.name == topology.Clients || end.name == topology.Global {
			return invalid(end.parameter,
				"%q is no region: to cut a region's clients or the name service off, use refuse or cut_control",
				end.name)
		}
	}
	return nil
}

// picks says whether a path is one of those that are cut.
func (f *Partition) picks(p Path) bool {
	if f.Between == nil {
		return f.Links.picks(p)
	}
	return p.From != p.To && slices.Contains(f.Between, p.From) && slices.Contains(f.Between, p.To) &&
		(f.Service == "" || p.Service == topology.Service(f.Service))
}

// For makes the fault ready.
func (f *Partition) For(l Lab) (Fault, error) {
	if f.Between == nil {
		links, err := f.links(l)
		if err != nil {
			return nil, err
		}
		back, err := Links{From: f.To, To: f.From, Service: f.Service}.links(l)
		if err != nil {
			return nil, err
		}
		return &oneWay{broken: broken{
			linkHold: linkHold{links: links, state: LinkState{Cut: true}},
			check:    lacksRoundTrip,
		}, back: back}, nil
	}
	links, err := l.Links(f.picks)
	if err != nil {
		return nil, err
	}
	return &broken{linkHold: linkHold{links: links, state: LinkState{Cut: true}}, check: lacksRoundTrip}, nil
}

// oneWay is a partition that must leave the way back alone.
type oneWay struct {
	broken
	back []Link
	open []Link // those that carried before
}

// Baseline notes also which links back carry.
func (o *oneWay) Baseline(ctx context.Context) (bool, string, error) {
	_, working, _, err := askAll(ctx, o.back, lacksRoundTrip)
	if errors.Is(err, ErrWitness) {
		return false, "", err
	}
	for _, l := range working {
		if !slices.Contains(o.open, l) {
			o.open = append(o.open, l)
		}
	}
	return o.broken.Baseline(ctx)
}

// Verify asks whether what carried the other way still does. That one does not has to be said as often as anything
// else.
func (o *oneWay) Verify(ctx context.Context) (string, error) {
	for _, l := range o.open {
		var err error
		for range agreeing {
			var a probe.Answer
			if a, err = l.Ask(ctx, probe.Question{Way: probe.RoundTrip}); err == nil {
				err = a.Err()
			}
			if err == nil {
				break
			}
		}
		if err != nil {
			return "", fmt.Errorf("%s, the way back, does not carry any more: %w", l.Path().Name, err)
		}
	}
	return fmt.Sprintf("%d links the other way carry", len(o.open)), nil
}
