package topology

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The bounds of a topology.
const (
	minRegions    = 2
	maxRegions    = 3
	MaxAppNodes   = 8
	maxNameLength = 32
	maxThreshold  = 10
	// Below, databases can't follow an ordinary load; above, a small machine is the narrow place.
	minBandwidth, maxBandwidth = 50_000, 100_000_000

	maxLatency = 5 * time.Second // beyond, what is asked for is a cut link

	maxWeight        = 255 // as Route 53 has it
	maxWorkers       = 64
	leastServiceTime = 10 * time.Millisecond // below, the machine is the limit
	mostServiceTime  = 10 * time.Second
	maxQueue         = 10_000
)

// FieldError is one complaint about a topology, for whoever read it from a file to point at the line.
type FieldError struct {
	Field   string // its path as in a scenario file, such as "routing.check.interval" or "regions[1].name"
	Problem string
	Known   []string // the names that it may have, where it has one that nobody knows
}

// Error is the field and what is wrong with it.
func (e *FieldError) Error() string { return "topology " + e.Field + ": " + e.Problem }

// name is what can be a label of a DNS name and of a container.
var name = regexp.MustCompile(`^[a-z]([a-z0-9-]*[a-z0-9])?$`)

// Strategies are the values of Topology.Strategy, in the order of what they cost.
func Strategies() []Strategy {
	return []Strategy{BackupRestore, PilotLight, WarmStandby, HotStandby, ActiveActive}
}

// CommitModes are the values of Postgres.Commit.
func CommitModes() []Commit { return []Commit{CommitLocal, CommitRemote} }

// ReplicationModes are the values of Replication.Mode.
func ReplicationModes() []ReplicationMode { return []ReplicationMode{Continuous, OnBackup} }

// RoutingPolicies are the values of Routing.Policy.
func RoutingPolicies() []RoutingPolicy {
	return []RoutingPolicy{Failover, Multivalue, Weighted, Geolocation}
}

// ReadsModes are the values of Topology.Reads.
func ReadsModes() []ReadsMode { return []ReadsMode{ReadsPrimary, ReadsLocal, ReadsSession} }

// Validate says everything that is wrong with the topology, in one joined error whose parts are *FieldError. It holds
// for real-world durations and for scaled ones.
func (t Topology) Validate() error {
	var v validation
	if t.Name != "" {
		v.name("name", t.Name)
	}
	oneOf(&v, "strategy", t.Strategy)
	v.regions(t.Regions)
	v.work("app", t.App)
	oneOf(&v, "commit", t.Postgres.Commit)
	oneOf(&v, "replication.objects", t.Objects.Mode)
	oneOf(&v, "replication.items", t.Items.Mode)
	if t.Reads != "" {
		oneOf(&v, "reads", t.Reads)
	}
	if t.AWS != "" {
		oneOf(&v, "aws", t.AWS)
	}
	v.services(t)
	v.following(t)
	v.combinations(t)
	v.rules(t)
	if t.Routing.Policy != "" {
		oneOf(&v, "routing.policy", t.Routing.Policy)
	}
	v.notNegative("routing.ttl", t.Routing.TTL)
	v.check("routing.check", t.Routing.Check)
	if !t.Automation.Off {
		v.check("automation.check", t.Automation.Check)
		v.notNegative("automation.decide", t.Automation.Decide)
		v.positive("automation.step_timeout", t.Automation.StepTimeout)
		v.shift("automation.shift", t)
		if t.Automation.LostWhen != "" {
			oneOf(&v, "automation.lost_when", t.Automation.LostWhen)
		}
	}
	v.latency("latency", t.Latency)
	v.latencies(t)
	v.bandwidth(t.Bandwidth)
	return errors.Join(v...)
}

// validation collects complaints.
type validation []error

func (v *validation) complain(field, format string, args ...any) {
	*v = append(*v, &FieldError{Field: field, Problem: fmt.Sprintf(format, args...)})
}

// unknown complains about a name that is none of the known ones.
func (v *validation) unknown(field string, known []string, format string, args ...any) {
	*v = append(*v, &FieldError{Field: field, Problem: fmt.Sprintf(format, args...), Known: known})
}

// CheckName says why a topology can't have a name; nil when it can.
func CheckName(value string) error {
	var v validation
	v.name("name", value)
	return errors.Join(v...)
}

func (v *validation) name(field, value string) {
	switch {
	case len(value) > maxNameLength:
		v.complain(field, "%.40q has more than %d characters", value, maxNameLength)
	case !name.MatchString(value):
		v.complain(field, "%q is no name: use a-z, 0-9 and -, beginning with a letter and not ending with -", value)
	case value == Global || value == Clients:
		v.complain(field, "%q is taken: it is where the lab puts what lives in no region", value)
	}
}

func (v *validation) regions(regions []Region) {
	if n := len(regions); n < minRegions || n > maxRegions {
		v.complain("regions", "a lab has two or three regions: home, standby and perhaps one more (got %d)", n)
	}
	seen := map[string]bool{}
	for i, r := range regions {
		field := fmt.Sprintf("regions[%d]", i)
		v.name(field+".name", r.Name)
		if seen[r.Name] {
			v.complain(field+".name", "%q is there twice: a region needs a name of its own", r.Name)
		}
		seen[r.Name] = true
		if r.AppNodes < 1 || r.AppNodes > MaxAppNodes {
			v.complain(field+".app_nodes", "%d app nodes: must be 1 to %d", r.AppNodes, MaxAppNodes)
		}
		switch {
		case r.AtStart < 0 || r.AtStart > r.AppNodes:
			v.complain(field+".at_start", "%d of %d app nodes at the start: must be 1 to %d, or 0 for all", r.AtStart,
				r.AppNodes, r.AppNodes)
		case r.AtStart > 0 && i != 1:
			v.complain(field+".at_start",
				"nobody would start the others: only the standby, which a failover starts them in, can have fewer at "+
					"the start")
		}
	}
}

// weights are for policy weighted only, which can't do without.
func (v *validation) weights(t Topology) {
	sum := 0
	for i, r := range t.Regions {
		field := fmt.Sprintf("regions[%d].weight", i)
		switch {
		case r.Weight < 0 || r.Weight > maxWeight:
			v.complain(field, "%d: must be 0 to %d", r.Weight, maxWeight)
		case r.Weight > 0 && t.Routing.Policy != Weighted:
			v.complain(field, "a weight counts with routing.policy weighted only")
		}
		sum += r.Weight
	}
	if t.Routing.Policy == Weighted && sum == 0 {
		v.complain("routing.policy", "weighted needs weights: give regions one, such as {name: us-east-1, weight: 90}")
	}
}

// Validate says everything that is wrong with it, in one joined error whose parts are *FieldError.
func (w Work) Validate() error {
	var v validation
	v.work("work", w)
	return errors.Join(v...)
}

func (v *validation) work(field string, w Work) {
	if w == (Work{}) {
		return
	}
	if w.Workers < 1 || w.Workers > maxWorkers {
		v.complain(field+".workers", "%d: must be 1 to %d; without limit, leave %s out", w.Workers, maxWorkers,
			field)
	}
	if w.ServiceTime < leastServiceTime || w.ServiceTime > mostServiceTime {
		v.complain(field+".service_time", "%s of a worker's time for a request: must be %s to %s", w.ServiceTime,
			leastServiceTime, mostServiceTime)
	}
	if w.Queue < 0 || w.Queue > maxQueue {
		v.complain(field+".queue", "%d waiting requests: must be 0 to %d", w.Queue, maxQueue)
	}
}

// combinations finds values that are good each by itself but can't be built together.
func (v *validation) combinations(t Topology) {
	if t.Postgres.Commit == CommitRemote && !t.Streams() {
		v.complain("commit",
			"remote needs a replica in the other region, which strategy backup-restore has not: use warm-standby")
	}
	if !t.Streams() && len(t.Regions) > minRegions {
		v.complain("regions",
			"strategy backup-restore has two regions, for now: the backup job knows one target (got %d)",
			len(t.Regions))
	}
	switch {
	case t.Strategy == ActiveActive && (t.Routing.Policy == Failover || t.Routing.Policy == ""):
		v.complain("routing.policy",
			"active-active sends clients to every region: use multivalue, weighted or geolocation")
	case t.Strategy != ActiveActive && t.Routing.Policy == Multivalue:
		v.complain("routing.policy",
			"multivalue sends clients to every region, which only strategy active-active wants")
	}
	v.weights(t)
	if !t.Streams() && t.Reads.Local() {
		v.complain("reads", "%s needs a database in each region, which strategy backup-restore has not: use %s",
			t.Reads, ReadsPrimary)
	}
	if len(t.Regions) >= minRegions && t.Standby().AtStart > 0 && t.Standby().AtStart < t.Standby().AppNodes {
		switch {
		case t.Strategy != WarmStandby:
			v.complain("regions[1].at_start",
				"only a warm-standby begins with fewer app nodes than it will have; this is a %s", t.Strategy)
		case t.Automation.Off:
			v.complain("regions[1].at_start", "nobody would start the other app nodes: the automation that does is off")
		}
	}
	if t.Strategy == HotStandby && len(t.Regions) >= minRegions && t.Standby().AppNodes < t.Home().AppNodes {
		v.complain("regions[1].app_nodes",
			"%d app nodes, and home has %d: a hot standby has as many; with fewer it is a warm-standby",
			t.Standby().AppNodes, t.Home().AppNodes)
	}
	if t.Objects.Locked && !t.Objects.Versions {
		v.complain("replication.object_lock", "it locks versions, and none are kept: set replication.versions to on")
	}
	v.copies("replication.objects", t.Objects.Mode, t)
	v.copies("replication.items", t.Items.Mode, t)
}

func (v *validation) copies(field string, mode ReplicationMode, t Topology) {
	if mode != OnBackup {
		return
	}
	if t.Strategy != BackupRestore {
		v.complain(field, "backup needs the backup job, which only strategy backup-restore has")
	}
	if t.Postgres.Commit == CommitRemote {
		v.complain(field, "backup can't go with commit remote, which promises every write in the other region")
	}
}

func (v *validation) check(field string, c HealthCheck) {
	v.positive(field+".interval", c.Interval)
	if c.Threshold < 1 || c.Threshold > maxThreshold {
		v.complain(field+".threshold", "%d answers in a row: must be 1 to %d", c.Threshold, maxThreshold)
	}
}

func (v *validation) positive(field string, d time.Duration) {
	if d <= 0 {
		v.complain(field, "%s: must be more than 0", d)
	}
}

func (v *validation) notNegative(field string, d time.Duration) {
	if d < 0 {
		v.complain(field, "%s: must not be negative", d)
	}
}

func oneOf[T interface {
	~string
	Values() []string
}](v *validation, field string, value T) {
	if known := value.Values(); !slices.Contains(known, string(value)) {
		v.unknown(field, known, "%q is not known: use %s", string(value), strings.Join(known, " or "))
	}
}
