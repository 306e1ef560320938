package measure

import (
	"cmp"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// outage is a stretch in which the criterion did not hold, by the bounds of its ends.
type outage struct {
	begin, end history.Interval // where it is censored, end.Lo is when it may have ended, and end.Hi nothing
	censored   bool
	known      time.Duration // by when its first operation was surely bad
	cause      int           // the index of what it is put down to; -1: nothing
	what       string        // the stream whose operations show it; empty: all
}

// outages are those from the steady state to the end, in the order of time: what no window covers that meets the
// criterion, for all operations, for those of one kind, or for those of one region's clients.
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
		if by, found := latest(causes, merged[i].known); found {
			merged[i].cause = by.index
			// Its first operation had time until then to be bad; one that came with its beginning is as likely, and was
			// there first.
			if at := slices.IndexFunc(causes[:by.index],
				func(c cause) bool { return c.earliestEffect() > merged[i].begin.Lo }); at >= 0 {
				merged[i].cause = causes[at].index
			}
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
	first := s.before(v.from)
	p := v.walk(s, v.start(s), len(s.calls), func(reach time.Duration,
		i int,
	) {
		all = append(all, v.gap(s, reach, i, first))
	})
	s.lastHeld = p.lastHeld
	if v.isAway(s, p) {
		all = append(all, v.tail(s, p, first))
	}
	return all
}

// gap is what lies between what is covered and the window that begins with operation i.
func (v *service) gap(s *stream, reach time.Duration, i, first int) outage {
	o := v.beginning(s, reach, s.before(reach), i, first)
	o.end = history.Interval{Lo: max(o.begin.Lo, v.from), Hi: s.calls[i].due}
	if i > first {
		o.end.Lo = s.calls[i-1].due
	}
	return o
}

// beginning of an outage after reach, of which operation g is the first that is not covered: its first bad one, and the
// one before it.
func (v *service) beginning(s *stream, reach time.Duration, g, until, first int) outage {
	b := g
	for b < until && !s.untimely.at(b) {
		b++
	}
	if b == g {
		for b > first && s.untimely.at(b-1) {
			b-- // what is covered may end with what it can bear
		}
	}
	o := outage{what: s.name, cause: -1, begin: history.Interval{Lo: v.from, Hi: reach}, known: reach}
	switch {
	case b < until || b < g:
		o.begin.Hi, o.known = s.calls[b].due, v.badBy(s.calls[b])
		if b > first {
			o.begin.Lo = s.calls[b-1].due
		}
	case g > first: // nothing was recorded
		o.begin.Lo = s.calls[g-1].due
	}
	o.begin.Lo = min(o.begin.Lo, o.begin.Hi)
	return o
}

// tail is what is not covered up to the end of the observation, where that is an outage.
func (v *service) tail(s *stream, p progress, first int) outage {
	o := v.beginning(s, p.reach, s.before(p.reach), len(s.calls), first)
	o.censored = true
	o.end.Lo = max(o.begin.Lo, s.calls[len(s.calls)-1].due)
	if p.candidate >= 0 {
		o.end.Lo = o.begin.Lo
		if p.candidate > first {
			o.end.Lo = max(o.end.Lo, s.calls[p.candidate-1].due)
		}
	}
	return o
}
