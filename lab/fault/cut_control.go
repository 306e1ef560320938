package fault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// CutControl cuts what decides about a region off from it, while its clients and its data still come and go: the name
// service and its health checks, or the looks of the automation.
type CutControl struct {
	Region string `yaml:"region" about:"The region that serves on and is no longer watched."`
	Of     string `yaml:"of" about:"The watcher whose health checks are cut off."`
}

// Who decides about a region.
const (
	ofNameservice = "nameservice"
	ofAutomation  = "automation"
)

// Kind is cut_control.
func (*CutControl) Kind() string { return "cut_control" }

// Takes is until as many checks have failed as it takes to be believed.
func (f *CutControl) Takes(t topology.Topology) Time {
	check := f.check(t)
	return Time{Seen: time.Duration(check.Threshold+1) * check.Interval}
}

// check is how who is cut off looks at the region.
func (f *CutControl) check(t topology.Topology) topology.HealthCheck {
	if f.Of == ofNameservice {
		return t.Routing.Check
	}
	return t.Automation.Check
}

// Target names both ends.
func (f *CutControl) Target() string { return f.Of + " from " + f.Region }

// Validate asks for a region and who is cut off from it.
func (f *CutControl) Validate(t topology.Topology) error {
	err := regionIn(t, "region", f.Region)
	switch f.Of {
	case ofNameservice:
	case ofAutomation:
		if t.Automation.Off {
			err = errors.Join(err, invalid("of", "can't be automation: the topology has none"))
		} else if err == nil && f.Region != t.Home().Name {
			err = invalid("region", "%q is not watched by the automation: %s is", f.Region, t.Home().Name)
		}
	default:
		err = errors.Join(err, unknown("of", []string{ofNameservice, ofAutomation},
			"%q decides about no region: use %s or %s", f.Of, ofNameservice, ofAutomation))
	}
	return err
}

// picks says whether a path is one of those that are cut.
func (f *CutControl) picks(p Path) bool {
	if f.Of == ofAutomation {
		return p.Control && p.To == f.Region
	}
	return p.From == topology.Global && p.To == f.Region || p.From == f.Region && p.To == topology.Global &&
		p.Service == topology.ServiceNameservice
}

// For makes the fault ready.
func (f *CutControl) For(l Lab) (Fault, error) {
	t := l.Topology()
	c := &cutControl{region: f.Region}
	by, from, check := topology.ServiceAutomation, t.Standby().Name, f.check(t)
	c.sees = c.automationSees
	if f.Of == ofNameservice {
		by, from = topology.ServiceNameservice, topology.Global
		c.sees = c.nameserviceSees
	}
	links, err := l.Links(f.picks)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Target(), err)
	}
	c.linkHold = linkHold{links: links, state: LinkState{Cut: true}}
	for _, k := range links {
		if k.Path().To == f.Region {
			c.looks = append(c.looks, k)
		}
	}
	// each of them may go unanswered for a second
	c.slow = time.Duration(check.Threshold+1) * (check.Interval + time.Second)
	c.by, err = only(l, by, from)
	return c, err
}

type cutControl struct {
	linkHold
	region string
	slow   time.Duration
	by     Node
	looks  []Link // those over which it looks at the region
	// sees asks who is cut off whether the region is healthy.
	sees func(ctx context.Context) (healthy bool, said string, err error)
}

// Vouched is that the hub has cut the links: who is cut off will see it. One look of the probe is enough then, since
// an automation that has seen it goes to work at once, and tells no more how it sees the region.
func (c *cutControl) Vouched() bool { return false }

// Slow is how long the checks take to change their mind.
func (c *cutControl) Slow() time.Duration { return c.slow }

// Baseline asks who is to be cut off how it sees the region.
func (c *cutControl) Baseline(ctx context.Context) (bool, string, error) { return c.InForce(ctx) }

// InForce asks who is cut off how it sees the region, and then whether it is for the way that it sees it ill. Whether
// it is gone only the way says: a region that was fenced or has fallen ill meanwhile is seen ill over the best of
// links.
func (c *cutControl) InForce(ctx context.Context) (bool, string, error) {
	healthy, said, err := c.sees(ctx)
	if err != nil {
		return false, "", err
	}
	if healthy {
		return false, fmt.Sprintf("%s sees %s healthy", c.by.Place().Name, c.region), nil
	}
	_, working, _, err := askAll(ctx, c.looks, lacksRoundTrip)
	if err == nil && len(working) > 0 {
		err = fmt.Errorf("%s sees %s unhealthy, though %s carry: %s", c.by.Place().Name, c.region,
			describeLinks(working), said)
	}
	return err == nil, fmt.Sprintf("%s sees %s unhealthy: %s", c.by.Place().Name, c.region, said), err
}

// Lapsed asks the links: who is cut off takes its time to see anything.
func (c *cutControl) Lapsed(ctx context.Context) (bool, error) {
	return anyCarries(ctx, c.looks)
}

func (c *cutControl) nameserviceSees(ctx context.Context) (bool, string, error) {
	routing, err := api.Nameservice{Caller: agentOf(c.by)}.Routing(ctx)
	if err != nil {
		return false, "", err
	}
	for _, t := range routing.Targets {
		if t.Region == c.region {
			return t.Healthy, t.LastError, nil
		}
	}
	return false, "", fmt.Errorf("the name service does not know %s", c.region)
}

func (c *cutControl) automationSees(ctx context.Context) (bool, string, error) {
	state, err := api.Automation{Caller: agentOf(c.by)}.State(ctx)
	if err != nil {
		return false, "", err
	}
	switch {
	case state.State == api.PhaseActing, state.State == api.PhaseDone:
		return false, "", fmt.Errorf("the automation is %s, and does not look at %s any more", state.State, c.region)
	case state.Home == nil:
		return false, "", fmt.Errorf("the automation has not looked at %s yet", c.region)
	}
	return state.Home.Healthy, state.Home.Said, nil
}
