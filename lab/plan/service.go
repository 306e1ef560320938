package plan

import (
	"slices"

	"github.com/regionfall/regionfall/lab/topology"
)

// Service is all that the lab has to know of a service before it runs.
type Service struct {
	Name  topology.Service
	Image string // of an image set, by what it is for
	Needs Needs

	// Start is when a node is started among the others, few at a time: what takes longest to be ready goes first. See
	// the services for why.
	Start Start
	// Managed says that it stands in for a managed service: it has machines of its own in the cloud, and must not make
	// the app wait for a processor here.
	Managed bool
	// Own says that it is a program of the lab's own, or stands in for a managed service: only a fault ends its nodes.
	// An app is somebody's own, and databases may fail of what is asked of them: both are there to be tested.
	Own bool
	// Marks says that its agent notes what it does, and when.
	Marks bool
	// Disk says that its data is on a small disk, which can be filled.
	Disk bool
	// Restores says that with strategy backup-restore a node outside home waits for a backup, and answers nobody.
	Restores bool

	// places are its nodes in a region, or in none; nil: as the traits of the service say.
	places func(t topology.Topology, where string) []topology.Place
	tell   func(p *Plan, n *Node) error
}

// Start is a place in the order of starting.
type Start int

// The order of starting. More at once would only make what is slow share the processors with what is ready in no time.
const (
	// Longest is what takes longest.
	Longest Start = iota
	// Unaided nodes, and those before them, need no hub to be ready.
	Unaided
	// Kept nodes need the hub, which keeps their disks: those are in memory, and would be gone between the making of
	// the node and its start.
	Kept
	// Asking nodes ask others from their start on.
	Asking
	// Serving nodes wait for what others bring along.
	Serving
	// Quick nodes are ready in no time.
	Quick
)

// services are all but the hub, in the order in which they are listed in a region: ports are counted up in it.
var services = []Service{
	postgres, redis, s3, dynamodb, replicator, responder, app, backup, automation, nameservice, repository,
}

// Services are all services of a lab.
func Services() []Service { return append(slices.Clone(services), hub) }

// Of is a service by its name. That there is none is a mistake in this program.
func Of(name topology.Service) Service {
	all := Services()
	return all[slices.IndexFunc(all, func(s Service) bool { return s.Name == name })]
}

// in are the nodes in a region, or in none.
func (s Service) in(t topology.Topology, where string) []topology.Place {
	if s.places != nil {
		return s.places(t, where)
	}
	is := s.Name.Traits()
	return one(s.Name, where, is.EachRegion && where != topology.Global || is.Global && where == topology.Global)
}

func one(s topology.Service, where string, there bool) []topology.Place {
	if !there {
		return nil
	}
	return []topology.Place{{Service: s, Region: where, Number: 1}}
}
