package measure

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// FindingStandbyCapacity compares what the service sustained after the fault with the demand.
const FindingStandbyCapacity = "standby_capacity"

// Capacity is what the service could do after the fault, against what was asked of it. Null was not measured.
type Capacity struct {
	// operations per second of the lab in the steady state, repetitions not counted
	Demand    *Ratio     `json:"demand_per_s"`
	ShareLo   *LowShare  `json:"share_lo"` // of it: what was sustained to the end
	ShareHi   *HighShare `json:"share_hi"` // and for a window at best
	Objective float64    `json:"objective"`
	Verdict   Verdict    `json:"verdict"`
	// How many calls were made for each operation that was offered, before and after the fault: above 1 by what clients
	// try again.
	AmplificationBefore *Ratio `json:"amplification_before"`
	AmplificationAfter  *Ratio `json:"amplification_after"`
}

// MeasureCapacity measures what the service sustained after each cause that took a region away or moved the service,
// against the demand. It is nil where no standby capacity is promised, or no recovery time whose window and latency say
// what to sustain is, or no fault was confirmed. Where nothing of that kind happened it is about the last cause.
//
// The share of a stretch of time is how many operations were answered ok within Latency of their due time, over how
// many were due (or would have been by the steady rate, less a tenth, if that is more; repetitions are not). Stretches
// begin from f.hi on, at the due time of an operation or right after it, or end there, and end before the region is
// given back or the next such cause comes. Demand is the steady rate.
//
//   - hi is the greatest share of a window W. No luckier one can be found: below the objective it is a fail.
//
//   - lo is the share from the first window that reaches the objective (else from the best one) to the end: what came
//     of it. A window that was merely lucky does not make a pass.
//
// Amplification is calls per operation offered: all that was sent, repetitions included, over what was due, from steady
// state to f.lo and from f.hi to the end. Of several causes the one that was borne worst is reported, and the objective
// holds for each.
func MeasureCapacity(h history.History, s Spec) *Capacity { //nolint:revive // Capacity is what it returns
	return viewOf(h, s).capacity()
}

func (v *view) capacity() *Capacity {
	if v.spec.StandbyCapacity <= 0 || v.spec.RecoveryTime == nil || len(v.causes) == 0 {
		return nil
	}
	var after []cause
	for _, c := range v.causes {
		if len(c.Regions) > 0 || c.Name == history.Switchover || v.tookOver(c) {
			after = append(after, c)
		}
	}
	if len(after) == 0 {
		after = v.causes[len(v.causes)-1:]
	}
	var worst *Capacity
	for i, c := range after {
		until := v.end
		if i+1 < len(after) {
			until = after[i+1].effect.Lo
		}
		if back, is := c.healedAt(); is {
			until = min(until, back)
		}
		if m := v.capacityAfter(c, until); worst == nil || m.worse(*worst) {
			worst = m
		}
	}
	return worst
}

// worse says whether it is: by its verdict, then by what was sustained at best, then to the end.
func (c Capacity) worse(than Capacity) bool {
	switch a, b := c.Verdict.rank(), than.Verdict.rank(); {
	case a != b:
		return a > b
	case c.ShareHi == nil || than.ShareHi == nil:
		return than.ShareHi == nil && c.ShareHi != nil
	case *c.ShareHi != *than.ShareHi:
		return *c.ShareHi < *than.ShareHi
	}
	return *c.ShareLo < *than.ShareLo
}

// tookOver says whether another region took over after a cause.
func (v *view) tookOver(c cause) bool {
	return slices.ContainsFunc(v.takenOver(), func(t cause) bool { return t.index == c.index })
}

func (v *view) capacityAfter(cause cause, end time.Duration) *Capacity {
	c := &Capacity{Objective: v.spec.StandbyCapacity}
	if v.service == nil || v.service.all.offeredDuring <= 0 {
		return c // nothing can be said
	}
	f, window, s := cause.effect, v.service.criterion.Window, v.service.all
	end = min(end, v.service.end)
	c.Demand = new(Ratio(float64(s.offered) / s.offeredDuring.Seconds()))
	steady, _ := v.PhaseAt(history.PhaseSteady)
	c.AmplificationBefore = v.amplification(steady, v.causes[0].effect.Lo)
	c.AmplificationAfter = v.amplification(f.Hi, end)
	expected := s.expected(window)
	// enough is when the first window begins that reaches the objective
	best, enough := -1.0, time.Duration(math.MaxInt64)
	from := time.Duration(0)
	try := func(at time.Duration, t *twoCursors) {
		if at < f.Hi || at+window > end {
			return
		}
		i, j := t.from.before(at), t.to.before(at+window)
		is := float64(s.inTime(i, j)) / float64(max(1, j-i, expected))
		if is >= c.Objective {
			enough = min(enough, at)
		}
		if is > best || is == best && at < from {
			best, from = is, at
		}
	}
	var with, without, behind, last twoCursors
	for _, t := range []*twoCursors{&with, &without, &behind, &last} {
		t.from.calls, t.to.calls = s.calls, s.calls
	}
	for i := s.before(f.Hi); i < len(s.calls); i++ {
		due := s.calls[i].due
		try(due, &with)          // with that operation first
		try(due+1, &without)     // and without it
		try(due-window, &behind) // with it behind the end
		try(due-window+1, &last) // and as the last one
	}
	if best < 0 {
		return c // no window was observed to its end
	}
	if enough < math.MaxInt64 {
		from = enough
	}
	i, j := s.before(from), s.before(end)
	lasting := min(float64(s.inTime(i, j))/float64(max(1, s.load(j-i, end-from))), best)
	c.ShareLo, c.ShareHi = new(LowShare(lasting)), new(HighShare(best))
	switch {
	// the loss moved nobody: who serves had served before
	case len(cause.Regions) > 0 && v.movedBefore(cause) && !v.tookOver(cause):
	case best < c.Objective:
		c.Verdict = Fail
	case lasting >= c.Objective:
		c.Verdict = Pass
	}
	return c
}

// cursor finds the first operation that was due at a time or later, for times that only grow.
type cursor struct {
	calls []call
	at    int
}

func (c *cursor) before(t time.Duration) int {
	for c.at < len(c.calls) && c.calls[c.at].due < t {
		c.at++
	}
	return c.at
}

// twoCursors are for the ends of a window.
type twoCursors struct{ from, to cursor }

// amplification is calls per operation offered in a stretch of time; nil where nothing was.
func (v *view) amplification(from, to time.Duration) *Ratio {
	s, repeats := v.service.all, v.repeats()
	offered := s.before(to) - s.before(from)
	if offered <= 0 {
		return nil
	}
	i, _ := slices.BinarySearch(repeats, from)
	j, _ := slices.BinarySearch(repeats, to)
	return new(Ratio(float64(offered+j-i) / float64(offered)))
}

// repeatsOf are when operations were due that were tried again.
func repeatsOf(ops []history.Op) []time.Duration {
	var due []time.Duration
	for i := range ops {
		if op := &ops[i]; op.Retry > 0 {
			due = append(due, op.Due)
		}
	}
	slices.Sort(due)
	return due
}

func capacityFinding(c Capacity) Finding {
	f := Finding{ID: FindingStandbyCapacity, Checker: "capacity", Verdict: c.Verdict}
	objective := fmt.Sprintf("(objective %.4g %%)", 100*c.Objective)
	switch {
	case c.Demand == nil:
		f.Detail = "what was sustained after the fault could not be measured: the offered load is too thin for the " +
			"window " + objective
	case c.ShareHi == nil:
		f.Detail = "what was sustained after the fault could not be measured: no window was observed to its end " +
			objective
	default:
		f.Detail = fmt.Sprintf("%s to %s of the demand of %.1f/s was sustained %s", inPercent(c.ShareLo.Rounded()),
			inPercent(c.ShareHi.Rounded()), *c.Demand, objective)
		if a := c.AmplificationAfter; a != nil && *a > 1.005 {
			f.Detail += fmt.Sprintf("; with what clients tried again %.1f calls came for each operation", *a)
		}
	}
	return f
}

// capacities is the checker of the standby's capacity.
type capacities struct{ promises }

// IDs are those of its findings.
func (capacities) IDs() []string { return []string{FindingStandbyCapacity} }

// Measure notes the capacity.
func (capacities) Measure(v *view, m *Metrics) { m.Capacity = v.capacity() }

// Find compares it with the objective.
func (capacities) Find(_ *view, m Metrics) []Finding {
	if m.Capacity == nil {
		return nil
	}
	return []Finding{capacityFinding(*m.Capacity)}
}

// Rows put what a naive measure says, when the first operation was served again, beside what was sustained.
func (capacities) Rows(s rowSource) []Row {
	c := s.Metrics.Capacity
	if c == nil {
		return nil
	}
	var rows []Row
	if t := s.Metrics.RecoveryTime; t != nil && t.FirstSuccess != nil {
		rows = append(rows, Row{
			ID: "first_success", Name: "first success",
			Measured: Exactly(t.FirstSuccess.Duration()),
		})
	}
	standby := Row{
		ID: FindingStandbyCapacity, Name: "standby capacity", Judged: true, Verdict: c.Verdict,
		Measured:  "not measured",
		Objective: inPercent(c.Objective),
	}
	if c.ShareLo != nil && c.ShareHi != nil && c.Demand != nil {
		standby.Measured = fmt.Sprintf("%s … %s of %.4g/s", inPercent(c.ShareLo.Rounded()),
			inPercent(c.ShareHi.Rounded()), c.Demand.Rounded())
	}
	rows = append(rows, standby)
	if before, after := c.AmplificationBefore, c.AmplificationAfter; before != nil && after != nil &&
		(before.Rounded() > 1 || after.Rounded() > 1) {
		rows = append(rows, Row{
			ID: "amplification", Name: "calls per operation",
			Measured: fmt.Sprintf("%.2f before the fault, %.2f after it", before.Rounded(), after.Rounded()),
		})
	}
	return rows
}
