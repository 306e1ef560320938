package topology

import (
	"errors"
	"fmt"
)

// Followers are the regions that neither are home nor take over: after a failover their databases follow the one that
// does.
func (t Topology) Followers() []Region {
	if !t.Streams() || len(t.Regions) <= minRegions {
		return nil
	}
	return t.Regions[minRegions:]
}

// Switches is nil where the two regions can change roles in a switchover, and else says why they can't.
func (t Topology) Switches() error {
	switch {
	case t.Automation.Off:
		return errors.New("the topology has no automation")
	case !t.Streams():
		return fmt.Errorf("with strategy %s no replica could take over", t.Strategy)
	case len(t.Regions) != minRegions:
		return errors.New("a switchover is between two regions, and the topology has more")
	}
	return nil
}

// CheckSwitchover says what keeps a region from taking over in a switchover.
func (t Topology) CheckSwitchover(region string) error {
	if err := t.Switches(); err != nil {
		return err
	}
	if _, ok := t.Region(region); !ok {
		return fmt.Errorf("%q is no region of the topology: those are %s and %s", region, t.Home().Name,
			t.Standby().Name)
	}
	return nil
}
