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
	holding
	stream  probe.Stream
	witness []Link // the first of them is asked; before the fault, one that can't be measured makes room for the next
	asked   float64
	unit    string
	// measure gives the amount. Before the fault it is the base, which is taken off when add is true.
	measure func(ctx context.Context, l Link) (float64, error)
	add     bool // asked comes on top of the base
	base    float64
	bases   int // how many measurements it is made of
	during  float64
}

// based says whether the base is known. A bad probe makes one that is too slow, so the best of as many as have to agree counts.
func (m *measured) based() bool { return m.bases >= agreeing }

// look measures the base.
func (m *measured) look(got float64) error {
	if !m.add && got < 1.5*m.asked {
		return fmt.Errorf("%s carries only %s as it is: a limit of %s could not be seen", m.witness[0].Path().Name, m.text(got), m.text(m.asked))
	}
	switch {
	case m.bases == 0:
		m.base = got
	case m.add:
		m.base = min(m.base, got)
	default:
		m.base = max(m.base, got)
	}
	m.bases++
	return nil
}

// Vouched is that the hub has said what each link is like now.
func (*measured) Vouched() bool { return true }

// InForce measures. Within the tolerance of what was asked the fault is in force; closer to the base than to that it is not.
func (m *measured) InForce(ctx context.Context) (bool, string, error) {
	witness := m.witness
	if m.healed {
		tell := m.tell(ctx)
		witness = slices.DeleteFunc(slices.Clone(witness), func(l Link) bool { return !slices.Contains(tell, l) })
		if len(witness) == 0 {
			return false, "let go; no link is left that could tell", nil
		}
	}
	got, err := m.measure(ctx, witness[0])
	switch {
	case m.healed && m.witnessDead(err):
		return false, "let go; nobody is there to ask", nil
	case err != nil:
		if m.bases == 0 && !m.healed && !errors.Is(err, ErrWitness) {
			m.witness = append(m.witness[1:], m.witness[0])
		}
		return false, "", err
	}
	if !m.based() && !m.healed {
		return false, m.text(got) + " before", m.look(got)
	}
	if m.healed && !m.based() {
		return false, m.text(got), nil // injected by another process, whose base died with it; the links are free
	}
	amount := got
	if m.add {
		amount -= m.base
	}
	saw := fmt.Sprintf("%s (asked: %s)", m.text(amount), m.text(m.asked))
	switch low, high := m.asked*(1-tolerance), m.asked*(1+tolerance); {
	case !m.healed && amount >= low && amount <= high:
		m.during = amount
		return true, saw, nil
	case m.healed && m.add && amount >= low && m.during-amount < m.asked*(1-tolerance): // others may have come and gone
		return true, saw, nil
	case m.healed && !m.add && amount >= low && amount <= high:
		return true, saw, nil
	case m.healed:
		return false, saw, nil
	case m.add && amount < m.asked*tolerance, !m.add && amount > m.asked*(1+tolerance) && amount > m.base/2:
		return false, saw, nil
	default:
		return false, "", errors.New(saw)
	}
}

// Lapsed measures what no other fault can have brought about, that may have come or gone meanwhile: less than what was asked, or of a limit more.
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

// witnessFirst puts the link in front whose service answers fastest and most evenly: Redis, else PostgreSQL.
func witnessFirst(links []Link) []Link {
	rank := func(l Link) int {
		i := slices.Index([]topology.Service{topology.ServiceRedis, topology.ServicePostgres}, l.Path().Service)
		if i < 0 {
			return 2
		}
		return i
	}
	sorted := slices.Clone(links)
	slices.SortStableFunc(sorted, func(a, b Link) int { return rank(a) - rank(b) })
	return sorted
}

// measured makes ready what the toxics of a direction do to the links; what is measured is for the caller to say.
func (w Where) measured(l Lab, direction string, toxics func(probe.Stream) []toxic.Toxic) (measured, error) {
	s, err := stream(direction)
	if err != nil {
		return measured{}, err
	}
	links, err := w.links(l)
	if err != nil {
		return measured{}, err
	}
	return measured{holding: holding{links: links, how: How{Toxics: toxics(s)}}, stream: s, witness: witnessFirst(links)}, nil
}

// stream reads the parameter direction.
func stream(direction string) (probe.Stream, error) {
	switch direction {
	case "", "both":
		return probe.Both, nil
	case string(probe.Upstream), string(probe.Downstream):
		return probe.Stream(direction), nil
	}
	return "", unknown("direction", []string{string(probe.Upstream), string(probe.Downstream), "both"}, "%q is not known: use upstream (from who connects), downstream or both", direction)
}

// wholeMS is a complaint about a duration that Toxiproxy can't do.
func wholeMS(parameter string, d, least, most time.Duration) error {
	switch {
	case d < least || d > most:
		return invalid(parameter, "is %s; it must be between %s and %s, or it could not be told from noise", d, least, most)
	case d%time.Millisecond != 0:
		return invalid(parameter, "is %s; it is in whole milliseconds", d)
	}
	return nil
}
