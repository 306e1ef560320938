package lab

import (
	"fmt"
	"slices"

	"github.com/regionfall/regionfall/lab/link"
	"github.com/regionfall/regionfall/lab/topology"
)

// Addresses are where this process reaches the parts of a lab, as host:port.
type Addresses struct{ l *Lab }

// Addresses are those of the lab.
func (l *Lab) Addresses() Addresses { return Addresses{l} }

// Resolver is where the name service answers DNS over UDP.
func (a Addresses) Resolver() string { return a.l.resolver }

// Repository is the URL of the Git repository in which the configurations of all regions are, past all faults. What is
// pushed to it is delivered.
func (a Addresses) Repository() (string, error) {
	tap, err := a.Tap(topology.ServiceRepository.Host(topology.Global))
	if err != nil {
		return "", err
	}
	return "http://" + tap + "/" + topology.RepositoryName, nil
}

// Tap is where the harness reaches a node's service, past all faults, as host:port.
func (a Addresses) Tap(nodeName string) (string, error) {
	return a.reach(func(k *link.Link) bool { return k.From == topology.Tap && k.Node == nodeName }, "tap of "+nodeName)
}

// Door is where clients reach the app of a region, as host:port: a link, which faults do touch.
func (a Addresses) Door(region string) (string, error) {
	return a.StoreDoor(topology.ServiceApp, region)
}

// StoreDoor is where clients reach a store of a region that they speak to themselves (App.Direct), as host:port: a
// link, which faults do touch.
func (a Addresses) StoreDoor(s topology.Service, region string) (string, error) {
	return a.reach(func(k *link.Link) bool {
		return k.From == topology.Clients && k.To == region && k.Service == s
	}, fmt.Sprintf("door of %s to %s", region, s))
}

func (a Addresses) reach(is func(*link.Link) bool, what string) (string, error) {
	i := slices.IndexFunc(a.l.links, is)
	if i < 0 {
		return "", fmt.Errorf("the lab has no %s", what)
	}
	address, err := a.l.outside(a.l.links[i].Path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	return address, nil
}

// outside is where a path starts that starts outside the lab.
func (l *Lab) outside(p topology.Path) (address string, err error) {
	address, ok := l.published[fmt.Sprintf("%d/tcp", p.Port)]
	switch {
	case ok:
		return address, nil
	case p.From == topology.Tap:
		return l.hub.Tap(p.Upstream)
	}
	return "", fmt.Errorf("the hub does not publish port %d", p.Port)
}

// Endpoints are where this process reaches a region, each as host:port. Only the Door is touched by faults.
type Endpoints struct {
	Region   string
	Door     string // the app, as clients reach it
	App      string // its first node, past all faults, and so are the others
	Postgres string // for SQL
	Redis    string
	S3       string // for ObjectClient
	DynamoDB string // for ItemClient
}

// Endpoints are those of a region.
func (a Addresses) Endpoints(region string) (Endpoints, error) {
	if _, err := a.l.topology.Find(region); err != nil {
		return Endpoints{}, err
	}
	e := Endpoints{Region: region}
	var err error
	if e.Door, err = a.Door(region); err != nil {
		return Endpoints{}, err
	}
	for node, address := range map[string]*string{
		topology.Place{Service: topology.ServiceApp, Region: region, Number: 1}.Name(): &e.App,
		topology.ServicePostgres.Host(region):                                          &e.Postgres,
		topology.ServiceRedis.Host(region):                                             &e.Redis,
		topology.ServiceS3.Host(region):                                                &e.S3,
		topology.ServiceDynamoDB.Host(region):                                          &e.DynamoDB,
	} {
		if *address, err = a.Tap(node); err != nil {
			return Endpoints{}, err
		}
	}
	return e, nil
}
