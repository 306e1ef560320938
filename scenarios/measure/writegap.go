package measure

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// FindingWriteGap compares the time without an acknowledged write with the objective.
const FindingWriteGap = "write_gap"

// WriteGap is for how long no write was acknowledged while regions changed roles.
type WriteGap struct {
	To string `json:"to"` // the region that took over
	Interval
	Censored bool `json:"censored"`
	Objective
	Verdict Verdict    `json:"verdict"`
	Each    []WriteGap `json:"each,omitempty"` // in the order of time, where there are several
}

// MeasureWriteGap is the longest time without an acknowledged write that each switchover brought: between two acknowledgements that follow one
// another, of which the second came after the order, and before the next order. With a the one before the gap, b the one after it, and w the first
// write that was due after a,
//
//	done(b) - max(done(a), due(w)) <= write gap <= done(b) - done(a)
//
// since before w nobody asked; while the harness stood still nobody did either. A gap that nothing ends is censored. It is nil where there was no switchover; the longest of several holds.
func MeasureWriteGap(h history.History, s Spec) *WriteGap { //nolint:revive // WriteGap is what it returns
	orders := switchovers(h)
	if len(orders) == 0 || s.WriteGap == nil {
		return nil
	}
	var acks, due []time.Duration // of writes
	end := time.Duration(0)
	for i := range h.Ops {
		op := &h.Ops[i]
		end = max(end, op.Done)
		if op.Kind != history.Write {
			continue
		}
		if op.Retry == 0 {
			due = append(due, op.Due)
		}
		if op.Outcome == history.OK {
			acks = append(acks, op.Done)
		}
	}
	slices.Sort(acks)
	slices.Sort(due)
	var each []WriteGap
	for i, f := range orders {
		until := end
		if i+1 < len(orders) {
			until = orders[i+1].Effective.Lo
		}
		each = append(each, gapIn(acks, due, history.Interval{Lo: f.Effective.Lo, Hi: until}, *s.WriteGap, h.Stalls))
		each[i].To, each[i].Objective = f.Target, s.objective(*s.WriteGap)
	}
	worst := slices.MaxFunc(each, func(a, b WriteGap) int { return cmp.Compare(*a.Lo, *b.Lo) })
	for _, g := range each {
		worst.Verdict = Combine(worst.Verdict, g.Verdict)
	}
	if len(each) > 1 {
		worst.Each = each
	}
	return &worst
}

// gapIn is the longest gap between acknowledgements, of those that end, or would have ended, in a stretch of time.
func gapIn(acks, due []time.Duration, in history.Interval, within time.Duration, stalls []history.Interval) WriteGap {
	g := WriteGap{}
	from, until := in.Lo, in.Hi
	longest := history.Interval{Lo: -1}
	gap := func(a, b time.Duration) history.Interval {
		asked := b
		if i, _ := slices.BinarySearch(due, a); i < len(due) && due[i] < b {
			asked = due[i]
		}
		is := history.Interval{Lo: b - max(a, asked), Hi: b - a}
		for _, s := range stalls { // nobody asked then, or read the answers
			is.Lo -= max(0, min(b, s.Hi)-max(a, asked, s.Lo))
		}
		is.Lo = max(0, is.Lo)
		return is
	}
	before := from // where nothing was acknowledged before the order
	if i, _ := slices.BinarySearch(acks, from); i > 0 {
		before = acks[i-1]
	}
	for _, b := range acks {
		if b < from || b > until {
			continue
		}
		if is := gap(before, b); is.Lo > longest.Lo {
			longest, g.Censored = is, false
		}
		before = b
	}
	if open := gap(before, until); open.Lo > longest.Lo {
		longest, g.Censored = open, true
	}
	g.Interval = more(longest.Lo)
	if g.Censored {
		if longest.Lo > within {
			g.Verdict = Fail
		}
		return g
	}
	g.Hi, g.Verdict = new(High(longest.Hi)), against(longest.Lo, longest.Hi, within)
	return g
}

func writeGapFinding(g WriteGap) Finding {
	f := Finding{ID: FindingWriteGap, Checker: "switchover", Verdict: g.Verdict}
	objective := "(objective " + g.promise() + ")"
	if g.Censored {
		f.Detail = fmt.Sprintf("no write was acknowledged for more than %s in the switchover to %s %s", AtLeast(g.Lo.Duration()), g.To, objective)
	} else {
		f.Detail = fmt.Sprintf("no write was acknowledged for %s to %s in the switchover to %s %s", AtLeast(g.Lo.Duration()), AtMost(g.Hi.Duration()), g.To, objective)
	}
	return f
}

// writeGaps is the checker of the time without an acknowledged write.
type writeGaps struct{ promises }

// IDs are those of its findings.
func (writeGaps) IDs() []string { return []string{FindingWriteGap} }

// Measure notes the longest.
func (writeGaps) Measure(v *view, m *Metrics) { m.WriteGap = MeasureWriteGap(v.History, v.spec) }

// Find compares it with the objective.
func (writeGaps) Find(_ *view, m Metrics) []Finding {
	if m.WriteGap == nil {
		return nil
	}
	return []Finding{writeGapFinding(*m.WriteGap)}
}

// Rows show the longest, and where there were several below it each.
func (writeGaps) Rows(s shown) []Row {
	g := s.Metrics.WriteGap
	if g == nil {
		return nil
	}
	rows := []Row{g.row(s, 0)}
	for i, each := range g.Each {
		rows = append(rows, each.row(s, i+1))
	}
	return rows
}

// row is that of the longest gap, or as a part of it that of one switchover, by its number.
func (g WriteGap) row(s shown, number int) Row {
	out := Row{
		ID: FindingWriteGap, Name: "write gap", Judged: true, Verdict: g.Verdict, Objective: g.promise(),
		Measured: g.took(g.Censored, 1), Deviation: g.deviation(g.Interval, g.Censored),
	}
	if number > 0 {
		out.ID, out.Name, out.Part = FindingWriteGap+"."+strconv.Itoa(number), "to "+g.To, true
	}
	s.full(&out, g.Objective, nil)
	return out
}
