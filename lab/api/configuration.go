package api

import (
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// DeliveryState answers GET /config, and all that changes it, of the replicator.
type DeliveryState struct {
	Published int             `json:"published"` // the revision that the region is to have
	Commit    string          `json:"commit"`    // of the repository, that it was fetched with; empty before the first
	Delivered int             `json:"delivered"` // the one that its nodes are given
	Former    int             `json:"former"`    // the one before it; 0 if none is known
	Document  topology.Config `json:"document"`  // what is published
	// Orders are what faults ordered of the delivery, by their holders.
	Orders map[string]DeliveryOrder `json:"told"`
}

// DeliveryOrder tells the delivery to do its work badly.
type DeliveryOrder struct {
	Do    string        `json:"do"`
	Delay time.Duration `json:"delay_ns,omitempty"`
}

// What a delivery can be told to do.
const (
	DeliverNothing = "freeze"
	DeliverFormer  = "roll_back" // the document before the one that is delivered when the order comes
	DeliverLate    = "delay"
)
