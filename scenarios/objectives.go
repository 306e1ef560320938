package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// Objectives are what is promised. What is nil or empty is not.
type Objectives struct {
	Source             string         `yaml:"source" max:"120" example:"business continuity policy 4.2, section 3" about:"Where the objectives are from: the policy and its version, for whoever reads the evidence."`
	RecoveryPoint      *RecoveryPoint `yaml:"recovery_point" example:"15m" about:"Maximum age of lost writes at the fault; 0s if none may be lost."`
	JointRecoveryPoint *Within        `yaml:"joint_recovery_point" example:"0s" about:"Maximum age at the fault of writes that some stores have and others lost, such as a row without its document; 0s if there may be none. A write that all of them lost is no such thing: recovery_point has it."`
	RecoveryTime       *RecoveryTime  `yaml:"recovery_time" example:"{within: 2h, window: 10m}" about:"Maximum time until the service is back."`
	StandbyCapacity    file.Share     `yaml:"standby_capacity" example:"95%" about:"Minimum share of the demand that is sustained after the fault."`
	Consistency        Consistency    `yaml:"consistency" takes:"consistency" example:"linearizable" about:"What reads may see of writes."`
	Sessions           []Guarantee    `yaml:"sessions,unique" takes:"guarantee" example:"[read_your_writes]" about:"Session guarantees that each client is promised."`
	Decisions          file.Switch    `yaml:"decisions" example:"on" about:"That nobody who was told approved is told denied without a recorded reason, which is a new write that the answer names. What the app decided its answers say where its read has decides."`
	LocalReads         *LocalReads    `yaml:"local_reads" about:"Maximum latency of reads in the region of their clients."`
	StaleConfig        *Within        `yaml:"stale_config" example:"0s" about:"Maximum time after the redirect in which a node still refers to the lost region."`
	WriteGap           *Within        `yaml:"write_gap" example:"2m" about:"Maximum time without an acknowledged write in a switchover."`
	Conservation       file.Switch    `yaml:"conservation" example:"on" about:"That each record that goes into a stage of the app's pipeline comes out of it or is rejected, once, partition by partition, as its objects have it; and that the content is that of an undisturbed run, where the app keeps one."`
	Deadline           *Deadline      `yaml:"deadline" example:"{begins: 02:00, by: 14:00}" about:"When the app's job must be done."`
	// Of the three only PostgreSQL writes one log; objects and items are copied in any order.
	Stores          []Store `yaml:"stores,unique" takes:"store" otherwise:"all that the app writes to" example:"[postgres, items]" about:"Stores in which acknowledged writes must be found."`
	Ordered         []Store `yaml:"ordered,unique" takes:"store" otherwise:"postgres, if it is one of them" example:"[postgres]" about:"Stores that may not lose a write and keep a later one."`
	MinAcknowledged int     `yaml:"min_acknowledged" otherwise:"50, or four fifths of the writes offered until then if that is less, and 20 at least" min:"1" example:"50" about:"Minimum number of writes acknowledged before the first fault. With fewer the drill is inconclusive."`
}

// RecoveryTime is how soon the service must be back, and what that is.
type RecoveryTime struct {
	Within   file.Duration `yaml:"within,alone,required" min:">0s" example:"2h"`
	Window   file.Duration `yaml:"window" min:">0s" example:"10m" otherwise:"1.5s of lab time" about:"How long the service criterion must hold throughout for the service to be back."`
	Success  file.Share    `yaml:"success" default:"99%" example:"99%" about:"Minimum share of operations that are ok."`
	Latency  Latency       `yaml:"latency" max:"1" example:"{p95: 500ms}" otherwise:"{p95: 500ms}" about:"Maximum latency at one quantile."`
	Capacity file.Share    `yaml:"capacity" default:"95%" example:"95%" about:"Minimum share of the offered load that is answered ok within the latency."`
}

// Latency is a limit at one quantile.
type Latency struct {
	P50  *file.Physical `yaml:"p50" example:"100ms" about:"Maximum median."`
	P90  *file.Physical `yaml:"p90" example:"300ms" about:"Maximum 90th percentile."`
	P95  *file.Physical `yaml:"p95" example:"500ms" about:"Maximum 95th percentile."`
	P99  *file.Physical `yaml:"p99" example:"800ms" about:"Maximum 99th percentile."`
	P999 *file.Physical `yaml:"p99.9" example:"1s" about:"Maximum 99.9th percentile."`
}

// limit is the quantile that the file has, or the usual one.
func (l Latency) limit() (quantile float64, within time.Duration) {
	for _, q := range []struct {
		quantile float64
		within   *file.Physical
	}{{0.5, l.P50}, {0.9, l.P90}, {0.95, l.P95}, {0.99, l.P99}, {0.999, l.P999}} {
		if q.within != nil {
			return q.quantile, time.Duration(*q.within)
		}
	}
	return 0.95, 500 * time.Millisecond
}

// LocalReads is how quick reads are.
type LocalReads struct {
	P99 file.Physical `yaml:"p99" example:"20ms" about:"Maximum 99th percentile in each region."`
}

// Within is for how long something may be.
type Within struct {
	Within file.Duration `yaml:"within,alone,required" example:"2m"`
}

// compile is what is promised in lab time.
func (o Objectives) compile(timescale float64) measure.Spec {
	spec := measure.Spec{
		Timescale: timescale,
		Stores:    toStrings(o.Stores), Ordered: toStrings(o.Ordered), Sessions: toStrings(o.Sessions),
		Decisions:       bool(o.Decisions),
		StandbyCapacity: float64(o.StandbyCapacity), Consistency: string(o.Consistency), MinAcked: o.MinAcknowledged,
	}
	if o.RecoveryPoint != nil {
		spec.RecoveryPoint = o.RecoveryPoint.compile(timescale)
	}
	if r := o.RecoveryTime; r != nil {
		spec.RecoveryTime = &measure.RecoveryTimeObjective{
			Within: r.Within.Lab(timescale), Window: cmp.Or(r.Window.Lab(timescale), defaultWindow),
			Success: float64(r.Success), Capacity: float64(r.Capacity),
		}
		spec.RecoveryTime.Quantile, spec.RecoveryTime.Latency = r.Latency.limit()
	}
	if o.JointRecoveryPoint != nil {
		spec.JointRecoveryPoint = new(o.JointRecoveryPoint.Within.Lab(timescale))
	}
	if o.LocalReads != nil {
		spec.LocalReads = time.Duration(o.LocalReads.P99)
	}
	if o.StaleConfig != nil {
		spec.StaleConfig = new(o.StaleConfig.Within.Lab(timescale))
	}
	if o.WriteGap != nil {
		spec.WriteGap = new(o.WriteGap.Within.Lab(timescale))
	}
	if o.Deadline != nil {
		spec.Deadline = o.Deadline.compile(timescale)
	}
	return spec
}

// promises are the keys of which a scenario has at least one.
var promises = []string{
	"recovery_point", "joint_recovery_point", "recovery_time", "sessions", "decisions", "local_reads", "stale_config",
	"write_gap", "conservation", "deadline",
}

func (f *Format) checkObjectives(found *file.Complaints, t topology.Topology) {
	o := f.Objectives
	promised := slices.ContainsFunc(promises, func(key string) bool { return found.Mentions("objectives." + key) })
	if found.Has("objectives") && !promised {
		found.Add("objectives", "objectives: nothing is promised: give %s or %s",
			strings.Join(promises[:len(promises)-1], ", "), promises[len(promises)-1])
	}
	if promised && !found.Mentions("observe") && !found.Mentions("objectives.recovery_time") &&
		!found.Mentions("objectives.deadline") {
		found.Add("objectives", "observe is missing: without the objective recovery_time, or deadline, "+
			"nothing says how long to wait")
	}
	f.checkRecoveryTime(found)
	f.checkReads(found, t)
	f.checkStaleConfig(found, t)
	f.checkWriteGap(found)
	if n := len(o.Stores); o.JointRecoveryPoint != nil && n < 2 {
		const path = "objectives.joint_recovery_point"
		found.Add(path, "%s: it compares stores with one another, and writes are looked for in %d", path, n)
	}
	if len(o.Stores) == 0 && found.Has("objectives.stores") {
		found.Add("objectives.stores", "objectives.stores: none to read: known are %s",
			strings.Join(Store("").Values(), ", "))
	}
	for i, name := range o.Ordered {
		if name != "" && !slices.Contains(o.Stores, name) {
			found.Add(itemPath("objectives.ordered", i), "objectives.ordered: %s is not among objectives.stores", name)
		}
	}
}

func (f *Format) checkRecoveryTime(found *file.Complaints) {
	o := f.Objectives
	if o.RecoveryTime == nil {
		if o.StandbyCapacity > 0 {
			const path = "objectives.standby_capacity"
			found.Add(path, "%s: without the objective recovery_time nothing says what to sustain is: "+
				"its window and latency do", path)
		}
		return
	}
	const path = "objectives.recovery_time.latency"
	if _, limit := o.RecoveryTime.Latency.limit(); limit == 0 || limit > time.Duration(f.Workload.Timeout) {
		found.Add(path, "%s: %s must be more than 0s and at most the workload's timeout of %s",
			path, file.Short(limit), file.Short(time.Duration(f.Workload.Timeout)))
	}
}

// checkReads holds what is promised about reads against what is read, and how.
func (f *Format) checkReads(found *file.Complaints, t topology.Topology) {
	const nothingRead, path = "nothing is read that could show it: workload.reads is 0/s", "objectives.local_reads"
	o, reads := f.Objectives, f.Workload.Reads > 0
	if o.Consistency != "" && !reads {
		found.Add("objectives.consistency", "objectives.consistency: "+nothingRead)
	}
	if len(o.Sessions) > 0 && !reads {
		found.Add("objectives.sessions", "objectives.sessions: "+nothingRead)
	}
	if found.Has("objectives.decisions") && !bool(o.Decisions) {
		found.Add("objectives.decisions", "objectives.decisions: off says nothing: leave it out")
	}
	if bool(o.Decisions) && !reads {
		found.Add("objectives.decisions", "objectives.decisions: "+nothingRead)
	}
	if o.LocalReads == nil {
		return
	}
	p99, timeout := time.Duration(o.LocalReads.P99), time.Duration(f.Workload.Timeout)
	switch {
	case p99 <= 0 || p99 > timeout:
		found.Add(path+".p99",
			"%s: %s must be more than 0s and at most the workload's timeout of %s: write {p99: 20ms}",
			path, file.Short(p99), file.Short(timeout))
	case !reads:
		found.Add(path, "%s: %s", path, nothingRead)
	case !t.Reads.Local():
		found.Add(path, "%s: no region reads from a database of its own: set topology.reads to %s or %s",
			path, topology.ReadsLocal, topology.ReadsSession)
	}
}

// checkStaleConfig asks for what has to happen so that a configuration can be stale: a region that is lost, and
// clients that are redirected.
func (f *Format) checkStaleConfig(found *file.Complaints, t topology.Topology) {
	const path = "objectives.stale_config"
	if f.Objectives.StaleConfig == nil {
		return
	}
	loses := slices.ContainsFunc(f.Steps, func(s Step) bool { return len(s.loses()) > 0 })
	switch {
	case !loses:
		found.Add(path, "%s: no step loses a region, so nothing can refer to one that is lost", path)
	case t.Automation.Off:
		found.Add(path, "%s: the automation is off, and nobody else redirects clients", path)
	}
}

// checkWriteGap asks for the switchover that brings one.
func (f *Format) checkWriteGap(found *file.Complaints) {
	const path = "objectives.write_gap"
	gap := f.Objectives.WriteGap
	if gap == nil {
		return
	}
	if !slices.ContainsFunc(f.Steps, func(s Step) bool { return s.Switchover != "" }) {
		found.Add(path, "%s: no step is a switchover, so there is no gap to measure", path)
	} else if gap.Within == 0 {
		found.Add(path, "%s: 0s must be more than 0s", path)
	}
}

func (d table) objectives() {
	d.row("OBJECTIVES", "REAL", "LAB")
	d.recoveryPoint()
	if within := d.plan.Judge.JointRecoveryPoint; within != nil {
		d.scheduled("  joint recovery point", *within)
	}
	for _, c := range d.plan.Judge.Claims {
		d.scheduled("  the dashboard says, as the recovery point of "+cmp.Or(c.Of, "all"), c.RecoveryPoint)
	}
	if within := d.plan.Judge.StaleConfig; within != nil {
		d.scheduled("  stale configuration, after redirect", *within)
	}
	if within := d.plan.Judge.WriteGap; within != nil {
		d.scheduled("  write gap of a switchover", *within)
	}
	if all := d.plan.Judge.Sessions; len(all) > 0 {
		d.row("  sessions", strings.Join(all, ", "), "")
	}
	if d.plan.Judge.Decisions {
		d.row("  decisions", "stand, or change for a recorded reason", "")
	}
	d.pipeline()
	if p99 := d.plan.Judge.LocalReads; p99 > 0 {
		d.row("  local reads, p99", "", file.Short(p99))
	}
	if c := d.plan.Judge.Consistency; c != "" {
		d.row("  consistency", c, "")
	}
	if share := d.plan.Judge.StandbyCapacity; share > 0 {
		d.row("  standby capacity", fmt.Sprintf("%.4g%% of the demand", 100*share), "")
	}
	if o := d.plan.Judge.RecoveryTime; o != nil {
		d.scheduled("  recovery time", o.Within)
		d.scheduled(fmt.Sprintf("    %.4g%% ok, p%.4g at most %s, capacity %.4g%%, throughout",
			100*o.Success, 100*o.Quantile, file.Short(o.Latency), 100*o.Capacity), o.Window)
	}
}
