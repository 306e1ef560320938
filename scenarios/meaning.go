package scenarios

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/regionfall/regionfall/lab/api"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// Bounds of the workload: what the lab's stores serve on two cores while leaving room for replication. Beyond, a drill would measure the
// laptop.
const (
	maxWrites  = 100 // the item store takes about that many a second in a region
	maxReads   = 500
	maxClients = 64
	maxRetries = 10
	maxTimeout = 30 * time.Second
)

var nameForm = regexp.MustCompile(`^[a-z]([a-z0-9-]*[a-z0-9])?$`)

// meaning complains about what is well written but can't be: values out of bounds, names that lead nowhere, steps out of order. It
// needs the whole file, and no timescale.
func (r *reader) meaning(p *drill.Plan) {
	missing := slices.DeleteFunc(slices.Clone(required), r.given)
	if len(missing) > 0 && !r.bad[""] {
		r.complain("", "missing: %s", strings.Join(missing, ", "))
	}
	if r.at["name"] != nil && !nameForm.MatchString(p.Name) {
		r.complain("name", "name: %s is no name: use a-z, 0-9 and -, beginning with a letter", quote(p.Name))
	}
	r.workloadMeaning(p)
	if r.topologyMeaning("topology", p.Topology) {
		r.faultMeaning(p)
	}
	r.stepMeaning(p)
	r.objectiveMeaning(p)
	r.expectMeaning(p)
}

// topologyMeaning says whether the topology, whose keys stand below base, is sound enough to aim faults at.
func (r *reader) topologyMeaning(base string, t topology.Topology) bool {
	err := t.Validate()
	for _, e := range flatten(err) {
		var f *topology.FieldError
		if !errors.As(e, &f) {
			r.complain(base, "%v", e)
			continue
		}
		path := f.Field
		if base != "" {
			path = base + "." + path
		}
		hint := ""
		if at := r.at[path]; at != nil && (strings.HasSuffix(path, ".follows") || strings.Contains(path, ".between[")) {
			hint = regionHint(at.Value, t)
		}
		r.complain(path, "%s: %s%s", path, f.Problem, hint)
	}
	return err == nil
}

// regionHint asks whether a name that is no region's was meant to be one.
func regionHint(name string, t topology.Topology) string {
	var names []string
	for _, region := range t.Regions {
		names = append(names, region.Name)
	}
	if meant, ok := nearest(name, names); ok && meant != name {
		return fmt.Sprintf(": did you mean %q?", meant)
	}
	return ""
}

// faultMeaning asks each fault about its parameters, and that a region is left that takes over.
func (r *reader) faultMeaning(p *drill.Plan) {
	// The standby takes over, unless it is what the scenario loses; then home goes on. No other region ever does.
	left := []string{p.Topology.Standby().Name, p.Topology.Home().Name}
	var held []fault.Spec // in lab time
	for i, s := range p.Steps {
		if at := slices.IndexFunc(held, func(f fault.Spec) bool { return f.Kind() == s.Heal }); at >= 0 {
			held = slices.Delete(held, at, at+1)
		}
		if s.Inject == nil {
			continue
		}
		base := fmt.Sprintf("steps[%d].inject.%s", i, s.Inject.Kind())
		scale := p.Timescale
		if !(scale >= 1) { // it is complained about elsewhere
			scale = 1
		}
		real := fmt.Sprint(s.Inject.Validate(p.Topology))
		inLab := atScale(s.Inject, scale)
		wrong := flatten(inLab.Validate(p.Topology))
		for _, e := range wrong {
			if !strings.Contains(real, e.Error()) {
				e = fmt.Errorf("%w (in lab time)", e)
			}
			r.faultProblem(base, e, p.Topology)
		}
		if len(wrong) == 0 {
			for _, other := range held {
				if err := fault.Conflicts(other, inLab, p.Topology); err != nil {
					r.complain(base, "%s: %v", base, err)
				}
			}
			held = append(held, inLab)
		}
		if lost, ok := s.Inject.(*fault.LoseRegion); ok {
			left = slices.DeleteFunc(left, func(name string) bool { return name == lost.Region })
			if len(left) == 0 {
				r.complain(base, "%s: home and standby are lost by now, so no region is left that takes over and can be read", base)
				return
			}
		}
	}
}

// faultProblem puts a fault's complaint at the parameter it is about. Faults know nothing of files; but their complaints begin with the
// parameter, and quote the value when it is a name.
func (r *reader) faultProblem(base string, e error, t topology.Topology) {
	message := e.Error()
	word, _, _ := strings.Cut(message, " ")
	parameter := base + "." + word
	if r.meant[parameter] {
		return
	}
	for _, path := range slices.Sorted(maps.Keys(r.at)) {
		value := r.at[path].Value
		if path != parameter && parent(path) != parameter || value == "" || !strings.Contains(message, strconv.Quote(value)) {
			continue
		}
		message += regionHint(value, t)
		parameter = path
		break
	}
	r.complain(parameter, "%s: %s", base, message)
}

func (r *reader) stepMeaning(p *drill.Plan) {
	var injected []string // kinds in force
	var unclear, backup, broken bool
	var last time.Duration
	for i, s := range p.Steps {
		path := fmt.Sprintf("steps[%d]", i)
		var does []string
		for _, verb := range []string{"inject", "heal", "job", "switchover"} {
			if r.at[path+"."+verb] != nil {
				does = append(does, verb)
			}
		}
		if len(does) != 1 {
			r.complain(path, "%s: a step does exactly one of inject, heal, job and switchover; this one does %s", path, orNothing(does))
		}
		if s.When == "" && s.At < last {
			r.complain(path+".at", "%s: %s is before the step above (%s): write steps in order", path, short(s.At), short(last))
		}
		last = s.At
		if s.When != "" {
			last = 0 // counted from an event, it bounds nothing that is counted from steady state
		}
		r.conditionMeaning(path, p, s.When, broken, backup)
		unclear = unclear || r.at[path+".inject"] != nil && s.Inject == nil
		if s.Switchover != "" {
			broken = true
			r.switchoverMeaning(path, p, i)
		}
		if s.Inject != nil {
			broken = true
			injected = append(injected, s.Inject.Kind())
		}
		if s.Heal != "" {
			at := slices.Index(injected, s.Heal)
			switch {
			case at >= 0:
				injected = slices.Delete(injected, at, at+1)
			case !unclear:
				r.complain(path+".heal", "%s: there is no %s to heal: no step above injects it", path, s.Heal)
			}
		}
		if s.Job == jobBackup {
			backup = true
			if p.Topology.Strategy != topology.BackupRestore {
				r.complain(path+".job", "%s: there is no backup job with strategy %s: use strategy backup-restore", path, p.Topology.Strategy)
			}
		}
	}
	if !broken && !unclear && r.at["steps"] != nil {
		r.complain("steps", "steps: nothing is injected, so nothing is tested: a drill has at least one inject or switchover")
	}
}

func (r *reader) conditionMeaning(path string, p *drill.Plan, c drill.Condition, broken, backup bool) {
	switch {
	case c == "" || slices.Contains(anytimeMarks, c):
	case c == api.MarkBackup:
		if !backup {
			r.complain(path+".when", "%s: %s never comes: no step above runs job: backup", path, c)
		}
	case !broken:
		r.complain(path+".when", "%s: %s never comes: no step above injects anything", path, c)
	case p.Topology.Automation.Off && slices.Contains(automationMarks, c):
		r.complain(path+".when", "%s: %s never comes: the automation is off", path, c)
	case c == drill.Recovered && p.Judge.RecoveryTime == nil:
		r.complain(path+".when", "%s: recovered means nothing without the objective recovery_time", path)
	}
}

func orNothing(verbs []string) string {
	if len(verbs) == 0 {
		return "nothing"
	}
	return strings.Join(verbs, " and ")
}

func (r *reader) objectiveMeaning(p *drill.Plan) {
	j := p.Judge
	promised := slices.ContainsFunc([]string{"recovery_time", "recovery_point", "sessions", "local_reads", "stale_config", "write_gap"}, func(key string) bool {
		return r.given("objectives." + key)
	})
	if r.at["objectives"] != nil && !promised {
		r.complain("objectives", "objectives: nothing is promised: give recovery_point, recovery_time, sessions, local_reads, stale_config or write_gap")
	}
	r.readingMeaning(p)
	r.staleConfigMeaning(p)
	r.writeGapMeaning(p)
	if o := j.RecoveryTime; o != nil {
		if o.Within == 0 && !r.meant["objectives.recovery_time.within"] {
			r.complain(within(r, "objectives.recovery_time"), "objectives.recovery_time: 0s can't be kept: must be more than 0s")
		}
		if r.at["objectives.recovery_time.window"] != nil && o.Window == 0 {
			r.complain("objectives.recovery_time.window", "objectives.recovery_time.window: must be more than 0s")
		}
		if o.Latency == 0 || o.Latency > p.Workload.Timeout {
			r.complain("objectives.recovery_time.latency", "objectives.recovery_time.latency: %s must be more than 0s and at most the "+
				"workload's timeout of %s", short(o.Latency), short(p.Workload.Timeout))
		}
	} else if promised && !r.given("observe") && !r.given("objectives.recovery_time") {
		r.complain("objectives", "observe is missing: without the objective recovery_time nothing says how long to wait")
	}
	if j.Consistency != "" && p.Workload.Reads == 0 {
		r.complain("objectives.consistency", "objectives.consistency: nothing is read that could show it: workload.reads is 0/s")
	}
	if j.StandbyCapacity > 0 && j.RecoveryTime == nil {
		r.complain("objectives.standby_capacity", "objectives.standby_capacity: without the objective recovery_time nothing says what to sustain is: "+
			"its window and latency do")
	}
	if len(j.Stores) == 0 {
		r.complain("objectives.stores", "objectives.stores: none to read: known are %s", strings.Join(stores(), ", "))
	}
	for i, name := range j.Ordered {
		if !slices.Contains(j.Stores, name) && name != "" {
			r.complain(fmt.Sprintf("objectives.ordered[%d]", i), "objectives.ordered: %s is not among objectives.stores", name)
		}
	}
	if j.MinAcked < 1 {
		r.complain("objectives.min_acknowledged", "objectives.min_acknowledged: %d proves nothing: must be at least 1", j.MinAcked)
	}
}

func within(r *reader, path string) string {
	if r.at[path+".within"] != nil {
		return path + ".within"
	}
	return path
}

func (r *reader) expectMeaning(p *drill.Plan) {
	if p.Expect.Fail && len(p.Expect.Findings) == 0 && !r.meant["expect.fail"] {
		r.complain("expect", "expect: say what must be found: {fail: [recovery_point]}")
	}
	for i, id := range p.Expect.Findings {
		session := slices.Contains(measure.Guarantees(), id)
		if session && !slices.Contains(p.Judge.Sessions, id) {
			r.complain(fmt.Sprintf("expect.fail[%d]", i), "expect: %s can't be found: objectives.sessions has no %s", id, id)
		}
		if !session && slices.Contains(measure.Promised(), id) && !r.given("objectives."+id) {
			r.complain(fmt.Sprintf("expect.fail[%d]", i), "expect: %s can't be found: objectives has no %s", id, id)
		}
		if id == measure.FindingLinearizability && p.Judge.Consistency != measure.Linearizable {
			r.complain(fmt.Sprintf("expect.fail[%d]", i), "expect: %s can't be found: objectives has no consistency: %s", id, measure.Linearizable)
		}
	}
}

// flatten takes joined errors apart, however deep.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, flatten(e)...)
	}
	return all
}
