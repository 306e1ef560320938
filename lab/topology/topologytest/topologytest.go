// Package topologytest has the topologies that tests of what is made of one go through.
package topologytest

import (
	"testing"

	"github.com/regionfall/regionfall/lab/topology"
)

// All are the presets, and what else is allowed, by name.
func All(t *testing.T) map[string]topology.Topology {
	t.Helper()
	all := map[string]topology.Topology{}
	for _, name := range topology.PresetNames() {
		all[name], _ = topology.Preset(name)
	}
	unattended, _ := topology.Preset("two-regions")
	unattended.Automation.Off = true
	all["unattended"] = unattended
	several, _ := topology.Preset("two-regions")
	several.Regions = []topology.Region{{Name: "us-east-1", AppNodes: 3}, {Name: "us-west-2", AppNodes: 2}}
	all["several app nodes"] = several
	sync, _ := topology.Preset("three-regions")
	sync.Postgres.Commit = topology.CommitRemote
	all["three regions, sync"] = sync
	for name, top := range all {
		if err := top.Validate(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return all
}
