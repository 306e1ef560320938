package fault

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/regionfall/regionfall/lab/link/toxic"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// Latency makes links slower: Delay is added in each direction, so that a round trip grows by twice as much. It is
// physical time: a timescale does not divide it.
type Latency struct {
	Links     `yaml:",inline"`
	Direction string        `yaml:"direction" otherwise:"both" about:"The direction that is impaired: upstream, downstream or both."`
	Delay     time.Duration `yaml:"delay" about:"The time that is added in each direction."`
}

// Kind is latency.
func (*Latency) Kind() string { return "latency" }

// Takes is what the round trips do.
func (f *Latency) Takes(topology.Topology) Time {
	return Time{Seen: looks * latencyTrips * time.Duration(ways(f.Direction)) * f.Delay}
}

// Validate asks for links and a delay that can be told from noise.
func (f *Latency) Validate(t topology.Topology) error {
	_, derr := streamOf(f.Direction)
	return errors.Join(f.validate(t), derr, wholeMS("delay", f.Delay, 5*time.Millisecond, 5*time.Second))
}

func (f *Latency) streams() string { return f.Direction }

// For makes the fault ready.
func (f *Latency) For(l Lab) (Fault, error) {
	m, err := f.measured(l, f.Direction, func(s probe.Stream) []toxic.Toxic { return toxic.Latency(s, f.Delay, 0) })
	if err != nil {
		return nil, err
	}
	m.add, m.unit, m.asked = true, "ms", float64(len(m.state.Toxics))*f.Delay.Seconds()*1000
	m.measure = func(ctx context.Context, l Link) (float64, error) {
		took, err := roundTrips(ctx, l, latencyTrips, 1)
		if err != nil {
			return 0, err
		}
		return slices.Min(took), nil // a busy machine only ever adds
	}
	return &m, nil
}

// latencyTrips is how many round trips are made for a measurement, of which the fastest counts.
const latencyTrips = 5
