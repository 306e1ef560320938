package store

import (
	"context"

	"github.com/regionfall/regionfall/lab/topology"
)

// Store is one node of a store, past all faults.
type Store interface {
	// Answers is nil when the node does its work, be it on its own.
	Answers(ctx context.Context) error
	// Role is what the node is to the others, or empty where there are none.
	Role(ctx context.Context) (Role, error)
}

// Streamer is a store whose nodes stream from each other.
type Streamer interface {
	Store
	// Streams is nil when the node receives what is written elsewhere, as a replica.
	Streams(ctx context.Context) error
}

// Role is what a node of a store is to the others.
type Role string

// The roles.
const (
	Primary Role = "primary"
	Replica Role = "replica"
)

var stores = map[topology.Service]func(address, region string) Store{
	topology.ServicePostgres: func(address, _ string) Store { return postgresNode(address) },
	topology.ServiceRedis:    func(address, _ string) Store { return redisNode(address) },
	topology.ServiceS3:       func(address, region string) Store { return objectsNode{address, region} },
	topology.ServiceDynamoDB: func(address, region string) Store { return itemsNode{address, region} },
}

// At is the node of a service at an address; false for what is no store.
func At(s topology.Service, address, region string) (Store, bool) {
	open, ok := stores[s]
	if !ok {
		return nil, false
	}
	return open(address, region), true
}
