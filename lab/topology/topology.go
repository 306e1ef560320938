// Package topology says what a lab should look like, as data: regions, services, links, strategies and the
// configuration documents the nodes read. Nothing here runs; the zero value of every optional field is a sensible
// default.
package topology

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Strategy is a disaster-recovery strategy, in the order of what it costs.
type Strategy string

// The strategies, as in the AWS whitepaper "Disaster Recovery of Workloads on AWS".
const (
	BackupRestore Strategy = "backup-restore" // only backups reach the standby; its database is built on failover
	// everything replicates; the app runs at home only, and is started elsewhere on failover
	PilotLight  Strategy = "pilot-light"
	WarmStandby Strategy = "warm-standby" // everything replicates and some app nodes run in the standby region
	HotStandby  Strategy = "hot-standby"  // the standby region has as many app nodes as home
	// every region serves clients all the time; all writes go to home's database
	ActiveActive Strategy = "active-active"
)

// Topology is a lab as asked for. Durations are real-world durations until Scaled has been applied.
type Topology struct {
	Name     string
	Strategy Strategy
	// Regions in order: the first is home, where the primaries run; the second is the standby, which takes over. A
	// third has replicas and serves, and never takes over.
	Regions    []Region
	Postgres   Postgres
	Objects    Replication // S3
	Items      Replication // DynamoDB
	Routing    Routing
	Automation Automation
	App        Work
	Reads      ReadsMode // empty is ReadsPrimary
	AWS        AWS       // what serves S3 and DynamoDB; empty is AWSAuto
	// Services are the parts of the app beside the one that takes requests: each has a node of its own in every region.
	Services []string
	// Processes are parts of somebody's own app, as its file has them: kinds of nodes beside those that take requests.
	Processes []Process `json:",omitempty"`
	// Overrides are values that somebody has written into the section of a service, in the configuration of a region.
	Overrides []Override
	// Latency is added to every link between two regions, one way. It is physical: Scaled leaves it alone.
	Latency time.Duration
	// Latencies are those of single pairs of regions, where it is not Latency.
	Latencies []PairLatency
	// Bandwidth is the bytes a second that each link between two regions carries, each way; 0: no limit. Physical, too.
	Bandwidth int64 `json:",omitempty"`
}

// Region is a set of nodes that live and die together, on a network of their own.
type Region struct {
	Name string `yaml:"name,alone" example:"us-east-1" about:"Such as us-east-1."`
	// AppNodes is at least 1; connections go to each in turn.
	AppNodes int `yaml:"app_nodes" default:"1" example:"2" about:"How many nodes the app has there."`
	// AtStart is how many of them run before anything has happened; 0 is all, or with strategy pilot-light, outside
	// home, none. The failover starts the others before it redirects clients.
	AtStart int `yaml:"at_start" example:"1" otherwise:"all" about:"How many of them run before anything has happened. A failover starts the others."`
	// Weight is, with policy weighted, the region's part of the questions to the name service: this over the sum.
	Weight int `yaml:"weight" example:"90" about:"Its part of the answers, with the routing policy weighted."`
	// Follows is the region whose PostgreSQL and Redis it streams from; empty is home. Where all follow home,
	// replication is a star; where one follows another, it cascades.
	Follows string `yaml:"follows" example:"eu-west-1" otherwise:"home" about:"The region that its databases stream from."`
}

// Work is how much one app node can do, whatever the machine: so many Workers at a time, each of which takes at least
// ServiceTime for a request, the answers of its stores included. Up to Queue requests wait for one in their order, and
// more are refused at once. The zero value is as much as it can. ServiceTime is physical: Scaled leaves it alone.
type Work struct {
	Workers     int           `yaml:"workers" example:"4" about:"How many requests it works on at a time."`
	ServiceTime time.Duration `yaml:"service_time" example:"50ms" about:"What each takes at least."`
	Queue       int           `yaml:"queue" example:"20" about:"How many wait for a worker before others are refused."`
}

// Rate is the capacity in requests a second, workers over service time (Little's law); 0 for no limit.
func (w Work) Rate() float64 {
	if w.ServiceTime <= 0 {
		return 0
	}
	return float64(w.Workers) / w.ServiceTime.Seconds()
}

// Override is a value of one service in one region that is not what the region's configuration has for all.
type Override struct {
	In      string `yaml:"in" example:"us-west-2" about:"The region whose configuration it is."`
	Service string `yaml:"service" example:"screening" about:"The service whose section it is."`
	Key     string `yaml:"key" example:"postgres" about:"Such as postgres."` // one of OverrideKeys
	To      string `yaml:"to" example:"us-east-1" about:"The region that it leads to."`
}

// ReadsMode is where the app reads a verification.
type ReadsMode string

// The modes of reading.
const (
	ReadsPrimary ReadsMode = "primary" // where it writes, through the cache
	ReadsLocal   ReadsMode = "local"   // in its own region, whatever has been replayed there
	// ReadsSession is local as soon as all is replayed there that the client's session has seen; if that takes too
	// long, where it writes.
	ReadsSession ReadsMode = "session"
)

// Local says whether reads are done in the region first.
func (m ReadsMode) Local() bool { return m == ReadsLocal || m == ReadsSession }

// PairLatency is what is added to every link between two regions, one way, in both directions.
type PairLatency struct {
	Between [2]string     `yaml:"between,required" example:"[us-east-1, eu-west-1]" about:"Two regions."`
	Latency time.Duration `yaml:"latency,required" example:"40ms" about:"Each way."`
}

// Postgres says how the database replicates.
type Postgres struct {
	// Commit is when the primary acknowledges a transaction: "local" (asynchronous replicas) or "remote" (a replica in
	// another region has it on disk: synchronous_commit=on, and any one of those that stream from home).
	Commit Commit
}

// Commit is when a write counts as durable.
type Commit string

// The commit modes. With CommitRemote the app also holds back its acknowledgement until object and item are in the
// standby region (from there: in home) too.
const (
	CommitLocal  Commit = "local"
	CommitRemote Commit = "remote"
)

// Replication says how objects or items reach the other regions.
type Replication struct {
	Mode ReplicationMode
	// Rules say what is copied when, with mode continuous; none: everything, at any time.
	Rules []CopyRule `json:",omitempty"`
	// Versions says that buckets keep every version of an object.
	Versions bool `json:",omitempty"`
	// Locked says that Object Lock keeps each version for longer than any drill takes, whoever deletes it.
	Locked bool `json:",omitempty"`
}

// ReplicationMode is when copies are made.
type ReplicationMode string

// The replication modes.
const (
	Continuous ReplicationMode = "continuous" // the replicator copies as it finds
	OnBackup   ReplicationMode = "backup"     // the backup job copies, and nothing else
)

// Routing is how the name service answers: a record with a policy, a TTL and a health check, as Route 53 has them.
type Routing struct {
	Policy RoutingPolicy // empty is failover
	TTL    time.Duration
	Check  HealthCheck
}

// RoutingPolicy is which of the regions a record answers.
type RoutingPolicy string

// The routing policies.
const (
	Failover   RoutingPolicy = "failover"   // one region: the primary while it is healthy, else the next that is
	Multivalue RoutingPolicy = "multivalue" // every healthy region, in random order
	// Weighted is one healthy region by its weight, drawn anew for each question; with a Shift also an unhealthy one.
	// Once a failover has redirected clients it is as Failover, until somebody gives weights again.
	Weighted RoutingPolicy = "weighted"
	// Geolocation is the region that a client is of, by the subnet that its question carries (RFC 7871; see
	// ClientSubnet), while that region is healthy, else as Failover.
	Geolocation RoutingPolicy = "geolocation"
)

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
	// LostWhen says which of its parts have to be silent until home is taken for lost; empty is LostAppAndDatabase.
	LostWhen LostWhen `json:",omitempty"`
	// Decide is how long the decision takes once the loss is detected: 0 for a machine, hours for people on call.
	Decide time.Duration
	// Preflight has it redirect clients only when no node of the app refers to the lost region any more.
	Preflight bool
	// StepTimeout is the deadline of each step (see Steps), on top of what a Shift waits. Physical: not scaled.
	StepTimeout time.Duration
	Shift       Shift // the zero value moves all clients at once
}

// LostWhen is what of the home region has to be silent until it is taken for lost. While a part of it answers the
// region is ill, and moving everything elsewhere may not be the cure; but a database that dies alone is detected by
// nobody who waits for the app to die, too.
type LostWhen string

// The choices.
const (
	LostAppAndDatabase LostWhen = "app_and_database"
	LostDatabase       LostWhen = "database"
	LostApp            LostWhen = "app"
	LostEither         LostWhen = "either"
)

// LostWhenChoices are all of them.
func LostWhenChoices() []LostWhen {
	return []LostWhen{LostAppAndDatabase, LostDatabase, LostApp, LostEither}
}

// Alive says whether the region lives, of which these parts answer.
func (w LostWhen) Alive(app, database bool) bool {
	switch w {
	case LostDatabase:
		return database
	case LostApp:
		return app
	case LostEither:
		return app && database
	default:
		return app || database
	}
}

// Shift is how a failover moves clients to the region that takes over, with policy weighted: a share of them at a time,
// and the next one when what has been moved has held. What does not hold is taken back, and tried again when what is
// left has held. Until all are moved the weights alone say where clients go: health checks, which would send everybody
// at once to a region that was not made ready for them, only detect. A switchover moves everybody at once.
type Shift struct {
	Share   float64       // of all clients that is moved at a time, in whole percents, up to 1
	Hold    time.Duration // how long what has been moved must hold, once clients have heard of it (Routing.TTL)
	Success float64       // share of the region's requests that its app answers well meanwhile, up to 1
	P99     time.Duration // that 99 % of the good answers take at most: one of RequestBuckets. Physical: not scaled
}

// InSteps says whether clients are moved in steps; else all are at once.
func (s Shift) InSteps() bool { return s != Shift{} }

// ShiftLasts is how long a shift waits at most where everything holds.
func (t Topology) ShiftLasts() time.Duration {
	s := t.Automation.Shift
	if !s.InSteps() {
		return 0
	}
	// And once for a share that nobody has seen hold, and once for what is left when the last one does not.
	return time.Duration(math.Ceil(1/s.Share)+2) * (s.Hold + t.Routing.TTL)
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

// Find is the region of that name. The error has the names there are.
func (t Topology) Find(name string) (Region, error) {
	if r, ok := t.Region(name); ok {
		return r, nil
	}
	return Region{}, fmt.Errorf("the lab has no region %q; it has %s", name, strings.Join(t.regionNames(), ", "))
}

func (t Topology) regionNames() []string {
	names := make([]string, len(t.Regions))
	for i, r := range t.Regions {
		names[i] = r.Name
	}
	return names
}

// Source is the region from which the PostgreSQL and Redis of a region stream; empty for home, which streams from
// nobody.
func (t Topology) Source(region string) string {
	home := t.Home().Name
	if region == home {
		return ""
	}
	if r, ok := t.Region(region); ok && r.Follows != "" {
		return r.Follows
	}
	return home
}

// Streams says whether databases stream to other regions at all.
func (t Topology) Streams() bool { return t.Strategy != BackupRestore }

// Slot is the replication slot that a region's PostgreSQL uses on the node it streams from. Slots are named by
// position, because they are part of the image (see Slots), which knows no region.
func (t Topology) Slot(region string) string {
	return Slots()[slices.IndexFunc(t.Regions, func(r Region) bool { return r.Name == region })]
}

// Slots are the replication slots that every PostgreSQL node carries from its image on: one for each region, so that
// whoever becomes the primary has a slot for each of the others.
func Slots() []string {
	slots := make([]string, maxRegions)
	for i := range slots {
		slots[i] = fmt.Sprintf("region_%d", i+1)
	}
	return slots
}

// AppsAtStart is how many app nodes of a region run before anything has happened.
func (t Topology) AppsAtStart(r Region) int {
	if t.Strategy == PilotLight && r.Name != t.Home().Name {
		return 0
	}
	if r.AtStart > 0 {
		return r.AtStart
	}
	return r.AppNodes
}

// WeightShare is a region's share of the questions to the name service, with policy weighted.
func (t Topology) WeightShare(r Region) float64 {
	sum := 0
	for _, other := range t.Regions {
		sum += other.Weight
	}
	return float64(r.Weight) / float64(max(sum, 1))
}

// ClientSubnet is where the clients of a region are taken to be: 10.1.0.0/16 for the first region, 10.2.0.0/16 for the
// second. Nobody has such an address in the lab; it is what a question to the name service says of who asks.
func (t Topology) ClientSubnet(region string) netip.Prefix {
	i := slices.IndexFunc(t.Regions, func(r Region) bool { return r.Name == region })
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i + 1), 0, 0}), 16)
}

// LatencyBetween is what is added to the links between two regions, one way.
func (t Topology) LatencyBetween(a, b string) time.Duration {
	for _, p := range t.Latencies {
		if p.Between == [2]string{a, b} || p.Between == [2]string{b, a} {
			return p.Latency
		}
	}
	return t.Latency
}

// Scaled divides what a scenario schedules by n: one lab second stands for n seconds. Mechanics that cannot be hurried
// (latencies, StepTimeout) stay as they are.
func (t Topology) Scaled(n float64) Topology {
	scale := func(d time.Duration) time.Duration { return time.Duration(float64(d) / n) }
	t.Routing.TTL = scale(t.Routing.TTL)
	t.Routing.Check.Interval = scale(t.Routing.Check.Interval)
	t.Automation.Check.Interval = scale(t.Automation.Check.Interval)
	t.Automation.Decide = scale(t.Automation.Decide)
	t.Automation.Shift.Hold = scale(t.Automation.Shift.Hold)
	t.Objects, t.Items = t.Objects.scaled(n), t.Items.scaled(n)
	return t
}
