package fault

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// CutControl cuts what decides about a region off from it, while its clients and its data still come and go: the name service and its
// health checks, or the looks of the automation.
type CutControl struct {
	Region string `yaml:"region"`
	Of     string `yaml:"of"`
}

// Who decides about a region.
const (
	ofNameservice = "nameservice"
	ofAutomation  = "automation"
)

// Kind is cut_control.
func (*CutControl) Kind() string { return "cut_control" }

// Target names both ends.
func (f *CutControl) Target() string { return f.Of + " from " + f.Region }

// Validate asks for a region and who is cut off from it.
func (f *CutControl) Validate(t topology.Topology) error {
	err := regionIn(t, "region", f.Region)
	switch f.Of {
	case ofNameservice:
	case ofAutomation:
		if t.Automation.Off {
			err = errors.Join(err, errors.New("of can't be automation: the topology has none"))
		} else if err == nil && f.Region != t.Home().Name {
			err = fmt.Errorf("region %q is not watched by the automation: %s is", f.Region, t.Home().Name)
		}
	default:
		err = errors.Join(err, fmt.Errorf("of %q decides about no region: use %s or %s", f.Of, ofNameservice, ofAutomation))
	}
	return err
}

// For makes the fault ready.
func (f *CutControl) For(l Lab) (Fault, error) {
	t := l.Topology()
	c := &cutControl{region: f.Region}
	cut := func(p Path) bool { return p.Control && p.To == f.Region }
	by, where, check := topology.ServiceAutomation, t.Standby().Name, t.Automation.Check
	c.sees = c.automationSees
	if f.Of == ofNameservice {
		cut = func(p Path) bool {
			return p.From == topology.Global && p.To == f.Region ||
				p.From == f.Region && p.To == topology.Global && p.Service == topology.ServiceNameservice
		}
		by, where, check = topology.ServiceNameservice, topology.Global, t.Routing.Check
		c.sees = c.nameserviceSees
	}
	links, err := l.Links(cut)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Target(), err)
	}
	c.holding = holding{links: links, how: How{Cut: true}}
	c.slow = time.Duration(check.Threshold+1) * (check.Interval + time.Second) // each of them may go unanswered for a second
	if c.apps, err = l.Nodes(func(p Place) bool { return p.Service == topology.ServiceApp && p.Region == f.Region }); err != nil {
		return nil, fmt.Errorf("app nodes in %s: %w", f.Region, err)
	}
	c.by, err = only(l, by, where)
	return c, err
}

type cutControl struct {
	holding
	region string
	slow   time.Duration
	by     Node
	apps   []Node
	// sees asks who is cut off whether the region is healthy.
	sees func(ctx context.Context) (healthy bool, said string, err error)
}

// Slow is how long the checks take to change their mind.
func (c *cutControl) Slow() time.Duration { return c.slow }

// InForce asks who is cut off how it sees the region.
func (c *cutControl) InForce(ctx context.Context) (bool, string, error) {
	if c.healed && len(c.free) < len(c.links) {
		return false, "let go, and still held by other faults", nil
	}
	healthy, said, err := c.sees(ctx)
	if err != nil {
		if up, serr := running(ctx, c.by); c.healed && serr == nil && !up {
			return false, c.by.Place().Name + " does not run, and its links are open", nil
		}
		return false, "", err
	}
	if healthy {
		return false, fmt.Sprintf("%s sees %s healthy", c.by.Place().Name, c.region), nil
	}
	if c.healed {
		if up, err := anyRuns(ctx, c.apps); err != nil || !up {
			return false, "the links are open, and no app node is there to be seen healthy", err
		}
	}
	return true, fmt.Sprintf("%s sees %s unhealthy: %s", c.by.Place().Name, c.region, said), nil
}

func (c *cutControl) nameserviceSees(ctx context.Context) (bool, string, error) {
	var health struct {
		Targets []struct {
			Region    string `json:"region"`
			Healthy   bool   `json:"healthy"`
			LastError string `json:"last_error"`
		} `json:"targets"`
	}
	if err := callAgent(ctx, c.by, http.MethodGet, "/health", nil, &health); err != nil {
		return false, "", err
	}
	for _, t := range health.Targets {
		if t.Region == c.region {
			return t.Healthy, t.LastError, nil
		}
	}
	return false, "", fmt.Errorf("the name service does not know %s", c.region)
}

func (c *cutControl) automationSees(ctx context.Context) (bool, string, error) {
	var state struct {
		State string `json:"state"`
		Home  *struct {
			Healthy bool   `json:"healthy"`
			Said    string `json:"said"`
		} `json:"home"`
	}
	if err := callAgent(ctx, c.by, http.MethodGet, "/state", nil, &state); err != nil {
		return false, "", err
	}
	over := state.State == "acting" || state.State == "done"
	switch {
	case over && c.healed:
		return true, "", nil // as far as anybody could tell: its links are open
	case over:
		return false, "", fmt.Errorf("the automation is %s, and does not look at %s any more", state.State, c.region)
	case state.Home == nil:
		return false, "", fmt.Errorf("the automation has not looked at %s yet", c.region)
	}
	return state.Home.Healthy, state.Home.Said, nil
}
