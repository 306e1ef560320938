package fault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/regionfall/regionfall/lab/link/toxic"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// tolerance is how far what is measured may be from what was asked: beyond, the fault is not confirmed.
const tolerance = 0.10

// measured is a set of links held so that something about them has an asked amount, as a witness link shows.
type measured struct {
	linkHold
	stream  probe.Stream
	witness []Link // the first of them is asked; before the fault, one that can't be measured makes room for the next
	asked   float64
	unit    string
	// measure is the amount. That of the baseline is taken off when add is true.
	measure func(ctx context.Context, l Link) (float64, error)
	add     bool     // asked comes on top of the base
	base    *float64 // nil where another process took it
	during  float64
	gone    float64 // of what is added: less than this share of what was asked
	slower  int     // how many times in a row a limit that was let go could not be told from a slow link
}

// Vouched is that the hub has said what each link is like now.
func (*measured) Vouched() bool { return true }

// Baseline measures the base. A bad probe makes one that is too slow, so the best counts. A witness that can't be
// measured makes room for the next.
func (m *measured) Baseline(ctx context.Context) (bool, string, error) {
	got, err := m.measure(ctx, m.witness[0])
	switch {
	case err != nil:
		if m.base == nil && !errors.Is(err, ErrWitness) {
			m.witness = append(m.witness[1:], m.witness[0])
		}
		return false, "", err
	case !m.add && got < 1.5*m.asked:
		return false, "", fmt.Errorf("%s carries only %s as it is: a limit of %s could not be seen",
			m.witness[0].Path().Name, m.text(got), m.text(m.asked))
	case m.base == nil:
		m.base = &got
	case m.add:
		*m.base = min(*m.base, got)
	default:
		*m.base = max(*m.base, got)
	}
	return false, m.text(got) + " before", nil
}

// InForce measures. Within the tolerance of what was asked the fault is in force; closer to the base than to that it
// is not.
func (m *measured) InForce(ctx context.Context) (bool, string, error) {
	got, err := m.measure(ctx, m.witness[0])
	if err != nil {
		return false, "", err
	}
	return m.inForce(got)
}

func (m *measured) inForce(got float64) (bool, string, error) {
	amount, observed := m.amount(got)
	switch low, high := m.bounds(); {
	case amount >= low && amount <= high:
		m.during = amount
		return true, observed, nil
	case m.add && amount < m.asked*tolerance, !m.add && amount > high && amount > *m.base/2:
		return false, observed, nil
	default:
		return false, "", errors.New(observed)
	}
}

// Gone measures over a link that can tell. What other faults do to it may have come or gone meanwhile.
func (m *measured) Gone(ctx context.Context) (bool, string, error) { return m.goneBy(ctx, m.measure) }

func (m *measured) goneBy(ctx context.Context, measure func(context.Context, Link) (float64,
	error),
) (bool, string, error) {
	observable := m.observable(ctx)
	i := slices.IndexFunc(m.witness, func(l Link) bool { return slices.Contains(observable, l) })
	if i < 0 {
		return true, "let go; no link is left that could tell", nil
	}
	got, err := measure(ctx, m.witness[i])
	switch {
	case m.witnessDead(err):
		return true, "let go; nobody is there to ask", nil
	case err != nil:
		return false, "", err
	case m.base == nil:
		return true, m.text(got), nil // injected by another process, whose baseline died with it; the links are free
	}
	amount, observed := m.amount(got)
	low, high := m.bounds()
	switch {
	case m.add:
		isHeld := amount >= m.asked*m.gone && m.during-amount < low
		return !isHeld, observed, nil
	case amount < low: // whether there is a limit or not, it is the machine that is slow, or a fault that came since
		if m.slower++; m.slower < deadAfter {
			return false, "", errors.New(observed)
		}
		return true, "let go; the link is slower than the limit was: " + observed, nil
	}
	m.slower = 0
	return amount > high, observed, nil
}

// amount is what there is of what was asked, and says so.
func (m *measured) amount(got float64) (float64, string) {
	if m.add {
		got -= *m.base
	}
	return got, fmt.Sprintf("%s (asked: %s)", m.text(got), m.text(m.asked))
}

// bounds are those of what is within the tolerance.
func (m *measured) bounds() (low, high float64) {
	return m.asked * (1 - tolerance), m.asked * (1 + tolerance)
}

// Lapsed measures what no other fault can have brought about, that may have come or gone meanwhile: less than what
// was asked, or of a limit more.
func (m *measured) Lapsed(ctx context.Context) (bool, error) {
	got, err := m.measure(ctx, m.witness[0])
	if m.add {
		return got < m.asked*(1-tolerance), err
	}
	return got > 1.5*m.asked, err
}

func (m *measured) text(v float64) string {
	if m.unit == "ms" {
		return time.Duration(v * float64(time.Millisecond)).Round(time.Millisecond / 10).String()
	}
	return fmt.Sprintf("%.0f %s", v, m.unit)
}

// steady are the protocols in which answers come fast and evenly, the best first.
var steady = []topology.Protocol{topology.ProtocolRedis, topology.ProtocolSQL}

// witnessFirst puts the link in front whose service answers fastest and most evenly.
func witnessFirst(links []Link) []Link {
	rank := func(l Link) int {
		i := slices.Index(steady, l.Path().Service.Traits().Speaks)
		if i < 0 {
			return len(steady)
		}
		return i
	}
	sorted := slices.Clone(links)
	slices.SortStableFunc(sorted, func(a, b Link) int { return rank(a) - rank(b) })
	return sorted
}

// measured makes ready what the toxics of a direction do to the links; what is measured is for the caller to say.
func (w Links) measured(l Lab, direction string, toxics func(probe.Stream) []toxic.Toxic) (measured, error) {
	s, err := streamOf(direction)
	if err != nil {
		return measured{}, err
	}
	links, err := w.links(l)
	if err != nil {
		return measured{}, err
	}
	return measured{
		linkHold: linkHold{links: links, state: LinkState{Toxics: toxics(s)}}, stream: s,
		witness: witnessFirst(links), gone: 1 - tolerance,
	}, nil
}

// streamOf reads the parameter direction.
func streamOf(direction string) (probe.Stream, error) {
	switch direction {
	case "", "both":
		return probe.Both, nil
	case string(probe.Upstream), string(probe.Downstream):
		return probe.Stream(direction), nil
	}
	return "", unknown("direction", []string{string(probe.Upstream), string(probe.Downstream), "both"},
		"%q is not known: use upstream (from who connects), downstream or both", direction)
}

// wholeMS is a complaint about a duration that Toxiproxy can't do.
func wholeMS(parameter string, d, lowest, highest time.Duration) error {
	switch {
	case d < lowest || d > highest:
		return invalid(parameter, "is %s; it must be between %s and %s, or it could not be told from noise", d, lowest,
			highest)
	case d%time.Millisecond != 0:
		return invalid(parameter, "is %s; it is in whole milliseconds", d)
	}
	return nil
}
