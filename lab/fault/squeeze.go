package fault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// Squeeze leaves the app nodes of a region the capacity for so many requests a second, all together.
type Squeeze struct {
	Region string `yaml:"region" about:"The region whose app nodes have less capacity."`
	To     int    `yaml:"to" about:"The requests a second that the whole region serves."`
}

// Kind is squeeze.
func (*Squeeze) Kind() string { return "squeeze" }

// Takes is what more than the figure is offered for, before it and then.
func (f *Squeeze) Takes(t topology.Topology) Time {
	r, _ := t.Region(f.Region)
	each := measuringFor(float64(f.To), r.AppNodes)
	return Time{Before: looks * each, Seen: looks * each}
}

// Target is the app of the region.
func (f *Squeeze) Target() string { return "app in " + f.Region }

// The bounds of a squeeze. With less for each node, a measurement within 10 % takes longer than anybody waits; more
// can't be told from what the nodes of a small machine do as they are.
const (
	minPerNode = 5
	maxTo      = 200
)

// Validate asks for a region and a figure.
func (f *Squeeze) Validate(t topology.Topology) error {
	err := regionIn(t, "region", f.Region)
	lowest := minPerNode
	if r, ok := t.Region(f.Region); ok {
		lowest *= max(r.AppNodes, 1)
	}
	if f.To < lowest || f.To > maxTo {
		err = errors.Join(err, invalid("to", "is %d; it must be %d to %d requests a second", f.To, lowest, maxTo))
	}
	return err
}

// For makes the fault ready.
func (f *Squeeze) For(l Lab) (Fault, error) {
	nodes, err := l.Nodes(func(p Place) bool {
		// those that take requests
		return p.Region == f.Region && p.Service == topology.ServiceApp &&
			strings.HasPrefix(p.Name, string(p.Service)+"-")
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Target(), err)
	}
	return &squeeze{to: float64(f.To), nodes: nodes}, nil
}

type squeeze struct {
	to    float64
	nodes []Node
	lives lives
}

// ceiling is where an app node keeps this fault's figure among those of others. Two that ask for the same could not
// be told apart, and are never in force at once.
func (f *squeeze) ceiling() string { return fmt.Sprintf("squeeze-%g", f.to) }

func app(n Node) api.App { return api.App{Caller: agentOf(n)} }

// Inject sets each node's part as its ceiling.
func (f *squeeze) Inject(ctx context.Context) error {
	part := f.to / float64(len(f.nodes))
	var g errgroup.Group
	for _, n := range f.nodes {
		g.Go(func() error { return app(n).SetCeiling(ctx, f.ceiling(), part) })
	}
	err := g.Wait()
	f.lives = livesOf(ctx, f.nodes...)
	return err
}

// Vouched is that each node has said that it has a ceiling now.
func (*squeeze) Vouched() bool { return true }

// Lapsed asks the nodes for their ceilings: load enough to see it would be load that the drill has not asked for.
func (f *squeeze) Lapsed(ctx context.Context) (bool, error) {
	var errs []error
	for _, was := range f.lives {
		l, err := app(was.node).Capacity(ctx)
		if _, has := l.Ceilings[f.ceiling()]; err == nil && !has {
			var same bool
			if same, err = was.continues(ctx); same {
				return true, nil // one that has none is enough
			}
		}
		errs = append(errs, err)
	}
	return false, errors.Join(errs...)
}

// Heal removes the ceilings. A node that has died has forgotten its own.
func (f *squeeze) Heal(ctx context.Context) error {
	var g errgroup.Group
	for _, n := range f.nodes {
		g.Go(func() error {
			if state, err := n.State(ctx); err != nil || state == topology.NodeDown {
				return err
			}
			return app(n).RemoveCeiling(ctx, f.ceiling())
		})
	}
	return g.Wait()
}

// overload is how many times the figure is offered. What is served of it without a squeeze has to be clearly more
// than with one.
const (
	overload      = 2
	distinctRatio = 1.5
)

// measuring is how long one measurement takes: long enough for thirty requests, so that one more or less does not
// count.
func (f *squeeze) measuring() time.Duration { return measuringFor(f.to, len(f.nodes)) }

func measuringFor(to float64, nodes int) time.Duration {
	const count, lowest = 30, 1500 * time.Millisecond
	return max(lowest, time.Duration(count*float64(nodes)/to*float64(time.Second)))
}

// Slow is the time of the measurement that the squeeze falls into and of two more.
func (f *squeeze) Slow() time.Duration { return 3 * f.measuring() }

// Baseline offers more than the figure and sees what is served.
func (f *squeeze) Baseline(ctx context.Context) (bool, string, error) { return f.InForce(ctx) }

// InForce offers more than the figure and sees what is served.
func (f *squeeze) InForce(ctx context.Context) (bool, string, error) {
	up, err := f.up(ctx)
	if err != nil {
		return false, "", err
	}
	if len(up) < len(f.nodes) {
		return false, "", fmt.Errorf("%d of %d app nodes are down", len(f.nodes)-len(up), len(f.nodes))
	}
	s, err := f.offer(ctx, up)
	switch {
	case err != nil:
		return false, "", err
	case s.goodput >= distinctRatio*f.to:
		return false, s.observed, nil
	case near(s.goodput, f.to):
		return true, s.observed, nil
	}
	return false, "", fmt.Errorf("%s: neither the %g that were asked for nor clearly more", s.observed, f.to)
}

// Gone offers more than the figure to the nodes that live. Where none has this fault's ceiling any more, what else
// keeps it from serving, as another squeeze or a fence does, is another matter.
func (f *squeeze) Gone(ctx context.Context) (bool, string, error) {
	up, err := f.up(ctx)
	if err != nil || len(up) == 0 {
		return err == nil, "every app node is down, and will have forgotten it", err
	}
	s, err := f.offer(ctx, up)
	switch {
	case err != nil:
		return false, "", err
	case s.mine > 0:
		return false, fmt.Sprintf("%d app nodes still have the ceiling: %s", s.mine, s.observed), nil
	case s.others > 0:
		return true, "let go, and still squeezed by other faults: " + s.observed, nil
	}
	return true, "let go, and no node has a ceiling: " + s.observed, nil
}

// up are the nodes that are not down.
func (f *squeeze) up(ctx context.Context) ([]Node, error) {
	var up []Node
	for _, n := range f.nodes {
		state, err := n.State(ctx)
		if err != nil {
			return nil, err
		}
		if state != topology.NodeDown {
			up = append(up, n)
		}
	}
	return up, nil
}

// served is what nodes served of what was offered, and how many of them have a ceiling: this fault's, or only others'.
type served struct {
	goodput      float64
	mine, others int
	observed     string
}

// offer offers more than the figure to some nodes.
func (f *squeeze) offer(ctx context.Context, nodes []Node) (served, error) {
	each := make([]served, len(nodes))
	var g errgroup.Group
	for i, n := range nodes {
		g.Go(func() (err error) {
			each[i], err = f.measure(ctx, n)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return served{}, err
	}
	var all served
	for _, s := range each {
		all.goodput, all.mine, all.others = all.goodput+s.goodput, all.mine+s.mine, all.others+s.others
	}
	part := f.to * float64(len(nodes)) / float64(len(f.nodes)) // of the nodes that live
	all.observed = fmt.Sprintf("%.1f requests/s were served of %.0f offered", all.goodput, overload*part)
	return all, nil
}

// measure offers one node more than its part. Others ask the node too, who are served out of the same part: what it
// counts is of all, and what was answered here says whether that can be believed. What is asked is refused for its
// form once it is let in, so that the stores have no part in it.
func (f *squeeze) measure(ctx context.Context, n Node) (s served, err error) {
	lasting := f.measuring()
	before, err := app(n).Capacity(ctx)
	if err != nil {
		return s, err
	}
	start := time.Now()
	a, err := n.Ask(ctx, probe.Question{
		Way: probe.Serving, Path: "/verifications/" + strings.Repeat("x", 65),
		Rate:    overload * f.to / float64(len(f.nodes)),
		Lasting: lasting, Within: lasting + 2*time.Second,
	})
	if err == nil {
		err = cmp.Or(a.Offering(), a.Err())
	}
	if err != nil {
		return s, err
	}
	took := time.Since(start)
	after, err := app(n).Capacity(ctx)
	if err != nil {
		return s, err
	}
	count := after.Served - before.Served
	if count < a.Count {
		return s, fmt.Errorf("%s served %d requests and counts %d: it was started again, or counts wrong",
			n.Place().Name, a.Count, count)
	}
	s.goodput = float64(count) / took.Seconds()
	if _, mine := after.Ceilings[f.ceiling()]; mine {
		s.mine = 1
	} else if len(after.Ceilings) > 0 {
		s.others = 1
	}
	return s, nil
}
