package fault

import (
	"context"
	"errors"
	"time"

	"github.com/regionfall/regionfall/lab/link/toxic"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// Bandwidth lets so many bytes a second pass each link, in each direction by itself.
type Bandwidth struct {
	Links     `yaml:",inline"`
	Direction string `yaml:"direction" otherwise:"both" about:"The direction that is impaired: upstream, downstream or both."`
	Rate      int    `yaml:"rate" about:"The bytes a second that each link carries."`
}

// Kind is bandwidth.
func (*Bandwidth) Kind() string { return "bandwidth" }

// Takes is what the payload needs.
func (f *Bandwidth) Takes(topology.Topology) Time {
	return Time{Seen: looks * time.Duration(float64(f.payload())/float64(f.Rate)*float64(time.Second))}
}

// The bounds of a rate: below, a question takes longer than anybody waits; above, a small machine is the narrow place.
const (
	minRate = 10_000
	maxRate = 10_000_000
)

// Validate asks for links and a rate.
func (f *Bandwidth) Validate(t topology.Topology) error {
	_, err := streamOf(f.Direction)
	err = errors.Join(f.validate(t), err, chooses(f.Service, f.Direction))
	if f.Rate < minRate || f.Rate > maxRate || f.Rate%1000 != 0 {
		err = errors.Join(err, invalid("rate", "is %d bytes a second; it must be whole thousands from %d to %d", f.Rate,
			minRate, maxRate))
	}
	return err
}

// chooses is a complaint about a direction that could not be seen: not every service sends back as much as is asked
// for.
func chooses(service, direction string) error {
	if direction == string(probe.Downstream) && service != "" && !probe.Echoes(topology.Service(service)) {
		return invalid("direction", "downstream can't be seen on %s alone: use upstream or both", service)
	}
	return nil
}

func (f *Bandwidth) streams() string { return f.Direction }

// measureWithin is how long a measurement by bytes may take.
const measureWithin = 8 * time.Second

// payload is half a second's worth: enough that a millisecond more or less of each part does not count.
func (f *Bandwidth) payload() int64 { return payload(int64(f.Rate)) }

func payload(rate int64) int64 { return max(rate/2, 16<<10) }

// For makes the fault ready.
func (f *Bandwidth) For(l Lab) (Fault, error) {
	m, err := f.measured(l, f.Direction, func(s probe.Stream) []toxic.Toxic {
		return toxic.Bandwidth(s,
			int64(f.Rate))
	})
	if err != nil {
		return nil, err
	}
	m.asked, m.unit = float64(f.Rate), "bytes/s"
	m.measure = func(ctx context.Context, l Link) (float64, error) {
		a, err := l.Ask(ctx, probe.Question{
			Way: probe.Throughput, Stream: m.stream, Bytes: f.payload(),
			Within: measureWithin,
		})
		if err == nil {
			err = a.Err()
		}
		return float64(a.Bytes) / max(a.Took.Seconds(), 1e-6), err
	}
	return &m, nil
}
