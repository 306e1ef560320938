package measure

import (
	"math"
	"sync"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// Watch says while a drill runs whether the service is back. What it says holds for what was seen so far: operations
// that are under way may change it.
//
// It is asked ten times a second on the machine that it measures, so it keeps what it has seen: a look costs as much as
// what came since the last one, and what that may have changed. It may be used by several at once.
type Watch struct {
	spec Spec

	mu      sync.Mutex
	service *service
	last    history.Op // that was taken in; a history that has another one there is not the same
	trails  map[*stream]*trail
}

// trail is where the walk through a stream may go on, as long as what it was found by stays as it is.
type trail struct {
	from        time.Duration
	offered     int
	over        time.Duration
	checkpoints []checkpoint // in their order
}

// checkpoint is how far the walk had come. It holds as long as the operations before a certain one stay as they are.
type checkpoint struct {
	progress
	dependsOn int
}

// NewWatch watches by a criterion; without one the service is never said to be back.
func NewWatch(s Spec) *Watch { return &Watch{spec: s} }

// Follow takes in what was recorded so far, so that there is less to take in when it matters.
func (w *Watch) Follow(h history.History) {
	if w.spec.RecoveryTime == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.follow(h)
}

// Look says whether a window in which the criterion holds throughout was seen since a time, for all that it has to hold
// for, and whether the service is away now. A read that does not find its write tells nothing yet: whether that was
// lost shows when the stores are read.
func (w *Watch) Look(h history.History, since time.Duration) (back, away bool) {
	if w.spec.RecoveryTime == nil {
		return false, false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.follow(h)
	v := w.service
	if !v.observed() || v.tooThin() {
		return false, false
	}
	back = true
	for _, s := range append([]*stream{v.all}, v.parts...) {
		p := w.walk(s)
		back = back && p.lastHeld >= since
		away = away || v.isAway(s, p)
	}
	return back, away
}

// follow takes in the operations that the history has more than the last one. It begins anew with one that does not go
// on from there.
func (w *Watch) follow(h history.History) {
	if w.service != nil {
		if n := len(w.service.ops); len(h.Ops) < n || n > 0 && h.Ops[n-1] != w.last {
			w.service = nil
		}
	}
	if w.service == nil {
		w.service = emptyService(w.spec, func(_ int, op *history.Op) bool {
			return op.FoundNothing()
		})
		w.trails = map[*stream]*trail{}
	}
	w.service.addOps(h.Ops)
	if n := len(h.Ops); n > 0 {
		w.last = h.Ops[n-1]
	}
	w.service.observe(h)
}

// stride is how many windows are tried from one step to the next.
const stride = 64

// walk goes on from the last step that holds.
func (w *Watch) walk(s *stream) progress {
	v := w.service
	t := w.trails[s]
	if t == nil || t.from != v.from || t.offered != s.offered || t.over != s.offeredDuring {
		t = &trail{from: v.from, offered: s.offered, over: s.offeredDuring}
		w.trails[s] = t
	}
	for n := len(t.checkpoints); n > 0 && t.checkpoints[n-1].dependsOn > s.changed; n-- {
		t.checkpoints = t.checkpoints[:n-1]
	}
	s.changed = math.MaxInt
	var p progress
	if n := len(t.checkpoints); n > 0 {
		p = t.checkpoints[n-1].progress
	} else {
		p = v.resumePoint(s)
	}
	for p.next < len(s.calls) {
		p = v.walk(s, p, min(p.next+stride, len(s.calls)), nil)
		if needs, settled := v.dependsOn(s, p); settled {
			t.checkpoints = append(t.checkpoints, checkpoint{p, needs})
		}
	}
	return p
}

// dependsOn is how many operations a walk has looked at: those before the returned one, if it did not look beyond the
// end of what was observed.
func (v *service) dependsOn(s *stream, p progress) (n int, settled bool) {
	end := s.calls[p.next-1].due + v.windowOf(s)
	if end > v.end {
		return 0, false
	}
	n = s.before(end)
	for _, share := range []float64{v.criterion.Success, v.criterion.Capacity, v.criterion.Quantile} {
		if share < 1 {
			n = max(n, s.before(end)+callsPerFailure(share)) // a single bad one is excused if there is no other so near
		}
	}
	return n + 1, true
}

// resumePoint is a step from which on a walk finds what it would from the start: a window that holds and begins with a
// good operation is covered, whatever came before it. The last such one is mostly near the end, so that is where it is
// looked for first.
func (v *service) resumePoint(s *stream) progress {
	start := v.start(s)
	for n := stride; ; n *= 2 {
		from := max(start.next, len(s.calls)-n)
		g := v.scanWindows(s, from)
		last := -1
		for i := from; i < len(s.calls); i++ {
			if g.judge(i) == windowHolds && !s.untimely.at(i) {
				last = i
			}
		}
		if last >= 0 {
			at := s.calls[last].due
			return progress{next: last + 1, reach: at + g.window, lastHeld: at, candidate: -1}
		}
		if from == start.next {
			return start
		}
	}
}
