package measure

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/regionfall/regionfall/scenarios/history"
)

// Judge measures a history and compares it with what was promised. Findings are combined: fail, then inconclusive, then pass.
//
// A drill that proves nothing never passes. Where the fault can't be blamed for what was seen (it was not confirmed, the lab was not
// steady before it, too little was written, the harness broke its own rules), no finding fails either: all are inconclusive. Where only
// the end is open (a fault not seen healed, a store that could not be read), what was found stands, and a drill that would have
// passed is inconclusive.
func Judge(h history.History, s Spec) Report {
	r := Report{Metrics: Metrics{
		RecoveryTime: MeasureRecoveryTime(h, s), WriteLatency: WriteLatency(h), Capacity: MeasureCapacity(h, s), Clients: MeasureClients(h, s),
		Sessions: MeasureSessions(h, s), Reads: MeasureReads(h, s), StaleConfig: MeasureStaleConfig(h, s),
		WriteGap: MeasureWriteGap(h, s), ReplicationLag: MeasureReplicationLag(h, s),
	}}
	a := newAudit(h, s)
	void, open := voids(h, s), opens(h, a)
	doubts := slices.Concat(void, open)
	r.Findings = []Finding{drillFinding(h, doubts)}
	if r.Metrics.RecoveryTime != nil {
		r.Findings = append(r.Findings, recoveryTimeFinding(r.Metrics.RecoveryTime))
	}
	if r.Metrics.Capacity != nil {
		r.Findings = append(r.Findings, capacityFinding(*r.Metrics.Capacity))
	}
	if s.Consistency == Linearizable {
		r.Findings = append(r.Findings, CheckLinearizable(h))
	}
	if m := r.Metrics.StaleConfig; m != nil {
		r.Findings = append(r.Findings, staleConfigFinding(*m))
	}
	if len(switchovers(h)) > 0 {
		r.Findings = append(r.Findings, CheckSwitchovers(h))
	}
	if g := r.Metrics.WriteGap; g != nil {
		r.Findings = append(r.Findings, writeGapFinding(*g))
	}
	for _, session := range r.Metrics.Sessions {
		r.Findings = append(r.Findings, sessionFinding(session))
	}
	if s.LocalReads > 0 {
		r.Findings = append(r.Findings, CheckLocalReads(h, s))
	}
	if a != nil {
		r.Metrics.RecoveryPoint = a.point
		if s.RecoveryPoint != nil {
			r.Findings = append(r.Findings, recoveryPointFinding(a.point, a.late))
		}
		r.Findings = append(r.Findings, a.findings()...)
	}
	if len(void) > 0 {
		r.withdraw()
	}
	verdicts := make([]Verdict, 0, len(r.Findings))
	for _, f := range r.Findings {
		verdicts = append(verdicts, f.Verdict)
	}
	r.Verdict = Combine(verdicts...)
	r.Reasons = reasons(r, doubts)
	return r
}

// Promised are the findings that compare what was measured with an objective of the same name.
func Promised() []string {
	return []string{
		FindingRecoveryTime, FindingRecoveryPoint, FindingStandbyCapacity, FindingReadYourWrites, FindingMonotonicReads, FindingLocalReads,
		FindingStaleConfig, FindingWriteGap,
	}
}

// withdraw takes back every verdict.
func (r *Report) withdraw() {
	for i := range r.Findings {
		r.Findings[i].Verdict = Inconclusive
	}
	if r.Metrics.RecoveryTime != nil {
		r.Metrics.RecoveryTime.Verdict = Inconclusive
	}
	if c := r.Metrics.Capacity; c != nil {
		c.Verdict = Inconclusive
	}
	if m := r.Metrics.StaleConfig; m != nil {
		m.Verdict = Inconclusive
	}
	if g := r.Metrics.WriteGap; g != nil {
		g.Verdict = Inconclusive
		for i := range g.Each {
			g.Each[i].Verdict = Inconclusive
		}
	}
	for i := range r.Metrics.Sessions {
		r.Metrics.Sessions[i].Verdict = Inconclusive
	}
	if p := r.Metrics.RecoveryPoint; p != nil {
		p.Verdict = Inconclusive
		for i := range p.Stores {
			p.Stores[i].Verdict = Inconclusive
		}
	}
}

// reasons are the sentences that carry the verdict: for fail what failed, for inconclusive what is open, for pass (in one sentence)
// what was measured.
func reasons(r Report, doubts []string) []string {
	if r.Verdict == Inconclusive && len(doubts) > 0 {
		return slices.Clone(doubts) // the findings are open because of those
	}
	all := []string{}
	for _, f := range r.Findings {
		measured := slices.Contains(Promised(), f.ID)
		if f.Verdict == r.Verdict && (r.Verdict != Pass || measured) {
			all = append(all, f.Detail)
		}
	}
	if r.Verdict == Pass {
		return []string{strings.Join(all, "; ")}
	}
	return all
}

// voids are the reasons for which nothing that was seen can be put down to the fault.
func voids(h history.History, s Spec) []string {
	var all []string
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if s.RecoveryTime == nil && s.RecoveryPoint == nil && len(s.Sessions) == 0 && s.LocalReads == 0 && s.StaleConfig == nil && s.WriteGap == nil {
		say("nothing was promised: there is nothing to judge")
	}
	if s.RecoveryPoint != nil && len(s.Stores) == 0 {
		say("a recovery point is promised, but no store is named that would show it")
	}
	if h.Truncated {
		say("the recording was cut off")
	}
	if len(h.Faults) == 0 {
		say("no fault was injected: nothing was tested")
	}
	for _, f := range h.Faults {
		if !confirmed(f) {
			say("%s on %s was not confirmed: it may not have happened", f.Name, f.Target)
		}
	}
	if incident, found := firstIncident(h, s); found {
		if steady, reached := h.PhaseAt(history.PhaseSteady); !reached || steady > incident.f.Lo {
			say("steady state was not reached before the fault")
		}
		if movedBefore(h, incident) {
			say("the failover came before the fault: what followed was not its doing")
		}
		if acked, need := incident.ackedBefore(h), max(1, s.MinAcked); acked < need {
			say("only %d writes were acknowledged before the fault, %d are needed to prove anything", acked, need)
		}
	}
	return append(all, breaches(h)...)
}

// breaches are the rules of recording that the harness itself broke, each told by its first operation.
func breaches(h history.History) []string {
	retried, backward := "", ""
	for _, op := range h.Ops {
		// One that was never sent, such as when the name service did not answer, has no attempt: it is known not to be applied.
		unsent := op.Attempts == 0 && op.Outcome == history.Failed
		if op.Attempts != 1 && !unsent && retried == "" {
			retried = fmt.Sprintf("operation %d was attempted %d times, not once: what its client was told is not known", op.Seq, op.Attempts)
		}
		if op.Done < op.Sent && backward == "" {
			backward = fmt.Sprintf("operation %d was answered before it was sent: the clock can't be trusted", op.Seq)
		}
	}
	var all []string
	for _, breach := range []string{retried, backward} {
		if breach != "" {
			all = append(all, breach)
		}
	}
	return all
}

// opens are the reasons for which the drill can't pass, though what it found stands.
func opens(h history.History, a *audit) []string {
	var all []string
	for _, f := range h.Faults {
		if confirmed(f) && f.Healed == nil && f.Name != history.Switchover { // that one has a finding of its own
			all = append(all, fmt.Sprintf("%s on %s was not seen healed", f.Name, f.Target))
		}
	}
	if a != nil {
		all = append(all, a.problems...)
		if a.unread > 0 {
			all = append(all, fmt.Sprintf("%d writes were acknowledged after the stores were last read", a.unread))
		}
	}
	return all
}

// drillFinding says whether the drill counts.
func drillFinding(h history.History, doubts []string) Finding {
	f := Finding{ID: FindingDrill, Checker: "drill", Verdict: Pass}
	if len(doubts) > 0 {
		f.Verdict, f.Detail = Inconclusive, strings.Join(doubts, "; ")
		return f
	}
	var faults []string
	for _, fault := range h.Faults {
		faults = append(faults, fault.Name+" on "+fault.Target)
	}
	f.Detail = fmt.Sprintf("%s confirmed and healed, %d operations recorded", strings.Join(faults, ", "), len(h.Ops))
	return f
}

// promised is an objective as a sentence gives it: without the zeros that a measurement has.
func promised(ms float64) string {
	unit := "ms"
	if ms >= 1000 {
		ms, unit = ms/1000, "s"
	}
	return strconv.FormatFloat(math.Round(ms*100)/100, 'f', -1, 64) + " " + unit
}

// words is a number of milliseconds as a sentence gives it.
func words(ms float64) string {
	switch {
	case ms < 10:
		return fmt.Sprintf("%.1f ms", ms)
	case ms < 999.5:
		return fmt.Sprintf("%.0f ms", math.Round(ms))
	case ms < 10_000:
		return fmt.Sprintf("%.2f s", ms/1000)
	default:
		return fmt.Sprintf("%.1f s", ms/1000)
	}
}
