package fault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// Squeeze leaves the app nodes of a region the capacity for so many requests a second, all together.
type Squeeze struct {
	Region string `yaml:"region" about:"Of the topology."`
	To     int    `yaml:"to" about:"Requests a second, of the whole region."` // requests a second of the whole region
}

// Kind is squeeze.
func (*Squeeze) Kind() string { return "squeeze" }

// Target is the app of the region.
func (f *Squeeze) Target() string { return "app in " + f.Region }

// The bounds of a squeeze. With less for each node, a measurement within 10 % takes longer than anybody waits; more can't be told from
// what the nodes of a small machine do as they are.
const (
	leastEach = 5
	mostTo    = 200
)

// Validate asks for a region and a figure.
func (f *Squeeze) Validate(t topology.Topology) error {
	err := regionIn(t, "region", f.Region)
	least := leastEach
	if r, ok := t.Region(f.Region); ok {
		least *= max(r.AppNodes, 1)
	}
	if f.To < least || f.To > mostTo {
		err = errors.Join(err, invalid("to", "is %d; it must be %d to %d requests a second", f.To, least, mostTo))
	}
	return err
}

// For makes the fault ready.
func (f *Squeeze) For(l Lab) (Fault, error) {
	nodes, err := l.Nodes(func(p Place) bool {
		return p.Region == f.Region && p.Service == topology.ServiceApp && strings.HasPrefix(p.Name, string(p.Service)+"-") // those that take requests
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Target(), err)
	}
	return &squeeze{to: float64(f.To), nodes: nodes}, nil
}

type squeeze struct {
	to     float64
	nodes  []Node
	told   told
	healed bool
}

// ceiling is where an app node keeps this fault's figure among those of others. Two that ask for the same could not be told apart, and
// are never in force at once.
func (f *squeeze) ceiling() string { return fmt.Sprintf("squeeze-%g", f.to) }

func app(n Node) api.App { return api.App{Caller: agentOf(n)} }

// Inject gives each node its part.
func (f *squeeze) Inject(ctx context.Context) error {
	part := f.to / float64(len(f.nodes))
	var g errgroup.Group
	for _, n := range f.nodes {
		g.Go(func() error { return app(n).SetCeiling(ctx, f.ceiling(), part) })
	}
	err := g.Wait()
	f.told = tellTo(ctx, f.nodes...)
	return err
}

// Vouched is that each node has said that it has a ceiling now.
func (*squeeze) Vouched() bool { return true }

// Lapsed asks the nodes for their ceilings: load enough to see it would be load that the drill has not asked for.
func (f *squeeze) Lapsed(ctx context.Context) (bool, error) {
	var errs []error
	for _, was := range f.told {
		l, err := app(was.node).Capacity(ctx)
		if _, has := l.Ceilings[f.ceiling()]; err == nil && !has {
			var same bool
			if same, err = was.goesOn(ctx); same {
				return true, nil // one that has none is enough
			}
		}
		errs = append(errs, err)
	}
	return false, errors.Join(errs...)
}

// Heal takes it away. A node that has died has forgotten it.
func (f *squeeze) Heal(ctx context.Context) error {
	var g errgroup.Group
	for _, n := range f.nodes {
		g.Go(func() error {
			if state, err := n.State(ctx); err != nil || state == Down {
				return err
			}
			return app(n).RemoveCeiling(ctx, f.ceiling())
		})
	}
	err := g.Wait()
	f.healed = f.healed || err == nil
	return err
}

// overload is how many times the figure is offered. What is served of it without a squeeze has to be clearly more than with one.
const (
	overload = 2
	clearly  = 1.5
)

// measuring is how long one measurement takes: long enough for thirty requests, so that one more or less does not count.
func (f *squeeze) measuring() time.Duration {
	const count, least = 30, 1500 * time.Millisecond
	return max(least, time.Duration(count*float64(len(f.nodes))/f.to*float64(time.Second)))
}

// Slow is the time of the measurement that the squeeze falls into and of two more.
func (f *squeeze) Slow() time.Duration { return 3 * f.measuring() }

// InForce offers more than the figure and sees what is served.
func (f *squeeze) InForce(ctx context.Context) (bool, string, error) {
	var ask []Node
	for _, n := range f.nodes {
		state, err := n.State(ctx)
		if err != nil {
			return false, "", err
		}
		if state != Down {
			ask = append(ask, n)
		} else if !f.healed {
			return false, "", fmt.Errorf("%s is down", n.Place().Name)
		}
	}
	if len(ask) == 0 {
		return false, "every app node is down, and will have forgotten it", nil
	}
	rates, squeezed := make([]float64, len(ask)), make([]bool, len(ask))
	var g errgroup.Group
	for i, n := range ask {
		g.Go(func() (err error) {
			rates[i], squeezed[i], err = f.measure(ctx, n)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return false, "", err
	}
	goodput := 0.0
	for _, r := range rates {
		goodput += r
	}
	part := f.to * float64(len(ask)) / float64(len(f.nodes)) // of the nodes that live
	saw := fmt.Sprintf("%.1f requests/s were served of %.0f offered", goodput, overload*part)
	switch {
	case goodput >= clearly*part:
		return false, saw, nil
	case f.healed && slices.Contains(squeezed, true):
		return false, "let go, and still squeezed by other faults: " + saw, nil
	case goodput >= part*(1-tolerance) && goodput <= part*(1+tolerance):
		return true, saw, nil
	case f.healed: // neither: no node has a ceiling any more, and what else keeps it from serving, as a fence does, is another matter
		return false, "let go, and no node has a ceiling: " + saw, nil
	default:
		return false, "", fmt.Errorf("%s: neither the %g that were asked for nor clearly more", saw, part)
	}
}

// measure is the goodput of one node while it is offered more than its part, and whether it has a ceiling. Others ask it too, who are served out of the same part: the
// node counts for all, and what was answered here says whether that can be believed. What is asked is refused for its form once it is
// let in, so that the stores have no part in it.
func (f *squeeze) measure(ctx context.Context, n Node) (rate float64, squeezed bool, err error) {
	lasting := f.measuring()
	before, err := app(n).Capacity(ctx)
	if err != nil {
		return 0, false, err
	}
	start := time.Now()
	a, err := n.Ask(ctx, probe.Question{
		Way: probe.Serving, Path: "/verifications/" + strings.Repeat("x", 65), Rate: overload * f.to / float64(len(f.nodes)),
		Lasting: lasting, Within: lasting + 2*time.Second,
	})
	if err == nil {
		err = cmp.Or(a.Offering(), a.Err())
	}
	if err != nil {
		return 0, false, err
	}
	took := time.Since(start)
	after, err := app(n).Capacity(ctx)
	if err != nil {
		return 0, false, err
	}
	served := after.Served - before.Served
	if served < a.Count {
		return 0, false, fmt.Errorf("%s served %d requests and counts %d: it was started again, or counts wrong", n.Place().Name, a.Count, served)
	}
	return float64(served) / took.Seconds(), len(after.Ceilings) > 0, nil
}
