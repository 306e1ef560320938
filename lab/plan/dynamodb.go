package plan

import "github.com/regionfall/regionfall/lab/topology"

var dynamodb = Service{
	Name: topology.ServiceDynamoDB, Start: Longest, Crosses: true, Managed: true, Own: true, Speaks: AWS,
	places: inEach(topology.ServiceDynamoDB), tell: func(*Plan, *Node) error { return nil },
}
