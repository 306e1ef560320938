// Package workload offers load to a lab as its clients would: open-loop, each call made once, its region found through
// the name service, its fate recorded. What clients try again is a call of its own.
package workload

import (
	"math"
	"time"
)

// Spec is the load of a scenario. Rates are per lab second and are not scaled.
type Spec struct {
	Writes  float64       // offered writes per second
	Reads   float64       // offered reads per second, of writes that were acknowledged
	Clients int           // independent clients, each with a DNS cache of its own
	Timeout time.Duration // an operation without an answer is given up, and unknown
	// Sessions has each client read what it wrote itself and what it has read before, besides what others wrote, and
	// carry along how far the database had come by the answers it got.
	Sessions bool
	Retry    Retry
	Stale    Stale
	// regions that the clients are of, in turn: their questions to the name service say so; none: they say nothing
	In []string
}

// Stale is a share of the clients, whose resolvers keep an answer for a while at least, whatever its TTL says, as some
// runtimes and providers do. For is in lab time.
type Stale struct {
	Share float64
	For   time.Duration
}

// StaleClients are how many of the clients keep answers so: the first ones.
func (s Spec) StaleClients() int { return int(math.Ceil(s.Stale.Share*float64(s.Clients) - 1e-9)) }

// Retry is what clients do about an operation that is not ok: nothing, for the zero value. Each repetition is an
// operation of its own, with the same id, and comes on top of what is offered.
type Retry struct {
	Times int
	After time.Duration // an operation has failed; twice as long after each repetition
}
