// Package link holds the one-way paths from a region to a service elsewhere. Every path is a proxy of its own on the hub, so that
// one can be broken without the others. The Toxiproxy client is used only here.
package link

import (
	"fmt"

	"github.com/regionfall/regionfall/lab/topology"
)

// Tap is where taps start: the harness's own questions to a node. No fault touches a tap.
const Tap = "tap"

// Spec is a path as asked for.
type Spec struct {
	Name     string
	From     string // a region, topology.Clients, topology.Global or Tap
	To       string // a region or topology.Global
	Service  topology.Service
	Control  bool   // only the automation looks over it, at the region that it watches
	Node     string // for taps: the node asked
	Port     int    // on the hub
	Upstream string // host:port in To's network
}

// Published says whether the path starts outside the lab, at a port of the host's loopback.
func (s Spec) Published() bool { return s.From == topology.Clients || s.From == Tap }

// NodeName is the name of a node: the service's host name, numbered for app nodes, such as "app-1.us-east-1".
func NodeName(s topology.Service, region string, n int) string {
	if s == topology.ServiceApp {
		return fmt.Sprintf("%s-%d.%s", s, n, region)
	}
	return s.Host(region)
}

// Plan lists every path of a topology with its port on the hub. The same topology always gives the same plan, so that a lab can be
// found again by another process.
func Plan(t topology.Topology) []Spec {
	var specs []Spec
	add := func(from, to string, s topology.Service, node string) {
		spec := Spec{From: from, To: to, Service: s, Node: node, Port: topology.PortFirstOnHub + len(specs)}
		if node != "" {
			spec.Name = fmt.Sprintf("%s_%s", from, node)
			spec.Upstream = fmt.Sprintf("%s:%d", node, s.Port())
		} else {
			spec.Name = fmt.Sprintf("%s_%s_%s", from, to, s)
			spec.Upstream = s.Address(to)
		}
		specs = append(specs, spec)
	}
	crossing := []topology.Service{
		topology.ServicePostgres, topology.ServiceRedis, topology.ServiceS3, topology.ServiceDynamoDB, topology.ServiceApp,
	}
	for _, from := range t.Regions {
		for _, to := range t.Regions {
			if from.Name == to.Name {
				continue
			}
			for _, s := range crossing {
				add(from.Name, to.Name, s, "")
			}
		}
		add(from.Name, topology.Global, topology.ServiceNameservice, "")
		add(from.Name, topology.Global, topology.ServiceRepository, "")
	}
	for _, to := range t.Regions {
		add(topology.Clients, to.Name, topology.ServiceApp, "")
		add(topology.Global, to.Name, topology.ServiceApp, "")
	}
	if !t.Automation.Off {
		for _, s := range []topology.Service{topology.ServiceApp, topology.ServicePostgres} {
			add(t.Standby().Name, t.Home().Name, s, "")
			look := &specs[len(specs)-1]
			look.Name, look.Control = fmt.Sprintf("%s_%s_%s", topology.ServiceAutomation, look.To, s), true
		}
	}
	if !t.Automation.Off { // the automation publishes the configuration of those who are to follow another region
		for _, r := range t.Followers() {
			add(t.Standby().Name, r.Name, topology.ServiceReplicator, "")
		}
		if t.Switches() == nil {
			add(t.Standby().Name, t.Home().Name, topology.ServiceReplicator, "")
		}
	}
	for _, n := range Nodes(t) {
		add(Tap, n.Region, n.Service, n.Name())
	}
	return specs
}

// Place is one node of a topology.
type Place struct {
	Service topology.Service
	Region  string // or topology.Global
	Number  int    // from 1
	Part    string // of the app: one of topology.Services; empty for the nodes that take requests
}

// Name is the node's.
func (p Place) Name() string {
	if p.Part != "" {
		return p.Part + "." + p.Region
	}
	return NodeName(p.Service, p.Region, p.Number)
}

// Nodes lists every node of a topology but the hub.
func Nodes(t topology.Topology) []Place {
	var places []Place
	for i, r := range t.Regions {
		for _, s := range []topology.Service{
			topology.ServicePostgres, topology.ServiceRedis, topology.ServiceS3, topology.ServiceDynamoDB, topology.ServiceReplicator,
			topology.ServiceResponder,
		} {
			places = append(places, Place{Service: s, Region: r.Name, Number: 1})
		}
		for n := range max(r.AppNodes, 1) {
			places = append(places, Place{Service: topology.ServiceApp, Region: r.Name, Number: n + 1})
		}
		for _, part := range t.Services {
			places = append(places, Place{Service: topology.ServiceApp, Region: r.Name, Number: 1, Part: part})
		}
		if i == 0 && t.Strategy == topology.BackupRestore {
			places = append(places, Place{Service: topology.ServiceBackup, Region: r.Name, Number: 1})
		}
		if i == 1 && !t.Automation.Off {
			places = append(places, Place{Service: topology.ServiceAutomation, Region: r.Name, Number: 1})
		}
	}
	for _, s := range []topology.Service{topology.ServiceRepository, topology.ServiceNameservice} {
		places = append(places, Place{Service: s, Region: topology.Global, Number: 1})
	}
	return places
}
