package lab

import (
	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/topology"
)

// needs is what a node of a service may do beyond what every node may, with the reason. aws is what serves S3 and DynamoDB.
func needs(s topology.Service, aws string) node.Needs {
	switch {
	case s == topology.ServicePostgres:
		return node.Needs{Scratch: []string{"/run/postgresql"}} // its socket
	case aws == "localstack" && (s == topology.ServiceS3 || s == topology.ServiceDynamoDB):
		// Its image does not start as another user than root: it writes below /root, /opt/code and /usr/lib. It still has no capabilities.
		return node.Needs{Root: true, Writable: true}
	default:
		return node.Needs{}
	}
}
