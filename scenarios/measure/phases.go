package measure

import (
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// steps are the automation's marks in order, and whether what leads to each is scheduled by the scenario (and so divided by the
// timescale): the health checks' intervals and a person's decision are, mechanics such as a promotion are not.
var steps = []struct {
	mark   string
	scaled bool
}{
	{"detected", true},
	{"decided", true},
	{"fenced", false},
	{"restored", false},
	{markPromoted, false},
	{"repointed", false},
	{"scaled_out", false},
	{"preflight", false},
	{markRedirected, false},
}

// markPromoted says that the survivor's stores are primaries: nobody else's may be from then on.
const markPromoted = "promoted"

// markRedirected says that clients are sent to the survivor.
const markRedirected = "redirected"

// markShifted says that a share of the clients is sent to the survivor; how long each has to hold is scheduled by the scenario.
const markShifted = "shifted"

// sustained is the last phase, from the last mark until the service is back; clients waiting out the TTL make it a scaled one.
const sustained = "sustained"

// phases divides the recovery by the automation's marks: each phase ends at the middle of its mark and begins where the one before
// ended, the first at the middle of f. Marks outside the recovery are moved to its ends, so that the phases add up to the time between
// the middles of f and of recovered. Without recovered (nil) there is no last phase. full gives the extrapolation to full scale,
// sum of scaled phases x N + physical phases; nil when there are no phases, no recovery or no timescale.
func phases(h history.History, f history.Interval, recovered *history.Interval) (parts []Phase, full func(timescale float64) *float64) {
	parts = []Phase{}
	last := f.Mid()
	scaled, physical := time.Duration(0), time.Duration(0)
	add := func(name string, until time.Duration, isScaled bool) {
		until = max(until, last)
		if recovered != nil {
			until = min(until, max(last, recovered.Mid()))
		}
		parts = append(parts, Phase{Name: name, MS: *ms(until - last), Scaled: isScaled})
		if isScaled {
			scaled += until - last
		} else {
			physical += until - last
		}
		last = until
	}
	_, shifted := firstMark(h, markShifted, f.Lo)
	for _, step := range steps {
		if mark, found := firstMark(h, step.mark, f.Lo); found {
			add(step.mark, mark.At.Mid(), step.scaled || step.mark == markRedirected && shifted)
		}
	}
	if recovered == nil || len(parts) == 0 {
		return parts, func(float64) *float64 { return nil }
	}
	add(sustained, recovered.Mid(), true)
	return parts, func(timescale float64) *float64 {
		if timescale <= 0 {
			return nil
		}
		sum := *ms(scaled)*timescale + *ms(physical)
		return &sum
	}
}

// firstMark is the first mark of that name that may have been left after the given time, whoever left it: users may put an automation
// of their own in the place of the lab's.
func firstMark(h history.History, name string, after time.Duration) (history.Mark, bool) {
	var first history.Mark
	found := false
	for _, m := range h.Marks {
		if m.Name == name && m.At.Hi >= after && (!found || m.At.Mid() < first.At.Mid()) {
			first, found = m, true
		}
	}
	return first, found
}
