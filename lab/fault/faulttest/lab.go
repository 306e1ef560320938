// Package faulttest is a lab for the tests of faults, without containers. Its links are real: those of a hub in this
// process. Its nodes are small servers that speak what their services speak, and its agents, databases and stores are
// fakes that do what they are ordered to, for as long as they live.
package faulttest

import (
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/link"
	"github.com/regionfall/regionfall/lab/link/hub"
	"github.com/regionfall/regionfall/lab/link/linktest"
	"github.com/regionfall/regionfall/lab/plan"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// Defect is what is wrong with a lab beside its faults.
type Defect int

// The defects.
const (
	NoDefect         Defect = iota // none
	IgnoresInjection               // every order is taken, and nothing comes of it
	IgnoresHealing                 // what has been ordered can't be taken back, though everybody says that it is
)

// Lab is a lab of two regions.
type Lab struct {
	topology topology.Topology
	defect   Defect
	links    []*Link
	nodes    []*Node
	lines    probe.Lines
}

// New starts a lab, which ends with the test.
func New(t testing.TB, defect Defect) *Lab {
	t.Helper()
	two, ok := topology.Preset("two-regions")
	if !ok {
		t.Fatal("there is no preset two-regions")
	}
	check := topology.HealthCheck{Interval: 50 * time.Millisecond, Threshold: 2}
	two.Routing.Check, two.Automation.Check = check, check
	two.Objects.Versions = true // which a fault needs
	l := &Lab{topology: two, defect: defect}
	for _, p := range plan.Places(two) {
		l.nodes = append(l.nodes, newNode(t, l, p))
	}
	l.openLinks(t)
	for _, n := range l.nodes {
		n.behave(t)
	}
	return l
}

// openLinks opens every link of the topology on a hub of its own.
func (l *Lab) openLinks(t testing.TB) {
	t.Helper()
	carrier := hub.New(zerolog.Nop())
	t.Cleanup(carrier.Close)
	api := httptest.NewServer(carrier)
	t.Cleanup(api.Close)
	h, err := link.Connect(t.Context(), api.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	var specs []topology.Path
	for _, s := range plan.Paths(l.topology) {
		if s.From == topology.Tap { // nodes are asked at their own addresses
			continue
		}
		s.Port, s.Upstream = linktest.FreePort(t), l.node(s.Service, s.To).server.address
		specs = append(specs, s)
	}
	err = h.Open(t.Context(), specs, func(string) string { return "127.0.0.1" },
		func(topology.Path) link.Baseline { return link.Baseline{} })
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range specs {
		l.links = append(l.links, newLink(l, h, s))
	}
}

// node is the first one of a service in a region.
func (l *Lab) node(s topology.Service, region string) *Node {
	i := slices.IndexFunc(l.nodes, func(n *Node) bool { return n.place.Service == s && n.place.Region == region })
	return l.nodes[i]
}

// link is the one that leads from a region to a service in another.
func (l *Lab) link(keep func(fault.Path) bool) *Link {
	return l.links[slices.IndexFunc(l.links, func(k *Link) bool { return keep(k.Path()) })]
}

// Topology is that of the lab, in lab time.
func (l *Lab) Topology() topology.Topology { return l.topology }

// Links selects links.
func (l *Lab) Links(keep func(fault.Path) bool) ([]fault.Link, error) {
	var links []fault.Link
	for _, k := range l.links {
		if keep(k.Path()) {
			links = append(links, k)
		}
	}
	if len(links) == 0 {
		return nil, errors.New("no link of the lab is selected")
	}
	return links, nil
}

// Nodes selects nodes.
func (l *Lab) Nodes(keep func(fault.Place) bool) ([]fault.Node, error) {
	var nodes []fault.Node
	for _, n := range l.nodes {
		if keep(n.place) {
			nodes = append(nodes, n)
		}
	}
	if len(nodes) == 0 {
		return nil, errors.New("no node of the lab is selected")
	}
	return nodes, nil
}

// Broken says in one line what is not as in a lab without faults: links, nodes and the orders of agents. It is empty
// where all is well.
func (l *Lab) Broken(t testing.TB) string {
	t.Helper()
	var all []string
	for _, k := range l.links {
		s, err := k.link.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if s.Cut || len(s.Toxics) > 0 {
			all = append(all, k.link.Name)
		}
	}
	for _, n := range l.nodes {
		if damage := n.broken(); damage != "" {
			all = append(all, n.place.Name+" "+damage)
		}
	}
	return strings.Join(all, ", ")
}
