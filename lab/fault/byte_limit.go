package fault

import (
	"context"
	"errors"

	"github.com/regionfall/regionfall/lab/link/toxic"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// ByteLimit ends each connection after so many bytes, as a proxy with a broken buffer does.
type ByteLimit struct {
	Links     `yaml:",inline"`
	Direction string `yaml:"direction" otherwise:"both" about:"The direction that is impaired: upstream, downstream or both."`
	Bytes     int    `yaml:"bytes" about:"The number of bytes after which a connection ends."`
}

// Kind is byte_limit.
func (*ByteLimit) Kind() string { return "byte_limit" }

// Validate asks for links and a limit.
func (f *ByteLimit) Validate(t topology.Topology) error {
	_, err := streamOf(f.Direction)
	err = errors.Join(f.validate(t), err, chooses(f.Service, f.Direction))
	if f.Direction == "" || f.Direction == "both" {
		err = errors.Join(err, invalid("direction", "is missing: use upstream or downstream"))
	}
	if f.Bytes < 4<<10 || f.Bytes > 10<<20 {
		err = errors.Join(err, invalid("bytes", "is %d; it must be 4096 to %d", f.Bytes, 10<<20))
	}
	return err
}

func (f *ByteLimit) streams() string { return f.Direction }

// For makes the fault ready.
func (f *ByteLimit) For(l Lab) (Fault, error) {
	m, err := f.measured(l, f.Direction, func(s probe.Stream) []toxic.Toxic {
		return toxic.LimitData(s,
			int64(f.Bytes))
	})
	if err != nil {
		return nil, err
	}
	m.asked, m.unit = float64(f.Bytes), "bytes"
	m.measure = func(ctx context.Context, l Link) (float64, error) {
		a, err := l.Ask(ctx, probe.Question{
			Way: probe.Count, Stream: m.stream, Bytes: 2 * int64(f.Bytes),
			Within: measureWithin,
		})
		if err == nil && a.Symptom != probe.Fine && a.Bytes == 0 {
			err = a.Err()
		}
		return float64(a.Bytes), err
	}
	return &m, nil
}
