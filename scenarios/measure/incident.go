package measure

import (
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// incident is the fault that a history is judged by: the first that was confirmed and is known to have been effective.
type incident struct {
	fault    history.Fault
	f        history.Interval // when it became effective
	survivor string           // empty when the specification names none
	promoted *time.Duration   // when it surely was promoted; nil if it was not, or there is no survivor
	timeline int              // the latest of PostgreSQL that anybody answered with before the fault; 0 is not known
}

func firstIncident(h history.History, s Spec) (incident, bool) {
	for _, f := range h.Faults {
		if !confirmed(f) {
			continue
		}
		i := incident{fault: f, f: *f.Effective, survivor: s.Survivor, timeline: timelineBefore(h, f.Effective.Lo)}
		if mark, found := firstMark(h, markPromoted, i.f.Lo); found && s.Survivor != "" {
			i.promoted = &mark.At.Hi
		}
		return i, true
	}
	return incident{}, false
}

func timelineBefore(h history.History, t time.Duration) int {
	latest := 0
	for _, op := range h.Ops {
		if op.Done < t {
			latest = max(latest, op.Timeline)
		}
	}
	return latest
}

// lossOf is the fault that takes a region away, the first of several; without one the last that was confirmed.
func lossOf(h history.History, s Spec) (incident, bool) {
	var last *history.Fault
	for i, f := range h.Faults {
		if !confirmed(f) {
			continue
		}
		if last = &h.Faults[i]; len(f.Regions) > 0 {
			break
		}
	}
	if last == nil {
		return incident{}, false
	}
	h.Faults = []history.Fault{*last}
	return firstIncident(h, s)
}

// movedBefore says whether the service was moved to another region before anything was broken: then it is not the fault that is judged.
func movedBefore(h history.History, i incident) bool {
	return slices.ContainsFunc(h.Marks, func(m history.Mark) bool {
		return (m.Name == markPromoted || m.Name == markRedirected) && m.At.Hi < i.f.Lo
	})
}

func confirmed(f history.Fault) bool {
	return f.Confirmed && f.Effective != nil && f.Effective.Valid()
}

// shouldBeFenced says whether the answer came from a region that may not answer any more: one that the fault takes away, or, whatever
// the fault, any but the survivor to something sent after its promotion. The second holds also when all is healed: the old primary is
// none any more, and two that acknowledge are a split brain; one that writes to the survivor's database, as its timeline shows, is none. Asked
// only about what was sent after the fault.
func (i incident) shouldBeFenced(op history.Op) bool {
	superseded := i.promoted != nil && op.Sent > *i.promoted && op.Region != "" && op.Region != i.survivor && !i.follows(op)
	return superseded || i.answeredByLost(op)
}

// follows says whether another region than the survivor answered, by the timeline of a database that was promoted after the fault.
func (i incident) follows(op history.Op) bool {
	return i.timeline > 0 && op.Timeline > i.timeline && op.Region != i.survivor
}

// answeredByLost says whether the answer came from a region that the fault takes away, to something sent before that region was
// given back.
func (i incident) answeredByLost(op history.Op) bool {
	back := i.fault.Healed != nil && op.Sent >= i.fault.Healed.Lo
	return !back && slices.Contains(i.fault.Regions, op.Region)
}

// ackedBefore is how many acknowledged writes were sent before the fault was surely effective.
func (i incident) ackedBefore(h history.History) int {
	n := 0
	for _, op := range h.Ops {
		if isAcknowledged(op) && op.Sent < i.f.Hi {
			n++
		}
	}
	return n
}

func isAcknowledged(op history.Op) bool { return op.Kind == history.Write && op.Outcome == history.OK }

// ms is a duration as the report gives it.
func ms(d time.Duration) *float64 {
	v := float64(d) / float64(time.Millisecond)
	return &v
}
