package lab

import (
	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
)

// heldAWS is a node of S3, DynamoDB or both.
type heldAWS struct{ heldNode }

var (
	_ fault.Stores = (*heldAWS)(nil)
	_ fault.Shell  = (*heldAWS)(nil)
)

// Store speaks to one of the services that the node provides.
func (n *heldAWS) Store(s topology.Service) (fault.Store, error) {
	tap, err := n.held.Tap(s.Host(n.place.Region))
	if err != nil {
		return nil, err
	}
	if s == topology.ServiceS3 {
		return store.ProbeObjects(tap, n.place.Region), nil
	}
	return store.ProbeItems(tap, n.place.Region), nil
}
