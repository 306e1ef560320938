package measure

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// tenure is a region's time in charge: from when its stores are the primaries until the next one begins.
type tenure struct {
	from     history.Interval
	region   string
	timeline int  // the latest of PostgreSQL that anybody answered with before it; 0 is not known
	inferred bool // no mark says so: what was answered does
	cause    int  // the index of the cause that it answers to; -1: none
}

// charge is who was in charge, as the history tells it.
type charge struct {
	home    string   // in charge from the start
	changes []tenure // in the order of time
}

// chargeOf reads it from the promotion marks. An automation that leaves none is seen by what was answered: a timeline
// of PostgreSQL that nobody had answered with before, or, after the region in charge was lost, an acknowledgement of
// another one. A store that is restored counts as well: it begins anew, also where the region stays the same.
func chargeOf(h history.History, s Spec, causes []cause) charge {
	c := charge{home: homeOf(h, s, causes)}
	if len(causes) == 0 {
		return c
	}
	moved := history.Interval{Lo: math.MinInt64, Hi: math.MinInt64} // before anything was broken
	for _, m := range h.Marks {
		switch {
		case m.Name != MarkPromoted:
		case m.At.Hi >= causes[0].effect.Lo:
			c.changes = append(c.changes, tenure{from: m.At, region: regionOf(m, h, s)})
		case m.At.Hi > moved.Hi:
			moved, c.home = m.At, regionOf(m, h, s)
		}
	}
	c.sort()
	in := c.home
	// a step that is repeated, or one of who is in charge already
	c.changes = slices.DeleteFunc(c.changes, func(t tenure) bool {
		same := t.region == in
		in = t.region
		return same
	})
	for _, m := range h.Marks {
		if region := regionOf(m, h, s); m.Name == markRestored && m.At.Hi >= causes[0].effect.Lo &&
			region == c.at(m.At.Hi).region {
			c.changes = append(c.changes, tenure{from: m.At, region: region})
		}
	}
	c.sort()
	c.infer(h, s, causes)
	return c
}

// answer puts each change down to a cause.
func (c *charge) answer(h history.History, causes []cause, outages []outage) {
	since := make([]time.Duration, len(c.changes))
	before := tenure{region: c.home, cause: -1}
	for i := range c.changes {
		t := &c.changes[i]
		t.cause = answersTo(*t, before, causes, outages)
		before = *t
		// Who follows may answer with the new timeline before the mark says that there is one.
		if since[i] = t.from.Lo; t.cause >= 0 {
			since[i] = min(since[i], causes[t.cause].effect.Lo)
		}
	}
	for i, timeline := range timelinesBefore(h, since) {
		c.changes[i].timeline = timeline
	}
}

// answersTo is the index of the cause that a change answers to: the latest since the change before that took away the
// region that was in charge, or ordered this one; else that of the outage that it ends; else the latest one before it;
// -1: none.
func answersTo(t, before tenure, causes []cause, outages []outage) int {
	for i := len(causes) - 1; i > before.cause; i-- {
		if by := &causes[i]; by.earliestEffect() <= t.from.Hi &&
			(by.loses(before.region) || by.Name == history.Switchover && by.Target == t.region) {
			return i
		}
	}
	for _, o := range outages {
		if o.begin.Lo <= t.from.Hi && (o.censored || o.end.Hi >= t.from.Lo) && o.cause >= 0 {
			return o.cause
		}
	}
	if by, found := latest(causes, t.from.Hi); found {
		return by.index
	}
	return -1
}

func (c *charge) sort() {
	slices.SortStableFunc(c.changes, func(a, b tenure) int { return cmp.Compare(a.from.Mid(), b.from.Mid()) })
}

// infer adds what no mark tells.
func (c *charge) infer(h history.History, s Spec, causes []cause) {
	newest := 0 // timeline
	acks := acknowledgements(h)
	for n, i := range acks {
		op := &h.Ops[i]
		by, found := latest(causes, op.Sent)
		now := c.at(op.Done)
		newer := newest > 0 && op.Timeline > newest
		replaced := false
		for k := range causes {
			if loss := &causes[k]; loss.effect.Hi <= op.Sent && loss.loses(now.region) && op.Region != "" &&
				!loss.loses(op.Region) && !c.changedBetween(loss.effect.Lo, op.Done) {
				by, found, replaced = *loss, true, true
			}
		}
		newest = max(newest, op.Timeline)
		if !found || op.Sent < by.effect.Hi || !newer && !replaced || c.changedBetween(by.effect.Lo, op.Done) {
			continue
		}
		if region := busiestAfter(h, acks[n:], s, by, causes); region != now.region {
			c.changes = append(c.changes, tenure{
				from: history.Interval{Lo: by.effect.Lo, Hi: op.Done}, region: region,
				inferred: true,
			})
			c.sort()
		}
	}
}

// busiestAfter is the region that acknowledges most on the timeline of the first of some acknowledgements, until a
// later cause takes a region away or moves it. Who answers need not be in charge: it may write to the database of
// another one. So the survivor is it where it answers at all.
func busiestAfter(h history.History, acks []int32, s Spec, by cause, causes []cause) string {
	first := &h.Ops[acks[0]]
	until := time.Duration(math.MaxInt64)
	for _, next := range causes[by.index+1:] {
		if len(next.Regions) > 0 || next.Name == history.Switchover {
			until = next.earliestEffect()
			break
		}
	}
	count := map[string]int{}
	busiest := first.Region
	for _, i := range acks {
		op := &h.Ops[i]
		if op.Done > max(until, first.Done) {
			break
		}
		if op.Timeline == first.Timeline && op.Region != "" && !by.loses(op.Region) {
			if count[op.Region]++; count[op.Region] > count[busiest] {
				busiest = op.Region
			}
		}
	}
	if count[s.Survivor] > 0 {
		return s.Survivor
	}
	return busiest
}

// changedBetween reports whether a change that is known already may lie between two times.
func (c *charge) changedBetween(from, to time.Duration) bool {
	return slices.ContainsFunc(c.changes, func(t tenure) bool { return t.from.Hi >= from && t.from.Lo <= to })
}

// at is who is surely in charge at a time.
func (c *charge) at(t time.Duration) tenure {
	for i := len(c.changes) - 1; i >= 0; i-- {
		if c.changes[i].from.Hi <= t {
			return c.changes[i]
		}
	}
	return tenure{region: c.home, cause: -1}
}

// last is who is in charge in the end.
func (c *charge) last() string {
	if n := len(c.changes); n > 0 {
		return c.changes[n-1].region
	}
	return c.home
}

// regionOf is the region that a promotion is of: where one was ordered to take over, that one, else the one of the
// automation that promotes. An automation of the user's own may say so in no such way.
func regionOf(m history.Mark, h history.History, s Spec) string {
	undone := s.Survivor
	for _, f := range h.Faults {
		if f.Name != history.Switchover || m.At.Hi < f.Command {
			continue
		}
		if f.Healed != nil && m.At.Lo <= f.Healed.Hi {
			return f.Target
		}
		if f.Healed == nil { // it was never done, as far as anybody knows
			undone = f.Target
		}
	}
	if _, region, found := strings.Cut(m.Source, "."); found && region != "" {
		return region
	}
	return undone
}

// homeOf is who is in charge from the start: by the specification, else who acknowledged most before anything was
// broken.
func homeOf(h history.History, s Spec, causes []cause) string {
	if s.Home != "" {
		return s.Home
	}
	count := map[string]int{}
	busiest := ""
	for i := range h.Ops {
		op := &h.Ops[i]
		if !acknowledged(op) || op.Region == "" || len(causes) > 0 && op.Done > causes[0].effect.Lo {
			continue
		}
		if count[op.Region]++; count[op.Region] > count[busiest] || count[op.Region] == count[busiest] &&
			op.Region < busiest {
			busiest = op.Region
		}
	}
	return busiest
}

// acknowledgements are the acknowledged writes in their order: their places in the history.
func acknowledgements(h history.History) []int32 {
	count := 0
	for i := range h.Ops {
		if acknowledged(&h.Ops[i]) {
			count++
		}
	}
	all := make([]int32, 0, count)
	for i := range h.Ops {
		if acknowledged(&h.Ops[i]) {
			all = append(all, int32(i))
		}
	}
	inOrder := func(a, b int32) int { return cmp.Compare(h.Ops[a].Done, h.Ops[b].Done) }
	if !slices.IsSortedFunc(all, inOrder) {
		slices.SortStableFunc(all, inOrder)
	}
	return all
}

// timelinesBefore are the latest that anybody answered with before each of some times.
func timelinesBefore(h history.History, times []time.Duration) []int {
	if len(times) == 0 {
		return nil
	}
	begins := slices.Sorted(slices.Values(times))
	latest := make([]int, len(times)+1) // of what was answered between two of them
	for i := range h.Ops {
		op := &h.Ops[i]
		at, _ := slices.BinarySearch(begins, op.Done+1)
		latest[at] = max(latest[at], op.Timeline)
	}
	for i := 1; i < len(latest); i++ {
		latest[i] = max(latest[i], latest[i-1])
	}
	all := make([]int, len(times))
	for i, t := range times {
		at, _ := slices.BinarySearch(begins, t)
		all[i] = latest[at]
	}
	return all
}
