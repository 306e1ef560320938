package fault

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// broken is a set of links that show a symptom while they are held.
type broken struct {
	linkHold
	check check
	alive []Link // those that carried in one look at the baseline: only they can tell
}

func (w Links) broken(l Lab, state LinkState, c check) (Fault, error) {
	links, err := w.links(l)
	if err != nil {
		return nil, err
	}
	return &broken{linkHold: linkHold{links: links, state: state}, check: c}, nil
}

// Vouched is that the hub has said what each link is like now.
func (*broken) Vouched() bool { return true }

// Baseline finds out which links carry. One that a bad probe has missed carries the next time, and none can seem to
// that does not.
func (b *broken) Baseline(ctx context.Context) (bool, string, error) {
	working, err := carrying(ctx, b.links)
	if err != nil {
		return false, "", err
	}
	b.alive = slices.DeleteFunc(slices.Clone(b.links), func(l Link) bool {
		return !slices.Contains(b.alive, l) &&
			!slices.Contains(working, l)
	})
	return false, fmt.Sprintf("%s carry", describeLinks(b.alive)), nil
}

// InForce asks every link that carried before. Some showing the symptom and some not is neither in force nor gone.
func (b *broken) InForce(ctx context.Context) (bool, string, error) {
	failing, working, observed, err := askAll(ctx, b.alive, b.check)
	switch {
	case errors.Is(err, ErrWitness):
		return false, "", err
	case len(failing) == len(b.alive):
		return true, fmt.Sprintf("%s on %s", observed, describeLinks(b.alive)), nil
	case len(working) == len(b.alive):
		return false, fmt.Sprintf("%s carry", describeLinks(b.alive)), nil
	default:
		return false, "", fmt.Errorf("of %s %d show it and %d carry: %w", describeLinks(b.alive), len(failing),
			len(working), errors.Join(err, errors.New(observed)))
	}
}

// Lapsed is that any of the links carries.
func (b *broken) Lapsed(ctx context.Context) (bool, error) { return anyCarries(ctx, b.alive) }

// anyCarries says whether any of some links does. None carries that is held, whatever else is done to it: one is
// enough to tell that a fault does not hold them all any more.
func anyCarries(ctx context.Context, links []Link) (bool, error) {
	ctx, found := context.WithCancelCause(ctx) // the others' silence is not waited for
	defer found(nil)
	errOne := errors.New("one carries")
	_, _, _, err := askAll(ctx, links, func(ctx context.Context, l Link) (bool, string, error) {
		failing, observed, err := lacksRoundTrip(ctx, l)
		if err == nil && !failing {
			found(errOne)
		}
		return failing, observed, err
	})
	if errors.Is(context.Cause(ctx), errOne) {
		return true, nil
	}
	return false, err
}

// carrying are those of some links that carry; none is an error.
func carrying(ctx context.Context, links []Link) ([]Link, error) {
	_, working, observed, err := askAll(ctx, links, lacksRoundTrip)
	if errors.Is(err, ErrWitness) {
		return nil, err
	}
	if len(working) == 0 {
		return nil, fmt.Errorf("none of %s carries, so nothing could be told apart: %w", describeLinks(links),
			errors.Join(err, errors.New(observed)))
	}
	return working, nil
}

// check asks one link. failing says that it shows a symptom; the error says that it neither shows it nor works.
type check func(ctx context.Context, l Link) (failing bool, observed string, err error)

// askAll asks every link at once. observed is what one of the failing links shows; the error is ErrWitness if
// somebody could not be asked, else that of a link that is neither.
func askAll(ctx context.Context, ask []Link, look check) (failing, working []Link, observed string, err error) {
	type seen struct {
		failing  bool
		observed string
		err      error
	}
	all := make([]seen, len(ask))
	var g errgroup.Group
	for i, l := range ask {
		g.Go(func() error {
			s := &all[i]
			s.failing, s.observed, s.err = look(ctx, l)
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
		case s.failing:
			failing, observed = append(failing, ask[i]), s.observed
		default:
			working = append(working, ask[i])
		}
	}
	return failing, working, observed, err
}

// lacksRoundTrip is the plainest symptom: that no round trip is made.
func lacksRoundTrip(ctx context.Context, l Link) (bool, string, error) {
	a, err := l.Ask(ctx, probe.Question{Way: probe.RoundTrip})
	if err != nil {
		return false, "", err
	}
	if a.Symptom == probe.Fine {
		return false, "", nil
	}
	return true, string(a.Symptom), nil
}

// hasSymptom is that a new connection shows one of these symptoms. Through a port that the engine publishes a client
// sees less: what relays there accepts every connection, and closes it when the hub does not want it.
func hasSymptom(want ...probe.Symptom) check {
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
