package plan

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/regionfall/regionfall/lab/topology"
)

// Paths lists every path of a topology with its port on the hub.
func Paths(t topology.Topology) []topology.Path {
	l := &listing{}
	for _, from := range t.Regions {
		for _, to := range t.Regions {
			if from.Name == to.Name {
				continue
			}
			for _, s := range services {
				if s.Name.Traits().Crosses {
					l.path(from.Name, to.Name, s.Name)
				}
			}
		}
		for _, s := range services {
			if s.Name.Traits().Global {
				l.path(from.Name, topology.Global, s.Name)
			}
		}
	}
	for _, to := range t.Regions {
		l.path(topology.Clients, to.Name, topology.ServiceApp)
		l.path(topology.Global, to.Name, topology.ServiceApp)
	}
	if !t.Automation.Off {
		l.automation(t)
	}
	for _, p := range Places(t) {
		l.tap(p)
	}
	return l.paths
}

// direct lists the paths of clients who speak to stores themselves. Their ports come after those of Paths.
func direct(t topology.Topology, stores []topology.Service) []topology.Path {
	l := &listing{before: len(Paths(t))}
	for _, to := range t.Regions {
		for _, s := range stores {
			l.path(topology.Clients, to.Name, s)
		}
	}
	return l.paths
}

// listing counts up the ports.
type listing struct {
	paths  []topology.Path
	before int // how many paths have ports already
}

func (l *listing) add(p topology.Path) {
	p.Port = topology.PortFirstOnHub + l.before + len(l.paths)
	l.paths = append(l.paths, p)
}

func (l *listing) path(from, to string, s topology.Service) {
	l.add(topology.Path{
		Name: fmt.Sprintf("%s_%s_%s", from, to, s), From: from, To: to, Service: s,
		Upstream: s.Address(to),
	})
}

func (l *listing) tap(p topology.Place) {
	l.add(topology.Path{
		Name: fmt.Sprintf("%s_%s", topology.Tap, p.Name()), From: topology.Tap, To: p.Region, Service: p.Service,
		Node:     p.Name(),
		Upstream: fmt.Sprintf("%s:%d", p.Name(), p.Service.Port()),
	})
}

// automation looks at home by paths of its own, and publishes the configuration of those who are to follow another
// region.
func (l *listing) automation(t topology.Topology) {
	from, home := t.Standby().Name, t.Home().Name
	for _, s := range []topology.Service{topology.ServiceApp, topology.ServicePostgres} {
		l.add(topology.Path{
			Name: fmt.Sprintf("%s_%s_%s", topology.ServiceAutomation, home, s), From: from, To: home, Service: s,
			Control: true, Upstream: s.Address(home),
		})
	}
	for _, r := range t.Followers() {
		l.path(from, r.Name, topology.ServiceReplicator)
	}
	if t.Switches() == nil {
		l.path(from, home, topology.ServiceReplicator)
	}
}

// endpoint is how a place reaches a service: directly in its own region, by a path elsewhere.
func (p *Plan) endpoint(from, to string, s topology.Service) topology.Endpoint {
	if from == to {
		return topology.Endpoint{Region: to, Address: s.Address(to)}
	}
	return topology.Endpoint{Region: to, Address: "hub:" + p.port(from, to, s)}
}

// control is how the automation looks at a service elsewhere: by a path of its own.
func (p *Plan) control(from, to string, s topology.Service) topology.Endpoint {
	return topology.Endpoint{Region: to, Address: "hub:" + p.portOf(from, to, s, true)}
}

// port of a path on the hub.
func (p *Plan) port(from, to string, s topology.Service) string { return p.portOf(from, to, s, false) }

// portOf finds a path's port. That the plan lacks one is a mistake in this program, and not in its input.
func (p *Plan) portOf(from, to string, s topology.Service, control bool) string {
	i := slices.IndexFunc(p.Paths, func(path topology.Path) bool {
		return path.From == from && path.To == to && path.Service == s && path.Control == control
	})
	if i < 0 {
		panic(fmt.Sprintf("no path from %s to %s in %s is planned", from, s, to))
	}
	return strconv.Itoa(p.Paths[i].Port)
}
