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

// Links selects links: those from one region to another (or from "clients" to a region, or from and to "global",
// where the name service lives), or one service's link of them.
type Links struct {
	From    string `yaml:"from" about:"The place where the links start: a region, clients or global."`
	To      string `yaml:"to" about:"The place to which the links lead: a region or global."`
	Service string `yaml:"service" otherwise:"all of them" about:"The service to which the links lead, such as postgres."`
}

// Target names the direction.
func (w Links) Target() string {
	if w.Service != "" {
		return w.From + " to " + w.Service + " in " + w.To
	}
	return w.From + " to " + w.To
}

func (w Links) validate(t topology.Topology) error {
	err := errors.Join(endIn(t, "from", w.From, topology.Clients, topology.Global),
		endIn(t, "to", w.To, topology.Global))
	switch {
	case w.From == w.To && w.From != "":
		err = errors.Join(err, invalid("from", "and to are the same region"))
	case w.From == topology.Clients && w.To == topology.Global:
		err = errors.Join(err,
			invalid("to", "can't be global from clients: they ask the name service over UDP, which no link carries"))
	}
	crossing := servicesWith(func(s topology.Traits) bool { return s.Crosses || s.Global })
	if w.Service != "" && !slices.Contains(crossing, w.Service) {
		err = errors.Join(err, unknown("service", crossing, "%q has no links; those that have are %s", w.Service,
			strings.Join(crossing, ", ")))
	}
	return err
}

// picks says whether a path is one of them.
func (w Links) picks(p Path) bool {
	return p.From == w.From && p.To == w.To && (w.Service == "" || p.Service == topology.Service(w.Service))
}

func (w Links) links(l Lab) ([]Link, error) {
	links, err := l.Links(w.picks)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", w.Target(), err)
	}
	return links, nil
}

// endIn is a complaint about an end of a link that is neither a region nor one of the other places.
func endIn(t topology.Topology, parameter, name string, others ...string) error {
	if slices.Contains(others, name) {
		return nil
	}
	return regionIn(t, parameter, name)
}

// linkHold is a set of links that are held alike.
type linkHold struct {
	links []Link
	state LinkState

	free    []Link // set by Heal: those that nobody else holds
	unasked int    // how many times in a row the witness could not be asked since
}

// deadAfter is how many times in a row a witness can't be asked before it is taken for dead: once may be a busy
// machine, and is no evidence.
const deadAfter = 5

// witnessDead says whether the witness is dead, so that nobody can tell whether the fault is gone.
func (h *linkHold) witnessDead(err error) bool {
	if !errors.Is(err, ErrWitness) {
		h.unasked = 0
		return false
	}
	h.unasked++
	return h.unasked >= deadAfter
}

// Inject holds every link.
func (h *linkHold) Inject(ctx context.Context) error {
	var g errgroup.Group
	for _, l := range h.links {
		g.Go(func() error { return l.Hold(ctx, h.state) })
	}
	return g.Wait()
}

// Heal lets every link go.
func (h *linkHold) Heal(ctx context.Context) (err error) {
	h.free, err = releaseAll(ctx, h.links)
	return err
}

type releasable interface {
	Release(ctx context.Context) (free bool, err error)
}

// releaseAll lets all go at once, whatever becomes of any, and gives those that nobody else holds.
func releaseAll[T releasable](ctx context.Context, outstanding []T) (free []T, err error) {
	isFree := make([]bool, len(outstanding))
	var g errgroup.Group
	for i, one := range outstanding {
		g.Go(func() (err error) { isFree[i], err = one.Release(ctx); return err })
	}
	err = g.Wait()
	for i, one := range outstanding {
		if isFree[i] {
			free = append(free, one)
		}
	}
	return free, err
}

// observable are the links that can tell whether the fault is gone: those that nobody else holds and that lead to
// somebody who answers.
func (h *linkHold) observable(ctx context.Context) []Link {
	behind := make([]error, len(h.free))
	var g errgroup.Group
	for i, l := range h.free {
		g.Go(func() error { behind[i] = l.Behind(ctx); return nil })
	}
	_ = g.Wait()
	var ask []Link
	for i, l := range h.free {
		if behind[i] == nil {
			ask = append(ask, l)
		}
	}
	return ask
}

// Gone says, once the fault has let go, whether every link carries that can tell. It carries whatever the other side
// answers: that a region is ill, or was fenced meanwhile, is no matter of the links.
func (h *linkHold) Gone(ctx context.Context) (bool, string, error) {
	ask := h.observable(ctx)
	if len(ask) == 0 {
		return true, "let go; no link is left that could tell", nil
	}
	failing, working, observed, err := askAll(ctx, ask, lacksRoundTrip)
	switch {
	case h.witnessDead(err):
		return true, "let go; nobody is there to ask", nil
	case err != nil:
		return false, "", err
	case len(failing) > 0:
		return false, fmt.Sprintf("%s: %s", describeLinks(failing), observed), nil
	}
	return true, fmt.Sprintf("%s carry", describeLinks(working)), nil
}

// describeLinks are links in a few words.
func describeLinks(links []Link) string {
	if len(links) == 1 {
		return links[0].Path().Name
	}
	return fmt.Sprintf("%d links", len(links))
}
