package drill

import (
	"context"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/workload"
)

// Code is a write and the final read of an app in Go, for what an app file can't say. The file says that they are code,
// and how the app's nodes run:
//
//	operations: {write: {code: on}}
//	stores: {code: on}
//
// Run a drill of it with package runner: it is measured, judged again and reported as any other. Both functions are
// called from many goroutines at once.
type Code struct {
	// Write writes what has this id, once. Nil says that the app has acknowledged it; an error that wraps
	// workload.ErrRefused, that it was not done, and will not be; any other, that nobody knows. What was not sent over
	// the connection of the door is taken for sent. The context ends with the workload's timeout.
	Write workload.WriteFunc
	// Read gives the ids of all that is in the stores of a region, each as often as it is there. Ids of others are
	// passed over.
	Read func(ctx context.Context, from Place) ([]string, error)
}

// Place is where a final read reads: the stores of one region, past all faults.
type Place struct {
	Region string
	Prefix string // of the ids of all writes of the drill
	// Tap is the address, as host:port, of a service of the region. The lab's own user and password hold for it.
	Tap func(topology.Service) (string, error)
}
