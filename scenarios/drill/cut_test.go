package drill

import (
	"context"
	"errors"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// cut is a fault that cuts the way of the clients to a region and notes its healing in the lab. Its twins are broken on
// purpose.
type cut struct {
	kind, region string
	unverified   bool                        // it is in force, but not all of it came true
	before       func(context.Context) error // done before the link is cut
	baseline     func(context.Context) error // done at each look before that; nil for nothing
}

func (f *cut) Kind() string                     { return f.kind }
func (f *cut) Target() string                   { return f.region }
func (f *cut) Validate(topology.Topology) error { return nil }

func (f *cut) For(l fault.Lab) (fault.Fault, error) {
	links, err := l.Links(func(p fault.Path) bool { return p.From == topology.Clients && p.To == f.region })
	if err != nil {
		return nil, err
	}
	return &cutting{cut: f, door: links[0], lab: l.(*tinyLab)}, nil
}

type cutting struct {
	*cut
	door fault.Link
	lab  *tinyLab
}

func (c *cutting) Inject(ctx context.Context) error {
	if c.before != nil {
		if err := c.before(ctx); err != nil {
			return err
		}
	}
	return c.door.Hold(ctx, fault.LinkState{Cut: true})
}

// InForce makes a round trip, which does not know of the cut.
func (c *cutting) InForce(ctx context.Context) (bool, string, error) {
	a, err := c.door.Ask(ctx, probe.Question{Way: probe.RoundTrip})
	return a.Symptom != probe.Fine, "a round trip, or none", err
}

// Baseline makes a round trip.
func (c *cutting) Baseline(ctx context.Context) (bool, string, error) {
	if c.baseline != nil {
		if err := c.baseline(ctx); err != nil {
			return false, "", err
		}
	}
	return c.InForce(ctx)
}

// Gone makes a round trip.
func (c *cutting) Gone(ctx context.Context) (bool, string, error) {
	cut, saw, err := c.InForce(ctx)
	return !cut, saw, err
}

func (c *cutting) Verify(context.Context) (string, error) {
	if c.unverified {
		return "", errors.New("half of it did not come true")
	}
	return "all of it", nil
}

func (c *cutting) Heal(ctx context.Context) error {
	c.lab.mu.Lock()
	c.lab.healed = append(c.lab.healed, c.kind)
	c.lab.mu.Unlock()
	_, err := c.door.Release(ctx)
	return err
}
