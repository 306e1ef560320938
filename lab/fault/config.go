package fault

import (
	"github.com/regionfall/regionfall/lab/topology"
)

// Configured is a region whose configuration is tampered with.
type Configured struct {
	Region string `yaml:"region" about:"The region whose nodes the configuration is for."`
}

// Target is the region.
func (c Configured) Target() string { return "the configuration of " + c.Region }

func (c Configured) configures() string { return c.Region }

func (c Configured) validate(t topology.Topology) error { return regionIn(t, "region", c.Region) }
