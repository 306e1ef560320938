package scenarios

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/scenarios/drill"
)

// What the lab can do and measuring can tell apart, in lab time. A timescale that goes below would judge the laptop, not the design.
const (
	maxTimescale   = 10_000
	minInterval    = 20 * time.Millisecond // of health checks: below, a healthy region is found lost now and then
	minWindow      = 500 * time.Millisecond
	windowSlices   = 5 // the service criterion is asked of each fifth of a window
	minOpsPerSlice = 2
	minHold        = 500 * time.Millisecond
	minObjective   = time.Second // of recovery time: promotion and redirect take part of a second by themselves
	minPointGaps   = 3           // recovery point objective in gaps between two writes: below, its interval straddles it
	maxDrill       = 10 * time.Minute
)

// scaled is the plan in lab time, with the defaults that depend on the timescale filled in.
func scaled(p drill.Plan) drill.Plan {
	div := func(d time.Duration) time.Duration { return time.Duration(math.Round(float64(d) / p.Timescale)) }
	p.Topology = p.Topology.Scaled(p.Timescale)
	p.Topology.Regions = slices.Clone(p.Topology.Regions)
	p.Workload.Stale.For = div(p.Workload.Stale.For)
	p.Steady.Hold = div(p.Steady.Hold)
	if p.Steady.Hold == 0 {
		p.Steady.Hold = defaultHoldLab
	}
	// A file says how long the lab may take to become steady; that it then has to hold is not its fault.
	p.Steady.Within += p.Steady.Hold
	p.Steps = slices.Clone(p.Steps)
	for i := range p.Steps {
		p.Steps[i].At = div(p.Steps[i].At)
		p.Steps[i].Inject = atScale(p.Steps[i].Inject, p.Timescale)
	}
	p.Observe, p.Tail = div(p.Observe), div(p.Tail)
	p.Judge.Timescale = p.Timescale
	p.Judge.ClientsIn, p.Judge.Given, p.Judge.StaleClients = p.Workload.In, p.Expect.Given, p.Workload.StaleClients()
	if len(p.Topology.Regions) > 0 {
		p.Judge.Home, p.Judge.Survivor = p.Topology.Home().Name, survivor(p)
	}
	p.Judge.Replicated, p.Judge.CopyTakes = replicated(p.Topology, p.Judge)
	p.Workload.Sessions = len(p.Judge.Sessions) > 0
	if p.Judge.RecoveryPoint != nil {
		o := *p.Judge.RecoveryPoint
		o.Within = div(o.Within)
		p.Judge.RecoveryPoint = &o
	}
	for _, within := range []**time.Duration{&p.Judge.StaleConfig, &p.Judge.WriteGap} {
		if *within != nil {
			*within = new(div(**within))
		}
	}
	window := defaultWindowLab
	if p.Judge.RecoveryTime != nil {
		o := *p.Judge.RecoveryTime
		o.Within, o.Window = div(o.Within), div(o.Window)
		if o.Window == 0 {
			o.Window = defaultWindowLab
		}
		window = o.Window
		if p.Observe == 0 {
			p.Observe = time.Duration(observeFactor*float64(o.Within)) + o.Window
		}
		p.Judge.RecoveryTime = &o
	}
	if p.Tail == 0 {
		p.Tail = window // long enough that a relapse right after recovery is seen
	}
	return p
}

// survivor is the region that is to be in charge in the end, and whose stores are read: who takes over in order last, else the standby, unless the plan
// loses it; then home goes on. No other region ever does.
func survivor(p drill.Plan) string {
	left := []string{p.Topology.Standby().Name, p.Topology.Home().Name}
	for _, s := range p.Steps {
		if s.Switchover != "" {
			left = []string{s.Switchover}
		}
		if lost, is := s.Inject.(*fault.LoseRegion); is && len(left) > 1 {
			left = slices.DeleteFunc(left, func(name string) bool { return name == lost.Region })
		}
	}
	return left[0]
}

// atScale is a fault in lab time.
func atScale(spec fault.Spec, timescale float64) fault.Spec {
	if s, ok := spec.(fault.Scheduled); ok {
		return s.Scaled(timescale)
	}
	return spec
}

// labCheck holds a plan against what the lab can do.
type labCheck struct {
	*source
	real, plan drill.Plan
	problems   []*Problem
}

func (l *labCheck) complain(path, format string, args ...any) {
	l.problems = append(l.problems, l.problem(path, format, args...))
}

func (l *labCheck) check() {
	t := l.plan.Topology
	l.atLeast("topology.routing.check.interval", t.Routing.Check.Interval, minInterval)
	if !t.Automation.Off {
		l.atLeast("topology.automation.check.interval", t.Automation.Check.Interval, minInterval)
	}
	if s := t.Automation.Shift; !t.Automation.Off && s.InSteps() {
		l.atLeast("topology.automation.shift.hold", s.Hold, minInterval)
	}
	l.atLeast("steady_state.hold", l.plan.Steady.Hold, minHold)
	l.recoveryTime()
	l.recoveryPoint()
	l.faults()
	before := l.plan.Steady.Hold + beforeFault(l.plan.Steps)
	if offered := l.plan.Workload.Writes * before.Seconds(); offered < float64(l.plan.Judge.MinAcked) {
		l.complain("objectives.min_acknowledged", "objectives.min_acknowledged: %d writes can't be acknowledged before the first fault: "+
			"%g/s for %s of lab time are %.0f; hold steady state longer or inject later",
			l.plan.Judge.MinAcked, l.plan.Workload.Writes, short(before), offered)
	}
	if total := longest(l.plan); total > maxDrill {
		l.complain("timescale", "timescale: the drill takes up to %s of lab time, more than %s: use a timescale of %.0f or more",
			short(total), short(maxDrill), math.Ceil(l.plan.Timescale*float64(total)/float64(maxDrill)))
	}
}

// atLeast complains about a value that the timescale makes too short, and says which timescale would do.
func (l *labCheck) atLeast(path string, d, least time.Duration) {
	const rounding = time.Microsecond // of the division
	if d+rounding >= least {
		return
	}
	l.complain(path, "%s is %s of lab time, less than %s: use a timescale of %.0f or less, or a longer %s", path, short(d), short(least),
		max(1, math.Floor(l.plan.Timescale*float64(d+rounding)/float64(least))), lastKey(path))
}

func (l *labCheck) recoveryTime() {
	o := l.plan.Judge.RecoveryTime
	if o == nil {
		return
	}
	const path = "objectives.recovery_time"
	l.atLeast(path+".within", o.Within, minObjective)
	l.atLeast(path+".window", o.Window, minWindow)
	rate := l.plan.Workload.Writes + l.plan.Workload.Reads
	if ops := rate * o.Window.Seconds() / windowSlices; o.Window >= minWindow && ops < minOpsPerSlice {
		l.complain(path+".window", "%s.window: each fifth of a window of %s of lab time sees %.1f operations at %g/s; at least %d are needed "+
			"to judge it", path, short(o.Window), ops, rate, minOpsPerSlice)
	}
	if need := o.Within + o.Window; l.plan.Observe < need {
		l.complain("observe", "observe: %s can't prove a missed objective: it must cover recovery_time and its window, %s",
			short(l.real.Observe), short(l.up(need)))
	}
}

func (l *labCheck) recoveryPoint() {
	o := l.plan.Judge.RecoveryPoint
	if o == nil || o.Within == 0 { // 0 is judged by count
		return
	}
	gap := time.Duration(float64(time.Second) / l.plan.Workload.Writes)
	if o.Within < minPointGaps*gap {
		l.complain("objectives.recovery_point", "objectives.recovery_point: %s of lab time can't be told apart with a write every %s: "+
			"use a smaller timescale or more writes", short(o.Within), short(gap))
	}
}

// faults are complained about where the timescale makes what they are scheduled for too short or too long.
func (l *labCheck) faults() {
	for i, s := range l.plan.Steps {
		if _, ok := s.Inject.(fault.Scheduled); !ok {
			continue
		}
		path := fmt.Sprintf("steps[%d].inject.%s", i, s.Inject.Kind())
		for _, e := range flatten(s.Inject.Validate(l.plan.Topology)) {
			l.complain(path, "%s: %v (in lab time)", path, e)
		}
	}
}

// up is a lab time in the real world.
func (l *labCheck) up(d time.Duration) time.Duration {
	return time.Duration(float64(d) * l.plan.Timescale)
}

// lastKey is the last key of a path.
func lastKey(path string) string {
	if p := parent(path); p != "" {
		return path[len(p)+1:]
	}
	return path
}

// beforeFault is how long after steady state the first fault comes at the earliest. What is waited for may take no time.
func beforeFault(steps []drill.Step) time.Duration {
	var at time.Duration
	for _, s := range steps {
		at = due(at, s)
		if s.Inject != nil || s.Switchover != "" {
			break
		}
	}
	return at
}

// due is when a step comes at the earliest, the one before it having been done at before.
func due(before time.Duration, s drill.Step) time.Duration {
	if s.When != "" {
		return before + s.At
	}
	return max(before, s.At)
}

// longest is how much lab time a drill takes when the service never recovers, from the first operation to the last.
func longest(p drill.Plan) time.Duration {
	var at time.Duration
	for _, s := range p.Steps {
		at = due(at, s)
	}
	return p.Steady.Hold + at + p.Observe + p.Tail
}

// stepText says what a step does, in the words of the file.
func stepText(s drill.Step) string {
	switch {
	case s.Inject != nil:
		return fmt.Sprintf("inject %s: %s", s.Inject.Kind(), s.Inject.Target())
	case s.Heal != "":
		return "heal " + s.Heal
	case s.Switchover != "":
		return "switch over to " + s.Switchover
	default:
		return "run job " + s.Job
	}
}
