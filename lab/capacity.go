package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// CapacityStep is what a region served of one rate that it was offered, in requests a second.
type CapacityStep struct {
	Offered float64 `json:"offered_per_s"`
	OnTime  float64 `json:"on_time_per_s"` // of those offered, that were sent when they were due
	Served  float64 `json:"served_per_s"`
	Short   bool    `json:"short"` // this machine could not offer so much
}

// Capacity is what the app of a region can do. The knee is where more demand brings no more service: the greatest
// goodput seen.
type Capacity struct {
	Region string `json:"region"`
	Cold   bool   `json:"cold"`
	// workers over service time, of all nodes that are to run at the start; 0: without limit
	Declared float64 `json:"declared_per_s"`
	Knee     float64 `json:"knee_per_s"`
	Reached  bool    `json:"reached"` // else the knee is beyond what was offered
	// Limit is why no more was offered before the knee was reached: what this machine could not do. Empty where that
	// was not the reason.
	Limit string         `json:"limit,omitempty"`
	Steps []CapacityStep `json:"steps"`
}

// How the knee is looked for: each step offers a quarter more, for a while, until clearly less than what is offered has
// been served twice.
const (
	kneeGrowth  = 1.25
	kneeShare   = 0.9
	kneeBeyond  = 2
	kneeFrom    = 0.7  // of what is declared
	kneeFirst   = 10.0 // requests a second, where nothing is declared
	kneeMost    = 1000.0
	kneeLasting = 3 * time.Second // at least
	kneeCount   = 50              // requests that a step offers, at least: one more or less is not to count
	// how often in a row this machine may fail to offer a rate: anybody may stand still for a moment
	kneeShort = 2
)

// CapacityOptions say how the capacity of a region is measured.
type CapacityOptions struct {
	Region   string
	Cold     bool               // the region's app nodes are restarted before each step
	Progress func(CapacityStep) // told of each step as it ends; nil for none
}

// Capacity finds the knee of a region's app, where its clients come in, by steps of an open-loop load. It asks for a
// verification with an id that can't be: that takes a worker its time, and the stores none. Cold nodes have to serve
// each step from their first request on. Where this machine can't offer more, the search ends, and says so.
func (l *Lab) Capacity(ctx context.Context, o CapacityOptions) (Capacity, error) {
	r, err := l.topology.Find(o.Region)
	if err != nil {
		return Capacity{}, err
	}
	door, err := l.Addresses().Door(o.Region)
	if err != nil {
		return Capacity{}, err
	}
	c := Capacity{Region: o.Region, Cold: o.Cold, Declared: l.topology.App.Rate() * float64(l.topology.AppsAtStart(r))}
	err = c.find(ctx, func(rate float64) (probe.Answer, error) {
		if o.Cold {
			if err := l.restartApps(ctx, o.Region); err != nil {
				return probe.Answer{}, err
			}
		}
		lasting := max(kneeLasting, time.Duration(kneeCount/rate*float64(time.Second)))
		return l.lines.Ask(ctx, probe.Question{
			Way: probe.Serving, Service: topology.ServiceApp, Address: door, Path: "/verifications/" +
				strings.Repeat("x", 65),
			Rate: rate, Lasting: lasting, Within: 2*lasting + 4*kneeLasting,
		})
	}, o.Progress)
	return c, err
}

// find looks for the knee, step by step, by what comes of a rate that is offered.
func (c *Capacity) find(ctx context.Context,
	offer func(rate float64) (probe.Answer, error), progress func(CapacityStep),
) error {
	rate := kneeFirst
	if c.Declared > 0 {
		rate = min(kneeFrom*c.Declared, kneeMost)
	}
	for beyond, short := 0, 0; beyond < kneeBeyond && short < kneeShort && rate <= kneeMost; {
		a, err := offer(rate)
		lack := a.Offering()
		if err == nil && lack == nil { // else what failed may have failed for the lack
			err = a.Err()
		}
		if ctx.Err() != nil { // what a step that was cut short has served says nothing
			err = context.Cause(ctx)
		}
		if err != nil {
			return fmt.Errorf("offer %s %.4g requests a second: %w", c.Region, rate, err)
		}
		step := CapacityStep{Offered: rate, OnTime: a.OnTime, Served: min(a.Rate, rate), Short: lack != nil}
		c.Steps, c.Knee = append(c.Steps, step), max(c.Knee, step.Served)
		if progress != nil {
			progress(step)
		}
		if lack != nil { // the service was not asked for that much: the rate is offered once more
			short++
			c.Limit = lack.Error()
			continue
		}
		short, c.Limit = 0, ""
		if step.Served < kneeShare*rate {
			beyond++
		}
		c.Reached = beyond == kneeBeyond
		rate *= kneeGrowth
	}
	return nil
}

// restartApps ends those app nodes of a region that serve, and waits until each serves again.
func (l *Lab) restartApps(ctx context.Context, region string) error {
	serving := func(ctx context.Context, n *node.Node) error {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		return l.appReady(ctx, n)
	}
	var each errgroup.Group
	for _, n := range l.nodes {
		if n.Service != topology.ServiceApp || n.Region != region || l.isProcess(n) || serving(ctx, n) != nil {
			continue
		}
		each.Go(func() error {
			if err := errors.Join(l.kill(ctx, n), l.start(ctx, n)); err != nil {
				return fmt.Errorf("restart %s: %w", n.Name(), err)
			}
			return n.Await(ctx, "serving again", readyWithin,
				func(ctx context.Context) error { return serving(ctx, n) })
		})
	}
	return each.Wait()
}
