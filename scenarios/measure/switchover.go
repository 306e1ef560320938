package measure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// switchovers are the orders to change roles, in the order of time.
func switchovers(h history.History) []history.Fault {
	var all []history.Fault
	for _, f := range h.Faults {
		if f.Name == history.Switchover && confirmed(f) {
			all = append(all, f)
		}
	}
	return all
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
		each = append(each, gapIn(acks, due, f.Effective.Lo, until, *s.WriteGap, h.Stalls))
		each[i].To = f.Target
	}
	worst := slices.MaxFunc(each, func(a, b WriteGap) int { return cmp.Compare(*a.LoMS, *b.LoMS) })
	for _, g := range each {
		worst.Verdict = Combine(worst.Verdict, g.Verdict)
	}
	if len(each) > 1 {
		worst.Each = each
	}
	return &worst
}

// gapIn is the longest gap between acknowledgements, of those that end, or would have ended, between from and until.
func gapIn(acks, due []time.Duration, from, until, within time.Duration, stalls []history.Interval) WriteGap {
	g := WriteGap{ObjectiveMS: ms(within)}
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
	g.LoMS = ms(longest.Lo)
	if g.Censored {
		if longest.Lo > within {
			g.Verdict = Fail
		}
		return g
	}
	g.HiMS, g.Verdict = ms(longest.Hi), against(longest.Lo, longest.Hi, within)
	return g
}

func writeGapFinding(g WriteGap) Finding {
	f := Finding{ID: FindingWriteGap, Checker: "switchover", Verdict: g.Verdict}
	objective := "(objective " + promised(*g.ObjectiveMS) + ")"
	if g.Censored {
		f.Detail = fmt.Sprintf("no write was acknowledged for more than %s in the switchover to %s %s", words(*g.LoMS), g.To, objective)
	} else {
		f.Detail = fmt.Sprintf("no write was acknowledged for %s to %s in the switchover to %s %s", words(*g.LoMS), words(*g.HiMS), g.To, objective)
	}
	return f
}

// CheckSwitchovers fails when a region did not take over that was told to.
func CheckSwitchovers(h history.History) Finding {
	f := Finding{ID: FindingSwitchover, Checker: "switchover", Verdict: Pass}
	var done, not []string
	for _, s := range switchovers(h) {
		if s.Healed == nil {
			not = append(not, s.Target+" ("+s.By+")")
		} else {
			done = append(done, s.Target)
		}
	}
	f.Detail = "took over in order: " + strings.Join(done, ", ")
	if len(not) > 0 {
		f.Verdict, f.Detail = Fail, "did not take over: "+strings.Join(not, ", ")
	}
	return f
}
