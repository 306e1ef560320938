package measure

import (
	"cmp"
	"fmt"
	"math"
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

// MeasureWriteGap is the longest time without an acknowledged write that each switchover brought: between two
// acknowledgements that follow one another, of which the second came after the order, and before the next order. With a
// the one before the gap, b the one after it, w the first write that was due after a, and x the last one due before b
// that was not acknowledged by then, though others usually are (but for one in a hundred in the steady state),
//
//	due(x) - max(done(a), due(w)) <= write gap <= done(b) - done(a)
//
// since before w nobody asked, and neither did anybody between x and b, nor while the harness stood still; an a that
// was read while it stood still counts from when it was sent. The longest gap is known by the longest lower and the
// longest upper end. A gap that nothing ends is censored. It is nil where there was no switchover; the worst of several
// is reported.
func MeasureWriteGap(h history.History, s Spec) *WriteGap { //nolint:revive // WriteGap is what it returns
	orders := switchovers(h)
	if len(orders) == 0 || s.WriteGap == nil {
		return nil
	}
	a := writeDemandOf(h)
	var each []WriteGap
	for i, f := range orders {
		until, last := a.end, i+1 == len(orders)
		if !last {
			until = orders[i+1].Effective.Lo
		}
		each = append(each, a.gapIn(history.Interval{Lo: f.Effective.Lo, Hi: until}, last, *s.WriteGap))
		each[i].To, each[i].Objective = f.Target, s.objective(*s.WriteGap)
	}
	worst := slices.MaxFunc(each, func(a, b WriteGap) int {
		return cmp.Or(cmp.Compare(a.Verdict.rank(), b.Verdict.rank()), cmp.Compare(*a.Lo, *b.Lo))
	})
	if len(each) > 1 {
		worst.Each = each
	}
	return &worst
}

// writeDemand is the writes that were offered, and when they were acknowledged.
type writeDemand struct {
	acks   []ack              // by when they were read
	writes []history.Interval // by when they were due, each until it was acknowledged; one that never was, for ever
	usual  time.Duration      // from due to acknowledged
	end    time.Duration
	stalls []history.Interval
}

// ack is an acknowledgement: when it was read, and when it may have come.
type ack struct{ read, earliest time.Duration }

func writeDemandOf(h history.History) writeDemand {
	a := writeDemand{stalls: h.Stalls}
	steady, _ := h.PhaseAt(history.PhaseSteady)
	ordered := firstOrder(h)
	var took []time.Duration
	for i := range h.Ops {
		op := &h.Ops[i]
		a.end = max(a.end, op.Done)
		if op.Kind != history.Write {
			continue
		}
		w := history.Interval{Lo: op.Due, Hi: math.MaxInt64}
		if op.Outcome == history.OK {
			w.Hi = op.Done
			k := ack{op.Done, op.Done}
			if stalledIn(h.Stalls, op.Sent, op.Done) {
				k.earliest = op.Sent
			}
			a.acks = append(a.acks, k)
		}
		// one that the harness sent late says nothing of how long the service kept it
		if op.Retry > 0 || op.Sent-op.Due > lateBound {
			continue
		}
		a.writes = append(a.writes, w)
		if op.Outcome == history.OK && op.Due >= steady && op.Done <= ordered {
			took = append(took, w.Width())
		}
	}
	slices.SortFunc(a.acks, func(a, b ack) int { return cmp.Compare(a.read, b.read) })
	slices.SortFunc(a.writes, func(v, w history.Interval) int { return cmp.Compare(v.Lo, w.Lo) })
	a.usual = percentile99(took)
	return a
}

// gapIn is the longest gap between acknowledgements, of those that end in a stretch of time, or would have ended there
// if it is the last.
func (a writeDemand) gapIn(in history.Interval, last bool, within time.Duration) WriteGap {
	longest, found := history.Interval{Lo: -1}, false
	before := ack{in.Lo, in.Lo} // where nothing was acknowledged before the order
	i, _ := slices.BinarySearchFunc(a.acks, in.Lo, func(k ack, t time.Duration) int { return cmp.Compare(k.read, t) })
	if i > 0 {
		before = a.acks[i-1]
	}
	for ; i < len(a.acks) && in.Contains(a.acks[i].read); i++ {
		is := a.gap(before, a.acks[i].read)
		longest, found = history.Interval{Lo: max(longest.Lo, is.Lo), Hi: max(longest.Hi, is.Hi)}, true
		before = a.acks[i]
	}
	open := a.gap(before, in.Hi)
	if !found || last && open.Lo > 0 { // an end at which nobody asked is none
		g := WriteGap{Interval: more(max(longest.Lo, open.Lo)), Censored: true}
		if max(longest.Lo, open.Lo) > within {
			g.Verdict = Fail
		}
		return g
	}
	return WriteGap{Interval: fromTo(longest.Lo, longest.Hi), Verdict: against(longest.Lo, longest.Hi, within)}
}

// gap is how long it was between two acknowledgements that follow one another.
func (a writeDemand) gap(from ack, to time.Duration) history.Interval {
	is := history.Interval{Hi: to - from.earliest}
	first, last := a.before(from.read), a.before(to)
	for first < last {
		x := a.writes[last-1]
		if last--; x.Hi == math.MaxInt64 || x.Hi > to && to-x.Lo > a.usual {
			begin := a.writes[first].Lo
			is.Lo = x.Lo - begin
			for _, s := range a.stalls { // nobody asked then, or read the answers
				is.Lo -= max(0, min(x.Lo, s.Hi)-max(begin, s.Lo))
			}
			break
		}
	}
	is.Lo = max(0, is.Lo)
	return is
}

// before is how many writes were due before a time.
func (a writeDemand) before(t time.Duration) int {
	n, _ := slices.BinarySearchFunc(a.writes, t, func(w history.Interval,
		t time.Duration,
	) int {
		return cmp.Compare(w.Lo, t)
	})
	return n
}

func writeGapFinding(g WriteGap) Finding {
	f := Finding{ID: FindingWriteGap, Checker: "switchover", Verdict: g.Verdict}
	objective := "(objective " + g.promise() + ")"
	if g.Censored {
		f.Detail = fmt.Sprintf("no write was acknowledged for more than %s in the switchover to %s %s",
			AtLeast(g.Lo.Duration()), g.To, objective)
	} else {
		f.Detail = fmt.Sprintf("no write was acknowledged for %s to %s in the switchover to %s %s",
			AtLeast(g.Lo.Duration()), AtMost(g.Hi.Duration()), g.To, objective)
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
func (writeGaps) Rows(s rowSource) []Row {
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
func (g WriteGap) row(s rowSource, number int) Row {
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
