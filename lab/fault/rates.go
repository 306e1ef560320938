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
	witness []Link // the first of them is asked
	asked   float64
	unit    string
	// measure gives the amount. Before the fault it is the base, which is taken off when add is true.
	measure func(ctx context.Context, l Link) (float64, error)
	add     bool // asked comes on top of the base
	base    float64
	based   bool
	during  float64
}

// InForce measures. Within the tolerance of what was asked the fault is in force; closer to the base than to that it is not.
func (m *measured) InForce(ctx context.Context) (bool, string, error) {
	witness := m.witness
	if m.healed {
		if witness = witnessFirst(m.tell(ctx)); len(witness) == 0 {
			return false, "let go; no link is left that could tell", nil
		}
	}
	got, err := m.measure(ctx, witness[0])
	switch {
	case m.healed && m.witnessDead(err):
		return false, "let go; nobody is there to ask", nil
	case err != nil:
		return false, "", err
	}
	if !m.based && !m.healed {
		if !m.add && got < 1.5*m.asked {
			return false, "", fmt.Errorf("%s carries only %s as it is: a limit of %s could not be seen", m.witness[0].Path().Name, m.text(got), m.text(m.asked))
		}
		m.base, m.based = got, true
		return false, fmt.Sprintf("%s before", m.text(got)), nil
	}
	if m.healed && !m.based {
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

func (w Where) measured(l Lab, toxics []toxic.Toxic) (measured, error) {
	links, err := w.links(l)
	if err != nil {
		return measured{}, err
	}
	return measured{holding: holding{links: links, how: How{Toxics: toxics}}, witness: witnessFirst(links)}, nil
}

// stream reads the parameter direction.
func stream(direction string) (probe.Stream, error) {
	switch direction {
	case "", "both":
		return probe.Both, nil
	case string(probe.Upstream), string(probe.Downstream):
		return probe.Stream(direction), nil
	}
	return "", fmt.Errorf("direction %q is not known: use upstream (from who connects), downstream or both", direction)
}

// wholeMS is a complaint about a duration that Toxiproxy can't do.
func wholeMS(parameter string, d, least, most time.Duration) error {
	switch {
	case d < least || d > most:
		return fmt.Errorf("%s is %s; it must be between %s and %s, or it could not be told from noise", parameter, d, least, most)
	case d%time.Millisecond != 0:
		return fmt.Errorf("%s is %s; it is in whole milliseconds", parameter, d)
	}
	return nil
}

// Latency makes links slower: Delay is added in each direction, so that a round trip grows by twice as much. It is physical time: a
// timescale does not divide it.
type Latency struct {
	Where     `yaml:",inline"`
	Direction string        `yaml:"direction"`
	Delay     time.Duration `yaml:"delay"`
	Jitter    time.Duration `yaml:"jitter"`
}

// Kind is latency.
func (*Latency) Kind() string { return "latency" }

// Validate asks for links and a delay that can be told from noise.
func (f *Latency) Validate(t topology.Topology) error {
	_, derr := stream(f.Direction)
	err := errors.Join(f.validate(t), derr, wholeMS("delay", f.Delay, 5*time.Millisecond, 5*time.Second))
	if f.Jitter < 0 || f.Jitter > f.Delay/2 || f.Jitter%time.Millisecond != 0 {
		err = errors.Join(err, fmt.Errorf("jitter is %s; it must be whole milliseconds from 0s to half the delay", f.Jitter))
	}
	return err
}

// For makes the fault ready.
func (f *Latency) For(l Lab) (Fault, error) {
	s, err := stream(f.Direction)
	if err != nil {
		return nil, err
	}
	toxics := toxic.Latency(s, f.Delay, f.Jitter)
	m, err := f.measured(l, toxics)
	if err != nil {
		return nil, err
	}
	m.add, m.unit, m.asked = true, "ms", float64(len(toxics))*f.Delay.Seconds()*1000
	m.measure = func(ctx context.Context, l Link) (float64, error) {
		// The base is the least a round trip takes: a mean that was taken on a busy machine would make what is added look less.
		return tripMS(ctx, l, f.Jitter > 0 && (m.based || m.healed))
	}
	return &m, nil
}

// tripMS is what a round trip takes: the best of five, since a busy machine only ever adds; with jitter, which takes away as well, the
// mean of many.
func tripMS(ctx context.Context, l Link, jitter bool) (float64, error) {
	const best, many, atOnce = 5, 60, 6
	var took []float64
	count, width := best, 1
	if jitter {
		count, width = many, atOnce
	}
	results := make(chan float64, count)
	errs := make(chan error, count)
	slots := make(chan struct{}, width)
	for range count {
		slots <- struct{}{}
		go func() {
			defer func() { <-slots }()
			a, err := l.Ask(ctx, probe.Question{Way: probe.RoundTrip, Within: 12 * time.Second})
			if err == nil {
				err = a.Err()
			}
			errs <- err
			results <- a.Took.Seconds() * 1000
		}()
	}
	for range count {
		if err := <-errs; err != nil {
			return 0, err
		}
		took = append(took, <-results)
	}
	slices.Sort(took)
	if !jitter {
		return took[0], nil
	}
	sum := 0.0
	for _, t := range took {
		sum += t
	}
	return sum / float64(len(took)), nil
}

// Bandwidth lets so many bytes a second pass each link, in each direction by itself.
type Bandwidth struct {
	Where     `yaml:",inline"`
	Direction string `yaml:"direction"`
	Rate      int    `yaml:"rate"` // bytes a second
}

// Kind is bandwidth.
func (*Bandwidth) Kind() string { return "bandwidth" }

// The bounds of a rate: below, a question takes longer than anybody waits; above, a small machine is the narrow place.
const (
	minRate = 10_000
	maxRate = 10_000_000
)

// Validate asks for links and a rate.
func (f *Bandwidth) Validate(t topology.Topology) error {
	_, err := stream(f.Direction)
	err = errors.Join(f.validate(t), err, chooses(f.Service, f.Direction))
	if f.Rate < minRate || f.Rate > maxRate || f.Rate%1000 != 0 {
		err = errors.Join(err, fmt.Errorf("rate is %d bytes a second; it must be whole thousands from %d to %d", f.Rate, minRate, maxRate))
	}
	return err
}

// chooses is a complaint about a direction that could not be seen: only Redis and PostgreSQL send back as much as one asks for.
func chooses(service, direction string) error {
	if direction == string(probe.Downstream) && service != "" && service != "redis" && service != "postgres" {
		return fmt.Errorf("direction downstream can't be seen on %s alone: use upstream or both", service)
	}
	return nil
}

// For makes the fault ready.
func (f *Bandwidth) For(l Lab) (Fault, error) {
	s, err := stream(f.Direction)
	if err != nil {
		return nil, err
	}
	m, err := f.measured(l, toxic.Bandwidth(s, int64(f.Rate)))
	if err != nil {
		return nil, err
	}
	m.asked, m.unit = float64(f.Rate), "bytes/s"
	m.measure = func(ctx context.Context, l Link) (float64, error) {
		// Half a second's worth: enough that a millisecond more or less of each part does not count.
		a, err := l.Ask(ctx, probe.Question{Way: probe.Throughput, Stream: s, Bytes: max(int64(f.Rate)/2, 16<<10), Within: 8 * time.Second})
		if err == nil {
			err = a.Err()
		}
		return float64(a.Bytes) / max(a.Took.Seconds(), 1e-6), err
	}
	return &m, nil
}

// ByteLimit ends each connection after so many bytes, as a proxy with a broken buffer does.
type ByteLimit struct {
	Where     `yaml:",inline"`
	Direction string `yaml:"direction"`
	Bytes     int    `yaml:"bytes"`
}

// Kind is byte_limit.
func (*ByteLimit) Kind() string { return "byte_limit" }

// Validate asks for links and a limit.
func (f *ByteLimit) Validate(t topology.Topology) error {
	_, err := stream(f.Direction)
	err = errors.Join(f.validate(t), err, chooses(f.Service, f.Direction))
	if f.Direction == "" || f.Direction == "both" {
		err = errors.Join(err, errors.New("direction is missing: use upstream or downstream"))
	}
	if f.Bytes < 4<<10 || f.Bytes > 10<<20 {
		err = errors.Join(err, fmt.Errorf("bytes is %d; it must be 4096 to %d", f.Bytes, 10<<20))
	}
	return err
}

// For makes the fault ready.
func (f *ByteLimit) For(l Lab) (Fault, error) {
	s, err := stream(f.Direction)
	if err != nil {
		return nil, err
	}
	m, err := f.measured(l, toxic.LimitData(s, int64(f.Bytes)))
	if err != nil {
		return nil, err
	}
	m.asked, m.unit = float64(f.Bytes), "bytes"
	m.measure = func(ctx context.Context, l Link) (float64, error) {
		a, err := l.Ask(ctx, probe.Question{Way: probe.Count, Stream: s, Bytes: 2 * int64(f.Bytes), Within: 8 * time.Second})
		if err == nil && a.Symptom != probe.Fine && a.Bytes == 0 {
			err = a.Err()
		}
		return float64(a.Bytes), err
	}
	return &m, nil
}

// SlowClose keeps connections for a while that the service has closed.
type SlowClose struct {
	Where `yaml:",inline"`
	Delay time.Duration `yaml:"delay"`
}

// Kind is slow_close.
func (*SlowClose) Kind() string { return "slow_close" }

// Validate asks for links and a delay.
func (f *SlowClose) Validate(t topology.Topology) error {
	return errors.Join(f.validate(t), wholeMS("delay", f.Delay, 50*time.Millisecond, 5*time.Second))
}

// For makes the fault ready.
func (f *SlowClose) For(l Lab) (Fault, error) {
	m, err := f.measured(l, toxic.SlowClose(probe.Downstream, f.Delay))
	if err != nil {
		return nil, err
	}
	m.add, m.unit, m.asked = true, "ms", f.Delay.Seconds()*1000
	m.measure = func(ctx context.Context, l Link) (float64, error) {
		a, err := l.Ask(ctx, probe.Question{Way: probe.Closing, Within: 12 * time.Second})
		if err == nil {
			err = a.Err()
		}
		return a.Took.Seconds() * 1000, err
	}
	return &m, nil
}
