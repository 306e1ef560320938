package measure

import (
	"cmp"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// windowParts is how many equal parts of a window must each meet the criterion, so that it holds throughout and not on average.
const windowParts = 5

// service answers when the service criterion held.
type service struct {
	criterion RecoveryTimeObjective
	all       *stream
	parts     []*stream     // that it has to hold for as well: each kind, and each region's clients
	from, end time.Duration // of the observation: the steady state (else the start), and the last operation's due time
}

// newService counts what was offered, and not what was tried again on top: who is served at the second try was not served in time at the first.
func newService(h history.History, s Spec, excused excuse) *service {
	v := &service{criterion: *s.RecoveryTime}
	steady, reached := h.PhaseAt(history.PhaseSteady)
	broken := time.Duration(0)
	if reached {
		v.from, broken = steady, endOf(h)
		if i := slices.IndexFunc(h.Faults, confirmed); i >= 0 {
			broken = h.Faults[i].Effective.Lo
		}
	}
	all := make([]call, 0, len(h.Ops))
	kinds := map[history.Kind]int{}
	for i := range h.Ops {
		op := &h.Ops[i]
		if op.Retry > 0 {
			continue
		}
		kinds[op.Kind]++
		all = append(all, callOf(op, v.criterion.Latency, excused))
	}
	if len(all) == 0 {
		return v
	}
	pick := func(name string, n int, of func(op *history.Op) bool) {
		calls := make([]call, 0, n)
		for i := range h.Ops {
			if op := &h.Ops[i]; op.Retry == 0 && of(op) {
				calls = append(calls, callOf(op, v.criterion.Latency, excused))
			}
		}
		if part := newStream(name, calls, steady, broken, 1); part.offered > 1 {
			v.parts = append(v.parts, part) // of what was not offered in the steady state nobody knows what to expect
		}
	}
	if len(kinds) > 1 {
		for _, kind := range []history.Kind{history.Write, history.Read} {
			pick(string(kind)+"s", kinds[kind], func(op *history.Op) bool { return op.Kind == kind })
		}
	}
	if len(dedup(s.ClientsIn)) > 1 {
		for _, region := range dedup(s.ClientsIn) {
			pick("clients in "+region, len(all)/len(s.ClientsIn), func(op *history.Op) bool {
				return op.Client >= 0 && s.ClientsIn[op.Client%len(s.ClientsIn)] == region
			})
		}
	}
	v.all = newStream("", all, steady, broken, rounding)
	v.end = v.all.calls[len(v.all.calls)-1].due
	return v
}

// observed says whether anything was.
func (v *service) observed() bool { return v.all != nil && v.criterion.Window > 0 }

// tooThin says whether the steady load leaves parts of windows without any operation, so that no window could ever be good.
func (v *service) tooThin() bool {
	return v.all.over > 0 && v.all.rate()*float64(v.criterion.Window)/windowParts < 1
}

// windowOf is the window that a stream is looked at in: at least one operation of it is to be expected there.
func (v *service) windowOf(s *stream) time.Duration {
	window := v.criterion.Window
	if rate := s.rate(); rate > 0 && s.name != "" {
		window = max(window, time.Duration(1/rate))
	}
	return window
}

// outage is a stretch in which the criterion did not hold, by the bounds of its ends.
type outage struct {
	begin, end history.Interval // where it is censored, end.Lo is when it may have ended, and end.Hi nothing
	censored   bool
	known      time.Duration // by when its first operation was surely bad
	cause      int           // the index of what it is put down to; -1: nothing
	what       string        // the stream whose operations show it; empty: all
}

// outages are those from the steady state to the end, in the order of time: what no window covers that meets the criterion, for all operations, for
// those of one kind, or for those of one region's clients.
func (v *service) outages(causes []cause) []outage {
	if !v.observed() {
		return nil
	}
	all := v.uncovered(v.all)
	for _, s := range v.parts {
		all = append(all, v.uncovered(s)...)
	}
	slices.SortStableFunc(all, func(a, b outage) int {
		return cmp.Or(cmp.Compare(a.begin.Lo, b.begin.Lo), cmp.Compare(a.begin.Hi, b.begin.Hi))
	})
	var merged []outage
	for _, o := range all {
		if n := len(merged); n > 0 && (merged[n-1].censored || o.begin.Lo <= merged[n-1].end.Hi) {
			merged[n-1] = merged[n-1].with(o)
			continue
		}
		merged = append(merged, o)
	}
	for i := range merged {
		merged[i].cause = -1
		if by, found := before(causes, merged[i].known); found {
			merged[i].cause = by.index
		}
	}
	return merged
}

// with is two that overlap as one.
func (o outage) with(p outage) outage {
	o.begin = history.Interval{Lo: min(o.begin.Lo, p.begin.Lo), Hi: min(o.begin.Hi, p.begin.Hi)}
	o.known = min(o.known, p.known)
	if o.what != p.what && p.what == "" {
		o.what = ""
	}
	switch {
	case o.censored && p.censored:
		o.end.Lo = max(o.end.Lo, p.end.Lo)
	case p.censored:
		o.end, o.censored = p.end, true
	case !o.censored:
		o.end = history.Interval{Lo: max(o.end.Lo, p.end.Lo), Hi: max(o.end.Hi, p.end.Hi)}
	}
	return o
}

// uncovered are the outages of one stream.
func (v *service) uncovered(s *stream) []outage {
	var all []outage
	window := v.windowOf(s)
	reach := v.from // up to here all is covered
	first := s.before(v.from)
	var at [windowParts + 1]int
	for k := range at {
		at[k] = first
	}
	candidate := -1 // the first window that nobody can refute, since the observation ends before it does
	for i := first; i < len(s.calls); i++ {
		start := s.calls[i].due
		state := v.window(s, start, window, i, &at)
		if state == refuted {
			candidate = -1
			continue
		}
		o, after := v.gap(s, reach, i, first)
		if after && !s.calls[i].inTime {
			candidate = -1 // it would end an outage with the outage's last operation
			continue
		}
		if state == open {
			if candidate < 0 {
				candidate = i
			}
			continue
		}
		candidate = -1
		if after {
			all = append(all, o)
		}
		reach = max(reach, start+window)
		s.lastHeld = start
	}
	if candidate >= 0 {
		if _, is := v.gap(s, reach, candidate, first); !is {
			return all // nothing speaks against it
		}
	}
	// What is left up to the end is covered by no window: either there is something bad in it, or it was too short to tell.
	if o, is := v.tail(s, reach, candidate, first); is {
		all = append(all, o)
	}
	return all
}

// state of a window that begins at a certain time.
type state int

const (
	refuted state = iota // the criterion does not hold throughout it
	open                 // it reaches beyond the end of what was observed, and what was observed of it is good
	held                 // the criterion holds throughout it
)

// window judges the one that begins with operation i, and each of its parts, as far as it was observed. at are the parts' ends; they only move on.
func (v *service) window(s *stream, start, window time.Duration, i int, at *[windowParts + 1]int) state {
	at[0] = i
	reached := windowParts
	for k := 1; k <= windowParts; k++ {
		to := start + window*time.Duration(k)/windowParts
		if to > v.end {
			reached = k - 1
			break
		}
		at[k] = max(at[k], at[k-1])
		for at[k] < len(s.calls) && s.calls[at[k]].due < to {
			at[k]++
		}
	}
	for k := range reached {
		if !s.part(v.criterion, at[k], at[k+1], window/windowParts) {
			return refuted
		}
	}
	switch {
	case reached < windowParts:
		return open
	case !s.whole(v.criterion, i, at[windowParts], window):
		return refuted
	}
	return held
}

// gap is what lies between what is covered and the window that begins with operation i, if anything bad does.
func (v *service) gap(s *stream, reach time.Duration, i, first int) (o outage, is bool) {
	start := s.calls[i].due
	g := s.before(reach)
	if start <= reach || !s.suffers(g, i, start-reach) {
		return o, false
	}
	o = v.beginning(s, reach, g, i, first)
	o.end = history.Interval{Lo: max(o.begin.Lo, v.from), Hi: start}
	if i > first {
		o.end.Lo = s.calls[i-1].due
	}
	return o, true
}

// suffers says whether any of the operations i to j-1 was not answered in time, or some are missing.
func (s *stream) suffers(i, j int, long time.Duration) bool {
	i = min(i, j)
	return s.load(j-i, long) > j-i || int(s.inTime[j]-s.inTime[i]) < j-i
}

// beginning of an outage after reach, of which operation g is the first that is not covered: its first bad one, and the one before it.
func (v *service) beginning(s *stream, reach time.Duration, g, until, first int) outage {
	b := g
	for b < until && s.calls[b].inTime {
		b++
	}
	if b == g {
		for b > first && !s.calls[b-1].inTime {
			b-- // what is covered may end with what it can bear
		}
	}
	o := outage{what: s.name, cause: -1, begin: history.Interval{Lo: v.from, Hi: reach}, known: reach}
	switch {
	case b < until || b < g:
		o.begin.Hi, o.known = s.calls[b].due, s.calls[b].known
		if b > first {
			o.begin.Lo = s.calls[b-1].due
		}
	case g > first: // nothing was recorded
		o.begin.Lo = s.calls[g-1].due
	}
	o.begin.Lo = min(o.begin.Lo, o.begin.Hi)
	return o
}

// tail is what is not covered up to the end of the observation. It is none where nothing bad is in it: there was too little of it.
func (v *service) tail(s *stream, reach time.Duration, candidate, first int) (o outage, is bool) {
	if reach >= v.end {
		return o, false
	}
	g := s.before(reach)
	if !s.suffers(g, len(s.calls), v.end-reach) {
		return o, false
	}
	o = v.beginning(s, reach, g, len(s.calls), first)
	o.censored = true
	o.end.Lo = max(o.begin.Lo, s.calls[len(s.calls)-1].due)
	if candidate >= 0 {
		o.end.Lo = o.begin.Lo
		if candidate > first {
			o.end.Lo = max(o.end.Lo, s.calls[candidate-1].due)
		}
	}
	return o, true
}
