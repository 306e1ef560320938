package plan

import "github.com/regionfall/regionfall/lab/topology"

// What serves S3 and DynamoDB is chosen with the images: it brings needs, folders and an image name of its own.
var s3 = Service{
	Name: topology.ServiceS3, Start: Unaided, Managed: true, Own: true,
	tell: tellS3,
}

func tellS3(p *Plan, n *Node) error {
	if p.Together {
		n.Aliases = append(n.Aliases, topology.ServiceDynamoDB.Host(n.Region))
	}
	return nil
}
