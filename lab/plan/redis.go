package plan

import "github.com/regionfall/regionfall/lab/topology"

var redis = Service{
	Name: topology.ServiceRedis, Image: "redis", Start: Quick,
	tell: tellRedis,
}

func tellRedis(p *Plan, n *Node) error {
	n.Volumes = map[string]string{DataDir: n.Name()}
	if source := p.Topology.Source(n.Region); source != "" {
		n.Cmd = []string{"--replicaof", "hub", p.port(n.Region, source, topology.ServiceRedis)}
	}
	return nil
}
