package measure

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// invalidReasons say why nothing that was seen can be attributed to the fault; none for a valid drill.
func (v *view) invalidReasons(own *harnessEffects) []string {
	s := v.spec
	var all []string
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if s.RecoveryTime == nil && s.RecoveryPoint == nil && s.JointRecoveryPoint == nil && len(s.Sessions) == 0 &&
		!s.Decisions && s.LocalReads == 0 && s.StaleConfig == nil && s.WriteGap == nil && s.Conservation == nil &&
		s.Deadline == nil {
		say("nothing was promised: there is nothing to judge")
	}
	if s.RecoveryPoint != nil && len(s.Stores) == 0 {
		say("a recovery point is promised, but no store is named that would show it")
	}
	if _, ended := v.PhaseAt(history.PhaseEnd); v.Truncated || !ended {
		say("the recording was cut off")
	}
	steady, reached := v.PhaseAt(history.PhaseSteady)
	if !reached {
		if why := v.neverBorne(own); why != "" {
			all = append([]string{why}, all...)
		}
	}
	if len(v.Faults) == 0 {
		say("no fault was injected: nothing was tested")
	}
	first := time.Duration(math.MaxInt64) // when anything was broken
	for _, f := range v.Faults {
		if !confirmed(f) {
			say("%s on %s was not confirmed: it may not have happened", f.Name, f.Target)
			continue
		}
		first = min(first, f.Effective.Lo)
		if f.Lapsed != nil {
			say("%s on %s was not in force any more when it was to be healed: it was last seen in force at %s, and "+
				"seen gone at %s", f.Name, f.Target,
				Exactly(f.Lapsed.Lo), Exactly(f.Lapsed.Hi))
		}
	}
	all = append(all, v.dropReasons()...)
	if len(v.causes) == 0 {
		return append(all, recordingErrors(v.History)...)
	}
	if !reached || steady > first {
		say("steady state was not reached before the fault")
	}
	for _, o := range v.steadiness().outages {
		if o.cause < 0 && !own.explains(o) {
			if reason := v.overload(own, steady); reason != "" && v.service.isOverload(o, v.untouchedUntil()) {
				say("%s", reason)
			} else {
				say("the service was away from %s on, %s", Exactly(o.begin.Hi), v.uncausedReason(o))
			}
			break
		}
	}
	if v.movedBefore(v.causes[0]) {
		say("the failover came before the fault: what followed was not its doing")
	}
	if acked, need := v.acknowledgedBefore(own), max(1, s.MinAcked); acked < need {
		say("only %d writes were acknowledged before the fault, %d are needed to prove anything", acked, need)
	}
	return append(all, recordingErrors(v.History)...)
}

// uncausedReason explains why an outage has no cause. A condition may have caused it, and nobody can tell.
func (v *view) uncausedReason(o outage) string {
	for _, f := range v.Faults {
		if confirmed(f) && slices.Contains(conditions, f.Name) && f.Effective.Lo <= o.begin.Hi &&
			(f.Healed == nil || f.Healed.Hi >= o.begin.Lo) {
			return fmt.Sprintf("when %s on %s was in force, which takes nothing away by itself: either it did here, "+
				"or the lab was not steady", f.Name, f.Target)
		}
	}
	return "when nothing was broken that takes anything away: the lab was not steady"
}

// overload says that the app did not bear its load from a time on until anything was broken; empty: it did.
func (v *view) overload(own *harnessEffects, from time.Duration) string {
	by := v.unhindered(own)
	if by == nil {
		return ""
	}
	return by.overload(from, v.untouchedUntil(), from)
}

// neverBorne says that there was no steady state since the app did not bear its load, to the last; empty: it did.
func (v *view) neverBorne(own *harnessEffects) string {
	by := v.unhindered(own)
	if by == nil {
		return ""
	}
	begun, _ := v.PhaseAt(history.PhaseWorkload)
	return by.lastingOverload(begun, v.untouchedUntil())
}

// unhindered is the service by which it is told whether the app bore its load; nil: it can't be. What the harness may
// have done is not held against it.
func (v *view) unhindered(own *harnessEffects) *service {
	switch {
	case v.spec.RecoveryTime == nil:
		return nil
	case own.better != nil:
		return own.better.service
	}
	return v.service
}

// untouchedUntil is when anything was broken, or the load was stopped.
func (v *view) untouchedUntil() time.Duration {
	until := time.Duration(math.MaxInt64)
	if len(v.Ops) > 0 && v.service != nil {
		until = v.service.end
	}
	for _, f := range v.Faults {
		if confirmed(f) {
			until = min(until, f.Effective.Lo)
		}
	}
	return until
}

// acknowledgedBefore is how many writes were acknowledged before the first cause after which another region is in
// charge, else the last cause, while the service was as it should be.
func (v *view) acknowledgedBefore(own *harnessEffects) int {
	outages := v.outages
	if own.better != nil {
		outages = own.better.outages
	}
	c := v.causes[len(v.causes)-1]
	if taken := v.takenOver(); len(taken) > 0 {
		c = taken[0]
	}
	// The outages are apart, and in the order of time: only the last that has begun can still be going on.
	away := func(op *history.Op) bool {
		i, _ := slices.BinarySearchFunc(outages, op.Due+1, func(o outage,
			t time.Duration,
		) int {
			return cmp.Compare(o.begin.Hi, t)
		})
		return i > 0 && op.Due < c.effect.Lo && (outages[i-1].censored || op.Due < outages[i-1].end.Lo)
	}
	n := 0
	for i := range v.Ops {
		if op := &v.Ops[i]; acknowledged(op) && op.Sent < c.effect.Hi && !away(op) {
			n++
		}
	}
	return n
}

// movedBefore says whether the service was moved to another region before the first cause: then it is not that which is
// judged.
func (v *view) movedBefore(c cause) bool {
	return slices.ContainsFunc(v.Marks, func(m history.Mark) bool {
		return (m.Name == MarkPromoted || m.Name == markRedirected) && m.At.Hi < c.earliestEffect()
	})
}

// recordingErrors are the errors that the harness itself made in recording, each with its first example.
func recordingErrors(h history.History) []string {
	retried, backward, early := "", "", ""
	for i := range h.Ops {
		op := &h.Ops[i]
		// One that was never sent, such as when the name service did not answer, has no attempt: it is known not to be
		// applied.
		unsent := op.Attempts == 0 && op.Outcome == history.Failed
		if op.Attempts != 1 && !unsent && retried == "" {
			retried = fmt.Sprintf(
				"operation %d was attempted %d times, not once: what its client was told is not known", op.Seq,
				op.Attempts)
		}
		if op.Done < op.Sent && backward == "" {
			backward = fmt.Sprintf("operation %d was answered before it was sent: the clock can't be trusted", op.Seq)
		}
		if op.Sent < op.Due && early == "" {
			early = fmt.Sprintf("operation %d was sent before it was due: the clock can't be trusted", op.Seq)
		}
	}
	turned := ""
	for _, f := range h.Faults {
		if confirmed(f) && f.Healed != nil && (!f.Healed.Valid() || f.Healed.Hi < f.Effective.Lo) {
			turned = fmt.Sprintf("%s on %s was healed before it was in force: the recording can't be trusted", f.Name,
				f.Target)
		}
	}
	for _, r := range h.Reads {
		if !r.At.Valid() {
			turned = fmt.Sprintf("the reading of %s in %s ended before it began: the recording can't be trusted",
				r.Store, r.Region)
		}
	}
	var all []string
	for _, message := range []string{retried, backward, early, turned} {
		if message != "" {
			all = append(all, message)
		}
	}
	return all
}

// incompleteReasons say why the drill can't pass, though its findings stand.
func (v *view) incompleteReasons() []string {
	a := v.audit()
	var all []string
	for _, f := range v.Faults {
		if confirmed(f) && f.Healed == nil && f.Name != history.Switchover { // that one has a finding of its own
			all = append(all, fmt.Sprintf("%s on %s was not seen healed", f.Name, f.Target))
		}
	}
	if a != nil {
		all = append(all, a.problems...)
		if a.unverified > 0 {
			all = append(all, fmt.Sprintf("%d writes were acknowledged after the stores were last read", a.unverified))
		}
	}
	return all
}

// drillFinding says whether the drill counts.
func (v *view) drillFinding(doubts []string) Finding {
	f := Finding{ID: FindingDrill, Checker: "drill", Verdict: Pass}
	if len(doubts) > 0 {
		f.Verdict, f.Detail = Inconclusive, strings.Join(doubts, "; ")
		return f
	}
	var faults []string
	for _, fault := range v.Faults {
		faults = append(faults, fault.Name+" on "+fault.Target)
	}
	f.Detail = fmt.Sprintf("%s confirmed and healed, %d operations recorded", strings.Join(faults, ", "), len(v.Ops))
	return f
}
