package fault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/topology"
)

// Latency makes every link from one region to another slower: Delay is added each way, so that a round trip grows by twice as much.
// It is physical time: a timescale does not divide it.
type Latency struct {
	From   string        `yaml:"from"`
	To     string        `yaml:"to"`
	Delay  time.Duration `yaml:"delay"`
	Jitter time.Duration `yaml:"jitter"`
}

// Kind is latency.
func (*Latency) Kind() string { return "latency" }

// Target names the direction.
func (f *Latency) Target() string { return f.From + " to " + f.To }

// Validate asks for two different regions and a delay that can be told from noise.
func (f *Latency) Validate(t topology.Topology) error {
	err := errors.Join(regionIn(t, "from", f.From), regionIn(t, "to", f.To))
	if f.From == f.To {
		err = errors.Join(err, errors.New("from and to are the same region"))
	}
	if f.Delay < 5*time.Millisecond || f.Delay > 10*time.Second {
		err = errors.Join(err, fmt.Errorf("delay is %s; it must be between 5ms and 10s, or it could not be told from noise", f.Delay))
	}
	if f.Jitter < 0 || f.Jitter > f.Delay/2 {
		err = errors.Join(err, fmt.Errorf("jitter is %s; it must be between 0s and half the delay, or it could hide it", f.Jitter))
	}
	if f.Delay%time.Millisecond != 0 || f.Jitter%time.Millisecond != 0 {
		err = errors.Join(err, errors.New("delay and jitter are in whole milliseconds"))
	}
	return err
}

// For makes the fault ready.
func (f *Latency) For(l Lab) (Fault, error) {
	links, err := l.Links(func(from, to string, _ topology.Service) bool { return from == f.From && to == f.To })
	if err != nil {
		return nil, err
	}
	witness, err := l.Links(func(from, to string, s topology.Service) bool {
		return from == f.From && to == f.To && s == topology.ServiceRedis
	})
	if err != nil {
		return nil, err
	}
	return &slowLinks{spec: *f, links: links, witness: witness[0]}, nil
}

type slowLinks struct {
	spec     Latency
	links    []Link
	witness  Link // Redis answers a ping at once: what a round trip takes is the link
	baseline time.Duration
}

func (s *slowLinks) Inject(ctx context.Context) error { return s.set(ctx, s.spec.Delay, s.spec.Jitter) }

func (s *slowLinks) Heal(ctx context.Context) error { return s.set(ctx, 0, 0) }

func (s *slowLinks) set(ctx context.Context, delay, jitter time.Duration) error {
	var g errgroup.Group
	for _, l := range s.links {
		g.Go(func() error { return l.Delay(ctx, delay, jitter) })
	}
	return g.Wait()
}

// InForce measures a round trip (the best of three, since a busy machine only ever adds) against the one before the fault.
func (s *slowLinks) InForce(ctx context.Context) (bool, string, error) {
	best := time.Duration(-1)
	for range 3 {
		took, err := s.witness.Trip(ctx)
		if err != nil {
			return false, "", err
		}
		if best < 0 || took < best {
			best = took
		}
	}
	if s.baseline == 0 {
		s.baseline = best
		return false, fmt.Sprintf("a round trip takes %s", best), nil
	}
	added, asked := best-s.baseline, 2*s.spec.Delay
	saw := fmt.Sprintf("a round trip takes %s more than before (asked: %s)", added.Round(time.Millisecond/10), asked)
	least := 2 * (s.spec.Delay - s.spec.Jitter) * 9 / 10 // jitter takes away as well as adds
	switch {
	case added >= least:
		return true, saw, nil
	case added <= least/2:
		return false, saw, nil
	default:
		return false, "", errors.New(saw)
	}
}
