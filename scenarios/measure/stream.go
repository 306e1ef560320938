package measure

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// How many operations less than the steady rate asks for an evenly spaced schedule may place in a stretch of time: one
// for each kind, and a share for schedules that are not quite even.
const (
	rounding   = 2
	unevenness = 0.1
)

// call is what an operation is to the criterion. It belongs to the time that it was due.
type call struct {
	due time.Duration
	op  int32 // its place in the history
}

// stream is operations that the criterion has to hold for by themselves: of one kind, of one region's clients, or all.
type stream struct {
	name  string // such as "writes"; empty for all
	calls []call // by when they were due
	// Of each call: whether it is not ok, not in time (ok, and within the latency limit), and ok but late.
	failing, untimely, slow marks
	// offered in steady state: at least this many operations in this time. The load is open-loop, so it is offered all
	// the same after the fault: an operation that is missing from the history (still under way, or never sent) counts
	// as one that is not ok.
	offered       int
	offeredDuring time.Duration
	slack         int // how many of those an even schedule may miss
	// lastHeld is where the last window begins that meets the criterion; -1: none does.
	lastHeld time.Duration
	changed  int // the calls before this one are as they were when somebody last looked
	pending  int // calls that are about to be added
}

func newStream(name string, slack int) *stream {
	return &stream{name: name, slack: slack, lastHeld: -1}
}

// makeRoom grows at once where much is to come.
func (s *stream) makeRoom() {
	const much = 10_000
	if s.pending > much {
		s.calls = slices.Grow(s.calls, s.pending)
	}
	s.pending = 0
}

// mark adds what became of the next call.
func (s *stream) mark(ok, inTime bool) {
	s.failing.add(!ok)
	s.untimely.add(!inTime)
	s.slow.add(ok && !inTime)
}

// cut leaves the first n calls.
func (s *stream) cut(n int) {
	s.calls = s.calls[:n]
	s.failing.cut(n)
	s.untimely.cut(n)
	s.slow.cut(n)
	s.changed = min(s.changed, n)
}

// measureOffered counts what was offered in the steady state.
func (s *stream) measureOffered(steady, broken time.Duration) {
	s.offered, s.offeredDuring = 0, 0
	if broken > steady {
		s.offered, s.offeredDuring = s.before(broken)-s.before(steady), broken-steady
	}
}

// before is how many operations were due before t.
func (s *stream) before(t time.Duration) int {
	n, _ := slices.BinarySearchFunc(s.calls, t, func(c call, t time.Duration) int { return cmp.Compare(c.due, t) })
	return n
}

// upTo is how many operations were due at t or before.
func (s *stream) upTo(t time.Duration) int {
	if t == math.MaxInt64 {
		return len(s.calls)
	}
	return s.before(t + 1)
}

// ok and inTime are how many of the operations i to j-1 are.
func (s *stream) ok(i, j int) int     { return j - i - s.failing.in(i, j) }
func (s *stream) inTime(i, j int) int { return j - i - s.untimely.in(i, j) }

// rate is what was offered in the steady state, in operations a nanosecond; 0: not known.
func (s *stream) rate() float64 {
	if s.offeredDuring <= 0 {
		return 0
	}
	return float64(s.offered) / float64(s.offeredDuring)
}

// expected is how many operations the steady rate asks for in a stretch of time at least.
func (s *stream) expected(long time.Duration) int {
	if s.offeredDuring <= 0 {
		return 0
	}
	rate := float64(s.offered-s.slack) / float64(s.offeredDuring)
	return int((1-unevenness)*rate*float64(long)) - s.slack
}

// load is how many operations were offered in a stretch of time in which n are recorded: those, or what the steady rate
// asks for if that is more.
func (s *stream) load(n int, long time.Duration) int { return max(n, s.expected(long)) }

// hasBad reports whether any of the operations i to j-1 was not answered in time, or is missing.
func (s *stream) hasBad(i, j int, long time.Duration) bool {
	i = min(i, j)
	return s.load(j-i, long) > j-i || s.untimely.in(i, j) > 0
}

// shareHolds reports whether at most 1-least of n operations are bad, which of i to j-1 are those marked. Where n are
// too few to tell, since one of them is more than that, it is asked of a stretch before it, or after it, that is long
// enough: no other one may be bad there. Where bad ones come at a steady rate, both have one as soon as the rate is
// more than the share. What was not recorded excuses nothing.
func (s *stream) shareHolds(share float64, n, bad, missing int, where *marks, i, j int) bool {
	if float64(bad) <= (1-share)*float64(n)+1e-9 {
		return true
	}
	if bad != 1 || missing > 0 || share >= 1 {
		return false
	}
	at, long := where.next(i, j), callsPerFailure(share)
	limit := min(at+long, where.n)
	return where.last(at-long, at) <= at-long || where.next(at+1, limit) >= limit
}

// callsPerFailure is how many operations one bad operation needs around it to stay within the share that may be bad.
func callsPerFailure(share float64) int { return int(math.Ceil(1/(1-share) - 1e-9)) }

// shareFloor is the share of n, rounded down to whole operations.
func shareFloor(share float64, n int) int { return int(math.Floor(share*float64(n) + 1e-9)) }

// shareCeil is the share of n, rounded up to whole operations.
func shareCeil(share float64, n int) int {
	return int(math.Ceil(share*float64(n) - 1e-9))
}

// excuse says whether an operation, at its place in the history, can't be held against the service.
type excuse func(i int, op *history.Op) bool
