package plan

import (
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// nameservice tells clients the ports that the hub publishes, so it needs the hub to be there.
var nameservice = Service{
	Name: topology.ServiceNameservice, Image: ownImage, Start: Quick, Own: true, Marks: true,
	tell: tellNameservice,
}

func tellNameservice(p *Plan, n *Node) error {
	t := p.Topology
	n.Publish = []string{fmt.Sprintf("%d/udp", topology.PortDNS), fmt.Sprintf("%d/tcp", topology.PortDNS)}
	c := api.NameserviceConfig{
		Record: topology.RecordName, Policy: t.Routing.Policy, ByWeight: !t.Automation.Off &&
			t.Automation.Shift.InSteps(),
		TTL: t.Routing.TTL, Check: t.Routing.Check,
	}
	for _, r := range t.Regions {
		target, err := p.target(r)
		if err != nil {
			return err
		}
		c.Targets = append(c.Targets, target)
	}
	return settle(n, c)
}

// target is a region that the name service may answer.
func (p *Plan) target(r topology.Region) (api.Target, error) {
	t := p.Topology
	var farthest time.Duration
	for _, other := range t.Regions {
		if other.Name != r.Name {
			farthest = max(farthest, t.LatencyBetween(r.Name, other.Name))
		}
	}
	door, err := p.Door(r.Name)
	if err != nil {
		return api.Target{}, err
	}
	host, port, err := net.SplitHostPort(door)
	if err != nil {
		return api.Target{}, fmt.Errorf("door of %s: %w", r.Name, err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return api.Target{}, fmt.Errorf("door of %s: %w", r.Name, err)
	}
	return api.Target{
		Region: r.Name, Host: host, Port: number, Trip: 2 * farthest, Weight: r.Weight, Clients: t.ClientSubnet(r.Name),
		Health: "http://" + p.endpoint(topology.Global, r.Name, topology.ServiceApp).Address + p.App.Ready,
		Holds:  p.App.Holds,
	}, nil
}
