package fault_test

import (
	"errors"
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
	parts.Processes = []topology.Process{{Name: "worker", Count: 3}}
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
			nodes = append(nodes, fault.Place{
				Name: n.Name(), Region: n.Region, Service: n.Service, Process: n.Part == "worker",
			})
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

func TestTheNodesOfAProcessCanBeKilledByTheirNames(t *testing.T) {
	top, _ := topology.Preset("two-regions")
	top.Processes = []topology.Process{{Name: "worker", Count: 2}}
	for name, known := range map[string]bool{
		"worker.us-east-1": true, "worker-2.us-west-2": true, "app-1.us-west-2": true, "worker-3.us-east-1": false,
		"wroker.us-east-1": false, "worker.eu-west-1": false, "worker": false,
	} {
		err := (&fault.Kill{Nodes: fault.Nodes{Node: name}}).Validate(top)
		if (err == nil) != known {
			t.Errorf("%s: %v", name, err)
		}
		var parameter *fault.ParameterError
		if errors.As(err, &parameter) && !slices.Contains(parameter.Known, "worker-2.us-west-2") {
			t.Errorf("%s: nobody says which names there are: %v", name, parameter.Known)
		}
	}
}
