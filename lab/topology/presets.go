package topology

import (
	"slices"
	"time"
)

// presets are the topologies that can be asked for by name. Each is a function, so that no caller can change another's
// copy.
var presets = map[string]func() Topology{
	"two-regions":             twoRegions,
	"two-regions-sync":        twoRegionsSync,
	"three-regions":           threeRegions,
	"three-regions-cascading": threeRegionsCascading,
	"backup-restore":          backupRestore,
	"pilot-light":             pilotLight,
	"warm-standby":            warmStandby,
	"hot-standby":             hotStandby,
	"active-active":           activeActive,
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

// twoRegions is a warm standby on the other coast: everything replicates continuously, health checks route, a machine
// decides.
func twoRegions() Topology {
	// What Route 53 does by default: a check every 30 s, three failures in a row, a TTL of 60 s as AWS advises for
	// failover records.
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

// twoRegionsSync acknowledges a write only when the other region has it too: nothing is lost, and every write pays the
// way there.
func twoRegionsSync() Topology {
	t := twoRegions()
	t.Name = "two-regions-sync"
	t.Postgres.Commit = CommitRemote
	return t
}

// threeRegions is a warm standby across an ocean, with readers on a third continent. The latencies are about half of
// what one measures from region to region and back.
func threeRegions() Topology {
	t := twoRegions()
	t.Name = "three-regions"
	const us, eu, ap = "us-east-1", "eu-west-1", "ap-southeast-1"
	t.Regions = []Region{{Name: us, AppNodes: 1}, {Name: eu, AppNodes: 1}, {Name: ap, AppNodes: 1}}
	t.Latencies = []PairLatency{
		{Between: [2]string{us, eu}, Latency: 40 * time.Millisecond},
		{Between: [2]string{us, ap}, Latency: 75 * time.Millisecond},
		{Between: [2]string{eu, ap}, Latency: 55 * time.Millisecond},
	}
	return t
}

// threeRegionsCascading sends each byte of the log over the ocean once: the third region streams from the standby, and
// has a source that lives when home is lost.
func threeRegionsCascading() Topology {
	t := threeRegions()
	t.Name = "three-regions-cascading"
	t.Regions[2].Follows = t.Standby().Name
	return t
}

// backupRestore has no standby but last night's backup. Nobody pays for quick health checks where there is nothing to
// switch to: the alarms are the five-minute metrics one gets for free, and a restore may take minutes even in the lab.
func backupRestore() Topology {
	t := twoRegions()
	t.Name = "backup-restore"
	t.Strategy = BackupRestore
	t.Objects.Mode = OnBackup
	t.Items.Mode = OnBackup
	check := HealthCheck{Interval: 5 * time.Minute, Threshold: 3}
	t.Routing = Routing{TTL: 5 * time.Minute, Check: check}
	t.Automation.Check = check
	t.Automation.StepTimeout = 30 * time.Second
	return t
}

// pilotLight keeps the data of the standby warm, and pays for no app node there until it is needed.
func pilotLight() Topology {
	t := twoRegions()
	t.Name = "pilot-light"
	t.Strategy = PilotLight
	return t
}

// warmStandby serves from the standby at once, at half of home's capacity.
func warmStandby() Topology {
	t := twoRegions()
	t.Name = "warm-standby"
	t.Regions[0].AppNodes = 2
	return t
}

// hotStandby has a second home that waits.
func hotStandby() Topology {
	t := twoRegions()
	t.Name = "hot-standby"
	t.Strategy = HotStandby
	for i := range t.Regions {
		t.Regions[i].AppNodes = 2
	}
	return t
}

// activeActive lets no region wait. What is written in the second region still goes to the database of the first.
func activeActive() Topology {
	t := twoRegions()
	t.Name = "active-active"
	t.Strategy = ActiveActive
	t.Routing.Policy = Multivalue
	return t
}
