package scenarios

import (
	"math"
	"slices"
	"time"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/file"
)

// What the lab can do and measuring can tell apart, in lab time. A timescale that goes below would judge the laptop,
// not the design.
const (
	maxTimescale   = 10_000
	minInterval    = 20 * time.Millisecond // of health checks: below, a healthy region is found lost now and then
	minWindow      = 500 * time.Millisecond
	windowSlices   = 5 // the service criterion is asked of each fifth of a window
	minOpsPerSlice = 2
	// leastOfFailures is what part of an operation may fail in a window, at the least, where not all must succeed.
	leastOfFailures = 0.1
	minHold         = 500 * time.Millisecond
	minObjective    = time.Second // of recovery time: promotion and redirect take part of a second by themselves
	// recovery point objective in gaps between two writes: below, its interval straddles it
	minPointGaps = 3
	maxDrill     = 10 * time.Minute
)

// limits holds a plan against what the lab can do.
type limits struct {
	*file.Complaints
	format *Format
	plan   drill.Plan
}

func (l limits) check() {
	t := l.plan.Topology
	l.checkMinimum("topology.routing.check.interval", t.Routing.Check.Interval, minInterval)
	if !t.Automation.Off {
		l.checkMinimum("topology.automation.check.interval", t.Automation.Check.Interval, minInterval)
	}
	if s := t.Automation.Shift; !t.Automation.Off && s.InSteps() {
		l.checkMinimum("topology.automation.shift.hold", s.Hold, minInterval)
	}
	l.checkMinimum("steady_state.hold", l.plan.Steady.Hold, minHold)
	l.checkRecoveryTime()
	l.checkDeadline()
	l.checkRecoveryPoint()
	l.checkFaults()
	l.checkWrites()
	if total := longestDrill(l.plan); total > maxDrill {
		l.Add("timescale",
			"timescale: the drill takes up to %s of lab time, more than %s: use a timescale of %.0f or more",
			file.Short(total), file.Short(maxDrill), math.Ceil(l.plan.Timescale*float64(total)/float64(maxDrill)))
	}
}

// How many writes must have been acknowledged before the first fault, where the file does not say.
const (
	usualWrites = 50
	fewWrites   = 20 // with fewer, a single write weighs more than a twentieth
	sureShare   = 0.8
)

// enoughWrites is a number of writes before the first fault that proves something, and that the plan leaves time for.
func enoughWrites(p drill.Plan) int {
	return min(usualWrites, max(fewWrites, int(sureShare*offeredBefore(p))))
}

// offeredBefore is how many writes fall due before the first fault.
func offeredBefore(p drill.Plan) float64 { return p.Workload.Writes * timeBefore(p).Seconds() }

// timeBefore is how much time the steady state and the steps leave before the first fault.
func timeBefore(p drill.Plan) time.Duration { return p.Steady.Hold + firstFaultAt(p.Steps) }

// checkWrites complains about a load of which too little can be acknowledged before the first fault.
func (l limits) checkWrites() {
	need, offered := l.plan.Judge.MinAcked, offeredBefore(l.plan)
	if offered >= float64(need) {
		return
	}
	const path = "objectives.min_acknowledged"
	l.Add(path, "%s: %d writes can't be acknowledged before the first fault: %g/s for %s of lab time are %.0f; "+
		"hold steady state longer, inject later, or offer more writes",
		path, need, l.plan.Workload.Writes, file.Short(timeBefore(l.plan)), offered)
}

// checkMinimum complains about a value that the timescale makes too short, and says which timescale would do.
func (l limits) checkMinimum(path string, d, least time.Duration) {
	const rounding = time.Microsecond // of the division
	if d+rounding >= least {
		return
	}
	l.Add(path, "%s is %s of lab time, less than %s: use a timescale of %.0f or less, or a longer %s",
		path, file.Short(d), file.Short(least),
		max(1, math.Floor(l.plan.Timescale*float64(d+rounding)/float64(least))), file.LastKey(path))
}

func (l limits) checkRecoveryTime() {
	o := l.plan.Judge.RecoveryTime
	if o == nil {
		return
	}
	const path = "objectives.recovery_time"
	l.checkMinimum(path+".within", o.Within, minObjective)
	l.checkMinimum(path+".window", o.Window, minWindow)
	rate := l.plan.Workload.Writes + l.plan.Workload.Reads
	if ops := rate * o.Window.Seconds() / windowSlices; o.Window >= minWindow && ops < minOpsPerSlice {
		l.Add(path+".window", "%s.window: each fifth of a window of %s of lab time sees %.1f operations at %g/s; "+
			"at least %d are needed to judge it", path, file.Short(o.Window), ops, rate, minOpsPerSlice)
	}
	ops := rate * o.Window.Seconds()
	if o.Window >= minWindow && o.Success < 1 && ops*(1-o.Success) < leastOfFailures {
		l.Add(path+".success", "%s.success: %.4g%% of the %.0f operations in a window of %s of lab time can't be told "+
			"from all of them: %.0f are needed for a tenth of one to fail; offer more, use a longer window, or write "+
			"100%%", path, 100*o.Success, ops, file.Short(o.Window), math.Ceil(leastOfFailures/(1-o.Success)))
	}
	l.checkDecision(path, o.Within)
	if need := o.Within + o.Window; l.plan.Observe < need {
		l.Add("observe", "observe: %s can't prove a missed objective: it must cover recovery_time and its window, %s",
			file.Short(time.Duration(l.format.Observe)), file.Short(time.Duration(float64(need)*l.plan.Timescale)))
	}
}

// checkDecision complains about a drill that can only miss its objective, and is expected to pass: home is lost, and
// does not come back by itself, and the automation decides later than the service has to be back.
func (l limits) checkDecision(path string, within time.Duration) {
	t, steps := l.plan.Topology, l.plan.Steps
	loses := slices.IndexFunc(l.format.Steps, func(s Step) bool { return slices.Contains(s.loses(), t.Home().Name) })
	if l.plan.Expect.Fail || t.Automation.Off || loses < 0 || steps[loses].For > 0 {
		return
	}
	if slices.ContainsFunc(steps[loses+1:], func(s drill.Step) bool { return s.Heal != "" || s.Failover != "" }) {
		return
	}
	check := t.Automation.Check
	decides := time.Duration(max(check.Threshold-1, 0))*check.Interval + t.Automation.Decide
	if decides <= within {
		return
	}
	real := func(d time.Duration) string {
		return file.Short(time.Duration(float64(d) * l.plan.Timescale).Round(time.Second))
	}
	l.Add(path+".within", "%s: it can only be missed: the automation decides %s after the loss at the earliest, "+
		"and %s is all there is; shorten check or decide of topology.automation, or write "+
		"expect: {fail: [recovery_time]}", path, real(decides), real(within))
}

func (l limits) checkDeadline() {
	d := l.plan.Judge.Deadline
	if d != nil && l.plan.Observe < d.Within {
		l.Add("observe", "observe: %s can't prove a missed deadline: it must cover the time from begins to by, %s",
			file.Short(time.Duration(l.format.Observe)), file.Short(time.Duration(float64(d.Within)*l.plan.Timescale)))
	}
}

func (l limits) checkRecoveryPoint() {
	o := l.plan.Judge.RecoveryPoint
	if o == nil {
		return
	}
	gap := time.Duration(float64(time.Second) / l.plan.Workload.Writes)
	var complained []string
	for _, name := range l.plan.Judge.Judged() {
		path := "objectives.recovery_point"
		switch _, own := o.Stores[name]; {
		case own && slices.Contains(l.plan.Judge.Stores, name):
			path = limitsPath + "." + name
		case own:
			path = ruleLimitsPath + "." + name
		}
		limit := o.Limit(name)
		fine := limit > 0 && limit < minPointGaps*gap // 0 is judged by count
		if fine && !slices.Contains(complained, path) {
			complained = append(complained, path)
			l.Add(path, "%s: %s of lab time can't be told apart with a write every %s: use a smaller timescale or "+
				"more writes", path, file.Short(limit), file.Short(gap))
		}
	}
}

// checkFaults complains about faults whose scheduled times the timescale makes too short or too long.
func (l limits) checkFaults() {
	for _, f := range l.format.faults(l.Complaints) {
		if s, is := f.Spec.(fault.Scheduled); is {
			checkFault(l.Complaints, f.path, s.Scaled(l.plan.Timescale), l.plan.Topology, l.plan.Timescale)
		}
	}
}

// firstFaultAt is how long after steady state the first fault comes at the earliest. What is waited for may take no
// time.
func firstFaultAt(steps []drill.Step) time.Duration {
	var at time.Duration
	for i, due := range earliest(steps) {
		at = due
		if len(steps[i].Inject) > 0 || steps[i].Switchover != "" {
			break
		}
	}
	return at
}

// earliest is when each step comes at the earliest, after the steady state.
func earliest(steps []drill.Step) []time.Duration {
	all := make([]time.Duration, len(steps))
	named := map[string]time.Duration{}
	var before time.Duration
	for i, s := range steps {
		switch {
		case s.After != "":
			before = max(before, named[s.After]+s.At)
		case s.When != "" || s.Stage != "":
			before += s.At
		default:
			before = max(before, s.At)
		}
		all[i], named[s.Name] = before, before
	}
	return all
}

// longestDrill is how much lab time a drill takes when the service never recovers, from the first operation to the
// last.
func longestDrill(p drill.Plan) time.Duration {
	var at time.Duration
	for i, due := range earliest(p.Steps) {
		at = max(at, due+p.Steps[i].For)
	}
	return p.Steady.Hold + at + p.Observe + p.Tail
}
