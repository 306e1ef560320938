package fault

import (
	"context"
	"errors"
	"time"

	"github.com/regionfall/regionfall/lab/link/toxic"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// SlowClose keeps connections for a while that the service has closed.
type SlowClose struct {
	Links `yaml:",inline"`
	Delay time.Duration `yaml:"delay" about:"The time for which a connection that the service has closed lingers."`
}

// Kind is slow_close.
func (*SlowClose) Kind() string { return "slow_close" }

// Takes is until connections have ended.
func (f *SlowClose) Takes(topology.Topology) Time { return Time{Seen: looks * f.Delay} }

// Validate asks for links and a delay.
func (f *SlowClose) Validate(t topology.Topology) error {
	return errors.Join(f.validate(t), wholeMS("delay", f.Delay, 50*time.Millisecond, 5*time.Second))
}

func (*SlowClose) streams() string { return string(probe.Downstream) }

// For makes the fault ready.
func (f *SlowClose) For(l Lab) (Fault, error) {
	m, err := f.measured(l, string(probe.Downstream), func(s probe.Stream) []toxic.Toxic {
		return toxic.SlowClose(s,
			f.Delay)
	})
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
