// Package topology says what a lab should look like, as data: regions, services, links, strategies and the configuration
// documents the nodes read. Nothing here runs; the zero value of every optional field is a sensible default.
package topology

import "time"

// Strategy is a disaster-recovery strategy, in the order of what it costs.
type Strategy string

// The strategies, as in the AWS whitepaper "Disaster Recovery of Workloads on AWS".
const (
	BackupRestore Strategy = "backup-restore" // only backups reach the standby; its database is built on failover
	WarmStandby   Strategy = "warm-standby"   // everything replicates and app nodes run in the standby region
)

// Topology is a lab as asked for. Durations are real-world durations until Scaled has been applied.
type Topology struct {
	Name     string
	Strategy Strategy
	// Regions in order: the first is home, where the primaries run; the second is the standby.
	Regions    []Region
	Postgres   Postgres
	Objects    Replication // S3
	Items      Replication // DynamoDB
	Routing    Routing
	Automation Automation
	// Latency is added to every link between two regions, one way. It is physical: Scaled leaves it alone.
	Latency time.Duration
}

// Region is a set of nodes that live and die together, on a network of their own.
type Region struct {
	Name     string
	AppNodes int // at least 1
	// AppCapacity is how many requests a second each app node serves; 0 is as many as it can.
	AppCapacity int
}

// Postgres says how the database replicates.
type Postgres struct {
	// Commit is when the primary acknowledges a transaction: "local" (asynchronous replica) or "remote" (the replica in the
	// other region has it on disk: synchronous_commit=on with a synchronous standby).
	Commit Commit
}

// Commit is when a write counts as durable.
type Commit string

// The commit modes. With CommitRemote the app also holds back its acknowledgement until object and item are in the other region.
const (
	CommitLocal  Commit = "local"
	CommitRemote Commit = "remote"
)

// Replication says how objects or items reach the other regions.
type Replication struct {
	Mode ReplicationMode
}

// ReplicationMode is when copies are made.
type ReplicationMode string

// The replication modes.
const (
	Continuous ReplicationMode = "continuous" // the replicator copies as it finds
	OnBackup   ReplicationMode = "backup"     // the backup job copies, and nothing else
)

// Routing is how the name service answers: a failover record with a TTL and a health check, as Route 53 has them.
type Routing struct {
	TTL   time.Duration
	Check HealthCheck
}

// HealthCheck asks every Interval; Threshold answers in a row change the state.
type HealthCheck struct {
	Interval  time.Duration
	Threshold int
}

// Automation is the failover automation of the standby region.
type Automation struct {
	// Off starts no automation at all: what happens when nothing takes over.
	Off   bool
	Check HealthCheck
	// Decide is how long the decision takes once the loss is detected: 0 for a machine, hours for people on call.
	Decide time.Duration
	// StepTimeout is the deadline of each step (fence, promote, restore, repoint, redirect). Physical: not scaled.
	StepTimeout time.Duration
}

// Home is the region where the primaries run at the start.
func (t Topology) Home() Region { return t.Regions[0] }

// Standby is the region that takes over.
func (t Topology) Standby() Region { return t.Regions[1] }

// Region finds a region by name.
func (t Topology) Region(name string) (Region, bool) {
	for _, r := range t.Regions {
		if r.Name == name {
			return r, true
		}
	}
	return Region{}, false
}

// Scaled divides what a scenario schedules by n: one lab second stands for n seconds. Mechanics that cannot be hurried
// (Latency, StepTimeout) stay as they are.
func (t Topology) Scaled(n float64) Topology {
	scale := func(d time.Duration) time.Duration { return time.Duration(float64(d) / n) }
	t.Routing.TTL = scale(t.Routing.TTL)
	t.Routing.Check.Interval = scale(t.Routing.Check.Interval)
	t.Automation.Check.Interval = scale(t.Automation.Check.Interval)
	t.Automation.Decide = scale(t.Automation.Decide)
	return t
}
