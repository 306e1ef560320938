package plan

import (
	"fmt"

	"github.com/regionfall/regionfall/lab/topology"
)

// hub has a node in no region, which the others can't do without.
var hub = Service{
	Name: topology.ServiceHub, Image: ownImage, Own: true,
	tell: tellHub,
}

// Hub is the node that carries all paths.
func (p *Plan) Hub() (Node, error) {
	return p.Node(topology.Place{Service: topology.ServiceHub, Region: topology.Global, Number: 1})
}

func tellHub(p *Plan, n *Node) error {
	n.Cmd = []string{string(n.Service)}
	n.Aliases = []string{"hub"}
	n.Publish = []string{fmt.Sprintf("%d/tcp", topology.PortToxiproxy)}
	for _, path := range p.Carried() {
		if path.Published() {
			n.Publish = append(n.Publish, fmt.Sprintf("%d/tcp", path.Port))
		}
	}
	n.Networks = append(n.Networks, names(p.Topology)...)
	n.Disks = disks(p.Topology)
	return nil
}
