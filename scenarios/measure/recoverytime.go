package measure

import (
	"fmt"

	"github.com/regionfall/regionfall/scenarios/history"
)

// FindingRecoveryTime compares the recovery time with the objective.
const FindingRecoveryTime = "recovery_time"

// RecoveryTime is how long the service was away: from what broke it to the first window in which the service criterion
// holds throughout.
type RecoveryTime struct {
	Interval
	Censored bool `json:"censored"` // never reached: more than lo
	// from the middle of the fault to the first ok answer to what was sent after it
	FirstSuccess *Near  `json:"first_success_ms"`
	Cause        string `json:"cause"` // what it is counted from: the fault and its target
	Objective
	Verdict   Verdict  `json:"verdict"`
	Phases    Phases   `json:"phases"`
	FullScale *Near    `json:"full_scale_ms"` // an extrapolation: scaled phases x timescale + physical phases
	Sum       Interval `json:"sum"`           // of all its outages, of which the figures above are those of the worst
}

// Outage is a stretch in which the service criterion did not hold.
type Outage struct {
	What     string  `json:"what"` // the operations that show it, such as "writes"; empty: all
	Begin    Span    `json:"begin_ms"`
	End      *Span   `json:"end_ms"` // null when it was not seen to end
	Interval         // the recovery time
	Censored bool    `json:"censored"`
	Verdict  Verdict `json:"verdict"`
}

// MeasureRecoveryTime measures every outage from the steady state to the end of the observation. It is nil when no
// recovery time is promised (then there is no criterion) or no fault was confirmed.
//
// A window [s, s+W) is tried at the due time s of every operation. The criterion holds throughout it when
//
//   - an operation was due at s+W or later: all of the window was observed;
//
//   - in the whole of it, ok operations >= Success x offered, operations answered ok within Latency of their due time
//     >= Capacity x offered, and those >= Quantile x the ok ones. Offered are the operations recorded as due, or what
//     the rate between steady state and the first fault asks for (less a tenth) if that is more: many operations still
//     under way are not ok yet. Where a window has so few operations that a single bad one is more than the share
//     allows, it may have one if there is no other in as many operations around it as the share needs;
//
//   - each fifth of it is not worse than that, by whole operations, and something was offered in it.
//
// It must hold for all operations, and by itself for the writes, the reads, and each region's clients. An outage is
// what no such window covers. It begins between the due times of its first operation that was not answered in time and
// of the one before it, and ends between those of its last one and of the one after it. It belongs to the latest cause
// (see causesOf) that may have been effective when its first operation was surely bad, and
//
//	max(0, end.lo - max(f.hi, begin.hi)) <= recovery time <= end.hi - max(f.lo, begin.lo)
//
// for each. The objective holds for each, and the worst is the drill's. A cause without an outage has a recovery time
// from 0 to the uncertainty of the fault, and none if it came in the middle of another one's outage. An outage that
// reaches the end of the observation is censored: more than lo, where lo is where the first window begins that nobody
// could refute. It fails when lo > objective, else it is inconclusive.
//
// A read that did not find a write which the stores turn out to have lost is no outage: that is the recovery point's.
// What fails by no more than its cause was late (see lateness) is inconclusive.
func MeasureRecoveryTime(h history.History, s Spec) *RecoveryTime { //nolint:revive // RecoveryTime is what it returns
	return viewOf(h, s).recoveryTime()
}

func (v *view) recoveryTime() *RecoveryTime {
	times := v.times()
	if times == nil {
		return nil
	}
	var worst RecoveryTime
	var verdicts []Verdict
	sum := fromTo(0, 0)
	for _, t := range times {
		if t.recovery == nil {
			continue
		}
		verdicts = append(verdicts, t.recovery.Verdict)
		if len(verdicts) == 1 || worse(*t.recovery, worst) {
			worst = *t.recovery
		}
		sum = sum.plus(t.recovery.Sum)
	}
	worst.Verdict, worst.Sum = Combine(verdicts...), sum
	return &worst
}

// widen has the interval cover what may have been as well. Where the service may not have been seen back, it was not.
func (r *RecoveryTime) widen(other RecoveryTime) {
	r.Interval, r.Censored = r.or(other.Interval), r.Censored || other.Censored
}

// Words say how long it was.
func (r RecoveryTime) Words() string {
	text := r.took(r.Censored, 1)
	switch {
	case text == "":
		return "not measured"
	case r.Censored:
		text += " (never recovered)"
	}
	return text
}

func recoveryTimeFinding(r *RecoveryTime, outages []Outage) Finding {
	f := Finding{ID: FindingRecoveryTime, Checker: "recovery_time", Verdict: r.Verdict}
	objective := "(objective " + r.promise() + ")"
	after := " after " + r.Cause
	switch {
	case r.Lo == nil:
		f.Detail = fmt.Sprintf(
			"the recovery time could not be measured: the offered load is too thin for the window %s", objective)
	case r.Censored:
		f.Detail = fmt.Sprintf("the service was not back %s%s, when the observation ended %s", AtLeast(r.Lo.Duration()),
			after, objective)
	case r.Hi == nil: // it may as well not have come back, by what the harness delayed
		f.Detail = fmt.Sprintf(
			"away for at least %s%s, and nobody can say for how long at most: the harness was late %s",
			AtLeast(r.Lo.Duration()), after, objective)
	default:
		f.Detail = fmt.Sprintf("away for %s to %s%s %s", AtLeast(r.Lo.Duration()), AtMost(r.Hi.Duration()), after,
			objective)
	}
	if len(outages) > 1 {
		f.Detail += fmt.Sprintf(", the worst of %d outages: %s", len(outages), listed(outages))
	}
	return f
}

// recoveryTimes is the checker of the recovery time.
type recoveryTimes struct{ promises }

// IDs are those of its findings.
func (recoveryTimes) IDs() []string { return []string{FindingRecoveryTime} }

// Measure notes the recovery time.
func (recoveryTimes) Measure(v *view, m *Metrics) { m.RecoveryTime = v.recoveryTime() }

// Find compares it with the objective.
func (recoveryTimes) Find(v *view, m Metrics) []Finding {
	if m.RecoveryTime == nil {
		return nil
	}
	r := m.RecoveryTime
	f := recoveryTimeFinding(r, v.causedOutages())
	if late := v.lateReason(r.Verdict, r.Cause, r.Interval, r.Objective); late != "" {
		f.Detail += "; " + late
	}
	return []Finding{f}
}

// Rows show it.
func (recoveryTimes) Rows(s rowSource) []Row {
	t := s.Metrics.RecoveryTime
	if t == nil {
		return nil
	}
	out := Row{
		ID: FindingRecoveryTime, Name: "recovery time", Judged: t.Within != nil, Verdict: t.Verdict,
		Measured:  t.Words(),
		Deviation: t.deviation(t.Interval, t.Censored),
	}
	if n := len(s.causedOutages()); n > 1 {
		out.Measured += ", the worst of " + Count(n, "outage", "outages")
	}
	if t.Within != nil {
		out.Objective = t.promise()
	}
	// Times the timescale it would be another figure than the extrapolation, and a wrong one: what is physical takes no
	// longer at full scale.
	s.full(&out, t.Objective, func(float64) string {
		switch {
		case t.FullScale == nil && t.Hi != nil: // what of it was scheduled, and what physical, only its phases tell
			return "no phases of a failover, and so no figure"
		case t.FullScale == nil:
			return ""
		}
		return "about " + Exactly(t.FullScale.Duration())
	})
	out.Extrapolated = out.FullMeasured != ""
	return []Row{out}
}
