package fault_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/plan"
	"github.com/regionfall/regionfall/lab/topology"
)

// What faults take for the links and nodes of a lab is what package link plans.
func TestTheLabIsWhatFaultsTakeItFor(t *testing.T) {
	var all []topology.Topology
	for _, name := range topology.PresetNames() {
		preset, _ := topology.Preset(name)
		off := preset
		off.Automation.Off = true
		all = append(all, preset, off)
	}
	parts, _ := topology.Preset("two-regions")
	parts.Services = []string{"billing", "search"}
	for _, in := range append(all, parts) {
		var links []fault.Path
		for _, s := range plan.Paths(in) {
			if s.From != topology.Tap {
				links = append(links, fault.Path{
					Name: s.Name, From: s.From, To: s.To, Service: s.Service,
					Control: s.Control,
				})
			}
		}
		var nodes []fault.Place
		for _, n := range plan.Places(in) {
			nodes = append(nodes, fault.Place{Name: n.Name(), Region: n.Region, Service: n.Service})
		}
		inOrder := func(a, b fault.Path) int { return strings.Compare(a.Name, b.Name) }
		gotLinks, gotNodes := fault.Paths(in), fault.Places(in)
		slices.SortFunc(links, inOrder)
		slices.SortFunc(gotLinks, inOrder)
		if diff := cmp.Diff(links, gotLinks); diff != "" {
			t.Errorf("%s, automation off: %t: links (-planned +taken for):\n%s", in.Name, in.Automation.Off, diff)
		}
		byName := func(a, b fault.Place) int { return strings.Compare(a.Name, b.Name) }
		slices.SortFunc(nodes, byName)
		slices.SortFunc(gotNodes, byName)
		if diff := cmp.Diff(nodes, gotNodes); diff != "" {
			t.Errorf("%s: nodes (-planned +taken for):\n%s", in.Name, diff)
		}
	}
}
