package fault

import (
	"fmt"
	"strings"

	"github.com/regionfall/regionfall/lab/topology"
)

// paths are the links that a lab of this topology will have, with their ends and services. Package link plans them;
// here they are known by what they are there for, so that two faults can be held against one another before there is
// a lab.
func paths(t topology.Topology) []Path {
	var all []Path
	add := func(from, to string, services ...topology.Service) {
		for _, s := range services {
			all = append(all, Path{Name: fmt.Sprintf("%s_%s_%s", from, to, s), From: from, To: to, Service: s})
		}
	}
	global := topology.Services(func(s topology.Traits) bool { return s.Global })
	for _, from := range t.Regions {
		for _, to := range t.Regions {
			if from.Name != to.Name {
				add(from.Name, to.Name, topology.Services(func(s topology.Traits) bool { return s.Crosses })...)
			}
		}
		add(from.Name, topology.Global, global...)
	}
	for _, to := range t.Regions {
		add(topology.Clients, to.Name, topology.ServiceApp)
		add(topology.Global, to.Name, topology.ServiceApp)
	}
	if t.Automation.Off {
		return all
	}
	home, standby := t.Home().Name, t.Standby().Name
	for _, s := range []topology.Service{topology.ServiceApp, topology.ServicePostgres} {
		all = append(all, Path{
			Name: fmt.Sprintf("%s_%s_%s", topology.ServiceAutomation, home, s), From: standby,
			To: home, Service: s, Control: true,
		})
	}
	for _, r := range t.Followers() {
		add(standby, r.Name, topology.ServiceReplicator)
	}
	if t.Switches() == nil {
		add(standby, home, topology.ServiceReplicator)
	}
	return all
}

// places are the nodes that it will have.
func places(t topology.Topology) []Place {
	var all []Place
	add := func(region string, s topology.Service, name string) {
		all = append(all, Place{Name: name + "." + region, Region: region, Service: s})
	}
	each := func(region string, services ...topology.Service) {
		for _, s := range services {
			add(region, s, string(s))
		}
	}
	for i, r := range t.Regions {
		each(r.Name, topology.Services(func(s topology.Traits) bool { return s.EachRegion })...)
		for _, at := range t.AppPlaces(r) {
			_, process := t.Process(at.Part)
			all = append(all, Place{Name: at.Name(), Region: r.Name, Service: at.Service, Process: process})
		}
		if i == 0 && t.Strategy == topology.BackupRestore {
			each(r.Name, topology.ServiceBackup)
		}
		if i == 1 && !t.Automation.Off {
			each(r.Name, topology.ServiceAutomation)
		}
	}
	each(topology.Global, topology.Services(func(s topology.Traits) bool { return s.Global })...)
	return all
}

// serves says whether a node answers those who come to its service: a part of the app takes no requests.
func (p Place) serves() bool {
	return p.Service != topology.ServiceApp || strings.HasPrefix(p.Name, string(topology.ServiceApp)+"-")
}

// configured says whether a node says what it is configured to: one of the app, but for those of processes.
func (p Place) configured() bool { return p.Service == topology.ServiceApp && !p.Process }

// witness is who asks over a path: an agent where it starts. Clients ask from outside.
func (p Path) witness() string {
	switch p.From {
	case topology.Clients:
		return ""
	case topology.Global:
		return topology.ServiceNameservice.Host(topology.Global)
	default:
		return topology.ServiceReplicator.Host(p.From)
	}
}
