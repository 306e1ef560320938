package fault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// Where is the links from one region to another (or from "clients" to a region, or from and to "global", where the name service lives),
// or one service's link of them.
type Where struct {
	From    string `yaml:"from"`
	To      string `yaml:"to"`
	Service string `yaml:"service"`
}

// Target names the direction.
func (w Where) Target() string {
	if w.Service != "" {
		return w.From + " to " + w.Service + " in " + w.To
	}
	return w.From + " to " + w.To
}

func (w Where) validate(t topology.Topology) error {
	err := errors.Join(endIn(t, "from", w.From, topology.Clients, topology.Global), endIn(t, "to", w.To, topology.Global))
	switch {
	case w.From == w.To && w.From != "":
		err = errors.Join(err, errors.New("from and to are the same region"))
	case w.From == topology.Clients && w.To == topology.Global:
		err = errors.Join(err, errors.New("to can't be global from clients: they ask the name service over UDP, which no link carries"))
	}
	crossing := []string{"postgres", "redis", "s3", "dynamodb", "app", "nameservice", "repository"}
	if w.Service != "" && !slices.Contains(crossing, w.Service) {
		err = errors.Join(err, fmt.Errorf("service %q has no links; those that have are %s", w.Service, strings.Join(crossing, ", ")))
	}
	return err
}

func (w Where) links(l Lab) ([]Link, error) {
	links, err := l.Links(func(p Path) bool {
		return p.From == w.From && p.To == w.To && (w.Service == "" || p.Service == topology.Service(w.Service))
	})
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

// holding is a set of links that are held alike.
type holding struct {
	links []Link
	how   How

	free    []Link // set by Heal: those that nobody else holds
	healed  bool
	unasked int // how many times in a row the witness could not be asked since
}

// gone is how many times in a row a witness can't be asked before it is taken for dead: once may be a busy machine, and is no evidence.
const gone = 5

// witnessDead says whether the witness is dead, so that nobody can tell whether the fault is gone.
func (h *holding) witnessDead(err error) bool {
	if !errors.Is(err, ErrWitness) {
		h.unasked = 0
		return false
	}
	h.unasked++
	return h.unasked >= gone
}

// Inject holds every link.
func (h *holding) Inject(ctx context.Context) error {
	var g errgroup.Group
	for _, l := range h.links {
		g.Go(func() error { return l.Hold(ctx, h.how) })
	}
	return g.Wait()
}

// release lets every link go.
func (h *holding) release(ctx context.Context) error {
	free := make([]bool, len(h.links))
	var g errgroup.Group
	for i, l := range h.links {
		g.Go(func() (err error) { free[i], err = l.Release(ctx); return err })
	}
	err := g.Wait()
	h.free = nil
	for i, l := range h.links {
		if free[i] {
			h.free = append(h.free, l)
		}
	}
	return err
}

// Heal lets every link go, for good.
func (h *holding) Heal(ctx context.Context) error {
	h.healed = true
	return h.release(ctx)
}

// tell are the links that can tell whether the fault is gone.
func (h *holding) tell(ctx context.Context) []Link {
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

// broken is a set of links that show a symptom while they are held.
type broken struct {
	holding
	// shows asks one link. bad is that it shows the symptom; the error is that it shows neither that nor that it is well.
	shows func(ctx context.Context, l Link) (bad bool, saw string, err error)
	alive []Link // those that carried before: only they can tell
}

// InForce asks every link that carried before. Some showing the symptom and some not is neither in force nor healed.
func (b *broken) InForce(ctx context.Context) (bool, string, error) {
	if b.healed {
		return b.stillInForce(ctx)
	}
	if b.alive == nil {
		return false, "", b.look(ctx)
	}
	bad, well, saw, err := b.askAll(ctx, b.alive, b.shows)
	switch {
	case errors.Is(err, ErrWitness):
		return false, "", err
	case len(bad) == len(b.alive):
		return true, fmt.Sprintf("%s on %s", saw, these(b.alive)), nil
	case len(well) == len(b.alive):
		return false, fmt.Sprintf("%s carry", these(b.alive)), nil
	default:
		return false, "", fmt.Errorf("of %s %d show it and %d carry: %w", these(b.alive), len(bad), len(well), errors.Join(err, errors.New(saw)))
	}
}

// stillInForce asks the links that can tell, once the fault has let go: those that nobody else holds and that lead to somebody who
// answers.
func (b *broken) stillInForce(ctx context.Context) (bool, string, error) {
	ask := b.tell(ctx)
	if len(ask) == 0 {
		return false, "let go; no link is left that could tell", nil
	}
	bad, well, saw, err := b.askAll(ctx, ask, trips)
	switch {
	case b.witnessDead(err):
		return false, "let go; nobody is there to ask", nil
	case err != nil:
		return false, "", err
	case len(bad) > 0:
		return true, fmt.Sprintf("%s: %s", these(bad), saw), nil
	}
	return false, fmt.Sprintf("%s carry", these(well)), nil
}

// look finds out, before the fault, which links carry.
func (b *broken) look(ctx context.Context) error {
	_, well, saw, err := b.askAll(ctx, b.links, trips)
	if errors.Is(err, ErrWitness) {
		return err
	}
	if len(well) == 0 {
		return fmt.Errorf("none of %s carries, so nothing could be told apart: %w", these(b.links), errors.Join(err, errors.New(saw)))
	}
	b.alive = well
	return nil
}

type shows func(ctx context.Context, l Link) (bad bool, saw string, err error)

// askAll asks every link at once. saw is one of those that are bad; the error is ErrWitness if somebody could not be asked, else that of
// a link that is neither.
func (b *broken) askAll(ctx context.Context, ask []Link, how shows) (bad, well []Link, saw string, err error) {
	type seen struct {
		bad bool
		saw string
		err error
	}
	all := make([]seen, len(ask))
	var g errgroup.Group
	for i, l := range ask {
		g.Go(func() error {
			s := &all[i]
			s.bad, s.saw, s.err = how(ctx, l)
			return nil
		})
	}
	_ = g.Wait()
	for i, s := range all {
		switch {
		case errors.Is(s.err, ErrWitness):
			return nil, nil, "", s.err
		case s.err != nil:
			err = s.err
		case s.bad:
			bad, saw = append(bad, ask[i]), s.saw
		default:
			well = append(well, ask[i])
		}
	}
	return bad, well, saw, err
}

// trips is the plainest symptom: that no round trip is made.
func trips(ctx context.Context, l Link) (bool, string, error) {
	a, err := l.Ask(ctx, probe.Question{Way: probe.RoundTrip})
	if err != nil {
		return false, "", err
	}
	if a.Symptom == probe.Fine {
		return false, "", nil
	}
	return true, string(a.Symptom), nil
}

// showing is that a new connection shows one of these symptoms. Through a port that the engine publishes a client sees less: what relays
// there accepts every connection, and closes it when the hub does not want it.
func showing(want ...probe.Symptom) shows {
	return func(ctx context.Context, l Link) (bool, string, error) {
		a, err := l.Ask(ctx, probe.Question{Way: probe.RoundTrip})
		if err != nil {
			return false, "", err
		}
		accepted := want
		if l.Path().From == topology.Clients {
			accepted = slices.Concat(want, []probe.Symptom{probe.Reset, probe.Closed})
		}
		switch {
		case a.Symptom == probe.Fine:
			return false, "", nil
		case slices.Contains(accepted, a.Symptom):
			return true, string(a.Symptom), nil
		default:
			return false, "", fmt.Errorf("%s shows %s", l.Path().Name, a.Symptom)
		}
	}
}

// these are links in a few words.
func these(links []Link) string {
	if len(links) == 1 {
		return links[0].Path().Name
	}
	return fmt.Sprintf("%d links", len(links))
}

func (w Where) broken(l Lab, how How, s shows) (Fault, error) {
	links, err := w.links(l)
	if err != nil {
		return nil, err
	}
	return &broken{holding: holding{links: links, how: how}, shows: s}, nil
}
