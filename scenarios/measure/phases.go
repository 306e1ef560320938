package measure

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/scenarios/history"
)

// Phase is one part of a recovery.
type Phase struct {
	// the mark of the step that ends it, such as detected or promoted, or sustained
	Name   string `json:"name"`
	Took   Near   `json:"ms"`
	Scaled bool   `json:"scaled"` // scheduled by the scenario, and so divided by the timescale; else physical
	// Waited is how much of a physical phase waited for a step of the plan, and so was scheduled.
	Waited Near `json:"waited_ms,omitempty"`
}

// Phases add up to the recovery time, also where they are written: what is rounded is where each ends.
type Phases []Phase

// Rounded are the phases in whole milliseconds, as they are written.
func (p Phases) Rounded() Phases {
	all := make(Phases, 0, len(p))
	var end, written Near
	for _, phase := range p {
		end += phase.Took
		phase.Took = Near(end.Duration().Round(time.Millisecond)) - written
		written += phase.Took
		all = append(all, phase)
	}
	return all
}

// MarshalJSON writes them rounded.
func (p Phases) MarshalJSON() ([]byte, error) { return json.Marshal([]Phase(p.Rounded())) }

// markRestored says that a store is up from a backup.
const markRestored = api.MarkRestored

// MarkPromoted says that the survivor's stores are primaries: nobody else's may be from then on.
const MarkPromoted = api.MarkPromoted

// markRedirected says that clients are sent to the survivor.
const markRedirected = api.MarkRedirected

// markShifted says that a share of the clients is sent to the survivor; how long each has to hold is scheduled by the
// scenario.
const markShifted = api.MarkShifted

// sustained is the last phase, from the last mark until the service is back; clients waiting out the TTL make it a
// scaled one.
const sustained = "sustained"

// phases divides the recovery by the automation's marks: each phase ends at the middle of its mark and begins where the
// one before ended, the first at the middle of from. Marks outside the recovery are moved to its ends, so that the
// phases add up to the time between the middles of from and of recovered. Without recovered (nil) there is no last
// phase. full is the extrapolation to full scale, sum of scaled phases x N + physical phases; nil when there are no
// phases, no recovery or no timescale. What of a physical phase waited for a step of the plan that ended a fault, such
// as an automation that hung until somebody came, or for a person who ordered the failover, was scheduled, and is
// scaled as well.
func (v *view) phases(c cause, from history.Interval, recovered *history.Interval) (parts Phases, full *Near) {
	last := from.Mid()
	scaled, physical := time.Duration(0), time.Duration(0)
	add := func(name string, until time.Duration, isScaled bool) {
		until = max(until, last)
		if recovered != nil {
			until = min(until, max(last, recovered.Mid()))
		}
		took := until - last
		waited := time.Duration(0)
		if !isScaled {
			waited = v.waitedIn(last, until)
		}
		parts = append(parts, Phase{Name: name, Took: Near(took), Scaled: isScaled, Waited: Near(waited)})
		if isScaled {
			waited = took
		}
		scaled += waited
		physical += took - waited
		last = until
	}
	_, shifted := v.markAfter(c, markShifted)
	for _, step := range api.FailoverSteps() {
		if step.Afterwards {
			continue
		}
		if mark, found := v.markAfter(c, step.Mark); found {
			add(step.Mark, mark.At.Mid(), step.Scheduled || step.Mark == markRedirected && shifted)
		}
	}
	if recovered == nil || len(parts) == 0 {
		return parts, nil
	}
	add(sustained, recovered.Mid(), true)
	if v.spec.Timescale > 0 {
		full = new(Near(AtScale(scaled, v.spec.Timescale) + physical))
	}
	return parts, full
}

// ofAutomation are the faults that an automation waits for to end.
var ofAutomation = []string{"kill_automation", "fail_step", "hang_step", "repeat_step", "cut_control"}

// waitedIn is how much of a stretch of time such faults were in force that a step of the plan healed in it, or nothing
// was under way until a person ordered the failover.
func (v *view) waitedIn(from, to time.Duration) time.Duration {
	var waits []history.Interval
	for _, s := range v.Steps {
		if s.Action == history.ActionFailover && s.Began > from && s.Began < to {
			waits = append(waits, history.Interval{Lo: from, Hi: s.Began})
		}
	}
	for _, f := range v.Faults {
		if !confirmed(f) || f.Healed == nil || !slices.Contains(ofAutomation, f.Name) || f.Healed.Lo <= from ||
			f.Healed.Lo >= to || f.Healed.Lo >= v.end {
			continue
		}
		waits = append(waits, history.Interval{Lo: max(from, f.Effective.Lo), Hi: f.Healed.Lo})
	}
	slices.SortFunc(waits, func(a, b history.Interval) int { return cmp.Compare(a.Lo, b.Lo) })
	waited, until := time.Duration(0), from
	for _, w := range waits {
		waited += max(0, w.Hi-max(until, w.Lo))
		until = max(until, w.Hi)
	}
	return waited
}

// markAfter is the first mark of that name after a cause, and before the next one that takes a region away or moves it.
func (v *view) markAfter(c cause, name string) (history.Mark, bool) {
	m, found := firstMark(v.History, name, c.effect.Lo)
	if !found {
		return m, false
	}
	for _, next := range v.causes[c.index+1:] {
		if (len(next.Regions) > 0 || next.Name == history.Switchover) && m.At.Mid() > next.effect.Hi {
			return m, false
		}
	}
	return m, true
}

// firstMark is the first mark of that name that may have been left after the given time, whoever left it: users may put
// an automation of their own in the place of the lab's.
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
