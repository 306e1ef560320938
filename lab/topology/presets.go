package topology

import (
	"slices"
	"time"
)

// presets are the topologies that can be asked for by name. Each is a function, so that no caller can change another's copy.
var presets = map[string]func() Topology{
	"two-regions":        twoRegions,
	"two-regions-sync":   twoRegionsSync,
	"two-regions-backup": twoRegionsBackup,
}

// Preset is the topology of that name, in real-world durations. Every preset passes Validate.
func Preset(name string) (Topology, bool) {
	p, ok := presets[name]
	if !ok {
		return Topology{}, false
	}
	return p(), true
}

// PresetNames are the names Preset knows, sorted.
func PresetNames() []string {
	names := make([]string, 0, len(presets))
	for name := range presets {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// twoRegions is a warm standby on the other coast: everything replicates continuously, health checks route, a machine decides.
func twoRegions() Topology {
	// What Route 53 does by default: a check every 30 s, three failures in a row, a TTL of 60 s as AWS advises for failover records.
	check := HealthCheck{Interval: 30 * time.Second, Threshold: 3}
	return Topology{
		Name:       "two-regions",
		Strategy:   WarmStandby,
		Regions:    []Region{{Name: "us-east-1", AppNodes: 1}, {Name: "us-west-2", AppNodes: 1}},
		Postgres:   Postgres{Commit: CommitLocal},
		Objects:    Replication{Mode: Continuous},
		Items:      Replication{Mode: Continuous},
		Routing:    Routing{TTL: time.Minute, Check: check},
		Automation: Automation{Check: check, StepTimeout: 10 * time.Second},
	}
}

// twoRegionsSync acknowledges a write only when the other region has it too: nothing is lost, and every write pays the way there.
func twoRegionsSync() Topology {
	t := twoRegions()
	t.Name = "two-regions-sync"
	t.Postgres.Commit = CommitRemote
	return t
}

// twoRegionsBackup has no standby but last night's backup. Nobody pays for quick health checks where there is nothing to switch to:
// the alarms are the five-minute metrics one gets for free, and a restore may take minutes even in the lab.
func twoRegionsBackup() Topology {
	t := twoRegions()
	t.Name = "two-regions-backup"
	t.Strategy = BackupRestore
	t.Objects.Mode = OnBackup
	t.Items.Mode = OnBackup
	check := HealthCheck{Interval: 5 * time.Minute, Threshold: 3}
	t.Routing = Routing{TTL: 5 * time.Minute, Check: check}
	t.Automation.Check = check
	t.Automation.StepTimeout = 30 * time.Second
	return t
}
