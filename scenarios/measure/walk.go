package measure

import "time"

// windowParts is how many equal parts of a window must each meet the criterion, so that it holds throughout and not on
// average.
const windowParts = 5

// progress is how far a stream was walked through, and what was found.
type progress struct {
	next     int           // the operation that the next window begins with
	reach    time.Duration // up to here all is covered
	lastHeld time.Duration // where the last window begins that holds
	// the first window that nobody can refute, since the observation ends before it does; -1: none
	candidate int
}

// start is where a walk begins that sees all.
func (v *service) start(s *stream) progress {
	return progress{next: s.before(v.from), reach: v.from, lastHeld: -1, candidate: -1}
}

// walk tries a window at the due time of each operation from p on, up to operation j-1, and says what it came to. It
// hands what is not covered between two windows that hold, and not good, to lacks.
func (v *service) walk(s *stream, p progress, j int, lacks func(reach time.Duration, i int)) progress {
	g := v.scanWindows(s, p.next)
	for i := p.next; i < j; i++ {
		start := s.calls[i].due
		state := g.judge(i)
		if state == windowFails {
			p.candidate = -1
			continue
		}
		after := s.uncoveredBad(p.reach, i)
		switch {
		case after && s.untimely.at(i):
			p.candidate = -1 // it would end an outage with the outage's last operation
		case state == windowHolds:
			if after && lacks != nil {
				lacks(p.reach, i)
			}
			p.candidate, p.reach, p.lastHeld = -1, max(p.reach, start+g.window), start
		case p.candidate < 0:
			p.candidate = i
		}
	}
	p.next = max(p.next, j)
	return p
}

// uncoveredBad reports whether anything bad lies between what is covered and operation i.
func (s *stream) uncoveredBad(reach time.Duration, i int) bool {
	start := s.calls[i].due
	return start > reach && s.hasBad(s.before(reach), i, start-reach)
}

// isAway reports whether the service is away at the end of a walk: what is left up to the end is covered by no window.
// Either there is something bad in it, or it was too short to tell.
func (v *service) isAway(s *stream, p progress) bool {
	if p.candidate >= 0 && !s.uncoveredBad(p.reach, p.candidate) {
		return false // nothing speaks against it
	}
	return p.reach < v.end && s.hasBad(s.before(p.reach), len(s.calls), v.end-p.reach)
}

// windowOf is the window that a stream is looked at in: at least one operation of it is to be expected there.
func (v *service) windowOf(s *stream) time.Duration {
	window := v.criterion.Window
	if rate := s.rate(); rate > 0 && s.name != "" {
		window = max(window, time.Duration(1/rate))
	}
	return window
}

// windowState is whether the criterion holds in a window that begins at a certain time.
type windowState int

const (
	windowFails windowState = iota // the criterion does not hold throughout it
	// it reaches beyond the end of what was observed, and what was observed of it is good
	windowOpen
	windowHolds // the criterion holds throughout it
)

// windowScan judges the windows of a stream, one after the other in the order of time.
type windowScan struct {
	*stream
	criterion   RecoveryTimeObjective
	observed    time.Duration // the end of what was
	window      time.Duration
	ends        [windowParts]time.Duration // of its parts
	part, whole int                        // how many operations the steady rate asks for in a part, and in all of it
	enough      int                        // how many are, in a part without a bad one
	at          [windowParts + 1]int       // the first operations of the parts, and after them; they only move on
}

// scanWindows begins a scan at the window of operation i.
func (v *service) scanWindows(s *stream, i int) *windowScan {
	g := &windowScan{stream: s, criterion: v.criterion, observed: v.end, window: v.windowOf(s)}
	g.part, g.whole = s.expected(g.window/windowParts), s.expected(g.window)
	switch {
	case g.part > 0:
		g.enough = max(shareFloor(g.criterion.Success, g.part), shareFloor(g.criterion.Capacity, g.part))
	case s.name == "":
		g.enough = 1 // all that is offered may not be nothing
	}
	g.at[0] = i
	for k := range g.ends {
		g.ends[k] = g.window * time.Duration(k+1) / windowParts
		g.at[k+1] = i
		if i < len(s.calls) {
			g.at[k+1] = max(i, s.before(s.calls[i].due+g.ends[k]))
		}
	}
	return g
}

// judge judges the window that begins with operation i, and each of its parts, as far as it was observed.
func (g *windowScan) judge(i int) windowState {
	start := g.calls[i].due
	g.at[0] = i
	reached := windowParts
	for k, end := range g.ends {
		to := start + end
		if to > g.observed {
			reached = k
			break
		}
		n := max(g.at[k+1], g.at[k])
		for n < len(g.calls) && g.calls[n].due < to {
			n++
		}
		g.at[k+1] = n
	}
	j := g.at[reached]
	if g.untimely.in(i, j) == 0 && g.enoughCalls(reached) {
		if reached < windowParts {
			return windowOpen
		}
		if j-i >= g.whole && j > i {
			return windowHolds
		}
	}
	for k := range reached {
		if !g.partHolds(g.at[k], g.at[k+1]) {
			return windowFails
		}
	}
	switch {
	case reached < windowParts:
		return windowOpen
	case !g.wholeHolds(i, j):
		return windowFails
	}
	return windowHolds
}

// enoughCalls reports whether there are enough operations in each part for it to be good if all of them are.
func (g *windowScan) enoughCalls(parts int) bool {
	for k := range parts {
		if g.at[k+1]-g.at[k] < g.enough {
			return false
		}
	}
	return true
}

// partHolds reports whether the operations i to j-1, of a part of a window, are not worse than the criterion allows, by
// whole operations: of eight, 97 % is seven. All that is offered (not of a stream among others) may not be nothing.
func (g *windowScan) partHolds(i, j int) bool {
	load := max(j-i, g.part)
	if load == 0 {
		return g.name != ""
	}
	return g.ok(i, j) >= shareFloor(g.criterion.Success, load) &&
		g.inTime(i, j) >= shareFloor(g.criterion.Capacity, load)
}

// wholeHolds reports whether the operations i to j-1 of a window meet the criterion.
func (g *windowScan) wholeHolds(i, j int) bool {
	load := max(j-i, g.whole) // the window begins with an operation: it is not empty
	ok, inTime := g.ok(i, j), g.inTime(i, j)
	missing := load - (j - i)
	return g.shareHolds(g.criterion.Success, load, load-ok, missing, &g.failing, i, j) &&
		g.shareHolds(g.criterion.Capacity, load, load-inTime, missing, &g.untimely, i, j) &&
		g.shareHolds(g.criterion.Quantile, ok, ok-inTime, 0, &g.slow, i, j)
}
