package plan

import "github.com/regionfall/regionfall/lab/topology"

var dynamodb = Service{
	Name: topology.ServiceDynamoDB, Start: Longest, Managed: true, Own: true,
	tell: func(*Plan, *Node) error { return nil },
}
