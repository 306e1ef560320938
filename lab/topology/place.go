package topology

import (
	"fmt"
	"strconv"
	"strings"
)

// Place is where one node runs, and what it does there.
type Place struct {
	Service Service
	Region  string // or Global
	Number  int    // from 1
	// Part of the app: one of Topology.Services, or the name of one of its Processes; empty for the nodes that take
	// requests.
	Part string
}

// Preparing is the part of a node that prepares the app, once, before the app's own nodes start. It is gone by then.
const Preparing = "prepare"

// Name is the node's: the service's host name, numbered for nodes of the app, such as "app-1.us-east-1"; for a part of
// the app its own, numbered from the second node on.
func (p Place) Name() string {
	switch {
	case p.Part != "" && p.Number > 1:
		return fmt.Sprintf("%s-%d.%s", p.Part, p.Number, p.Region)
	case p.Part != "":
		return p.Part + "." + p.Region
	case p.Service == ServiceApp:
		return fmt.Sprintf("%s-%d.%s", p.Service, p.Number, p.Region)
	}
	return p.Service.Host(p.Region)
}

// Tap is where taps start: the harness's own questions to a node. No fault touches a tap.
const Tap = "tap"

// Path is a one-way path from a place to a service elsewhere, or a tap. Each link is a proxy of its own on the hub,
// so that one can be broken without the others; a tap is one where others than who brought the lab up use it.
type Path struct {
	Name     string
	From     string // a region, Clients, Global or Tap
	To       string // a region or Global
	Service  Service
	Control  bool   // only the automation looks over it, at the region that it watches
	Node     string // for taps: the node that is asked
	Port     int    // on the hub
	Upstream string // host:port in To's network
}

// Published says whether the path starts outside the lab, at a port that the hub publishes.
func (p Path) Published() bool { return p.From == Clients || p.From == Tap }

// PlaceOf is the place of a node of a service, by the node's name.
func PlaceOf(s Service, name string) Place {
	host, region, _ := strings.Cut(name, ".")
	p := Place{Service: s, Region: region, Number: 1}
	if s != ServiceApp {
		return p
	}
	p.Part = host
	if kind, number, numbered := cutNumber(host); numbered {
		p.Part, p.Number = kind, number
	}
	if p.Part == string(ServiceApp) {
		p.Part = ""
	}
	return p
}

// cutNumber takes the number from a name such as worker-2.
func cutNumber(name string) (kind string, number int, is bool) {
	i := strings.LastIndex(name, "-")
	if i < 1 {
		return name, 0, false
	}
	number, err := strconv.Atoi(name[i+1:])
	return name[:i], number, err == nil && number > 0
}
