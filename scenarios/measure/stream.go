package measure

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// How many operations less than the steady rate asks for an evenly spaced schedule may place in a stretch of time: one for each kind, and a share
// for schedules that are not quite even.
const (
	rounding   = 2
	unevenness = 0.1
)

// call is what an operation is to the criterion. It belongs to the time that it was due.
type call struct {
	due    time.Duration
	known  time.Duration // by when it was surely bad, if it is
	ok     bool
	inTime bool // ok, and within the latency limit
}

// stream is operations that the criterion has to hold for by themselves: of one kind, of one region's clients, or all.
type stream struct {
	name   string // such as "writes"; empty for all
	calls  []call // by when they were due
	ok     []int32
	inTime []int32 // ok[i], inTime[i]: how many of the first i are
	// Where those are that are not ok, not in time, and ok but late.
	failing, untimely, slow []int32
	// offered in steady state: at least this many operations in this time. The load is open-loop, so it is offered all the same after
	// the fault: an operation that is missing from the history (still under way, or never sent) counts as one that is not ok.
	offered int
	over    time.Duration
	slack   int // how many of those an even schedule may miss
	// lastHeld is where the last window begins that meets the criterion; -1: none does.
	lastHeld time.Duration
}

// newStream sorts calls.
func newStream(name string, calls []call, steady, broken time.Duration, slack int) *stream {
	if !slices.IsSortedFunc(calls, func(a, b call) int { return cmp.Compare(a.due, b.due) }) {
		slices.SortStableFunc(calls, func(a, b call) int { return cmp.Compare(a.due, b.due) })
	}
	s := &stream{name: name, calls: calls, ok: make([]int32, len(calls)+1), inTime: make([]int32, len(calls)+1), slack: slack, lastHeld: -1}
	for i, c := range calls {
		s.ok[i+1], s.inTime[i+1] = s.ok[i], s.inTime[i]
		if c.ok {
			s.ok[i+1]++
		} else {
			s.failing = append(s.failing, int32(i)) //nolint:gosec // fewer operations than that
		}
		if c.inTime {
			s.inTime[i+1]++
			continue
		}
		s.untimely = append(s.untimely, int32(i)) //nolint:gosec // fewer operations than that
		if c.ok {
			s.slow = append(s.slow, int32(i)) //nolint:gosec // fewer operations than that
		}
	}
	if broken > steady {
		s.offered, s.over = s.before(broken)-s.before(steady), broken-steady
	}
	return s
}

// before is how many operations were due before t.
func (s *stream) before(t time.Duration) int {
	n, _ := slices.BinarySearchFunc(s.calls, t, func(c call, t time.Duration) int { return cmp.Compare(c.due, t) })
	return n
}

// rate is what was offered in the steady state, in operations a nanosecond; 0: not known.
func (s *stream) rate() float64 {
	if s.over <= 0 {
		return 0
	}
	return float64(s.offered) / float64(s.over)
}

// load is how many operations were offered in a stretch of time in which n are recorded: those, or what the steady rate asks for if that is more.
func (s *stream) load(n int, long time.Duration) int {
	if s.over <= 0 {
		return n
	}
	rate := float64(s.offered-s.slack) / float64(s.over)
	return max(n, int((1-unevenness)*rate*float64(long))-s.slack)
}

// part says whether the operations i to j-1, of a part of a window, are not worse than the criterion allows, by whole operations: of eight, 97 % is
// seven. All that is offered (not of a stream among others) may not be nothing.
func (s *stream) part(c RecoveryTimeObjective, i, j int, long time.Duration) bool {
	load := s.load(j-i, long)
	if load == 0 {
		return s.name != ""
	}
	return int(s.ok[j]-s.ok[i]) >= floor(c.Success, load) && int(s.inTime[j]-s.inTime[i]) >= floor(c.Capacity, load)
}

// whole says whether the operations i to j-1 of a window meet the criterion.
func (s *stream) whole(c RecoveryTimeObjective, i, j int, long time.Duration) bool {
	load := s.load(j-i, long)
	if load == 0 {
		return s.name != ""
	}
	ok, inTime := int(s.ok[j]-s.ok[i]), int(s.inTime[j]-s.inTime[i])
	missing := load - (j - i)
	return s.share(c.Success, load, load-ok, missing, s.failing, i) &&
		s.share(c.Capacity, load, load-inTime, missing, s.untimely, i) &&
		s.share(c.Quantile, ok, ok-inTime, 0, s.slow, i)
}

// share says whether at most 1-least of n operations are bad. Where n are too few to tell, since one of them is more than that, it is asked
// of a stretch around them, from the i-th on and before it, that is long enough: no other one may be bad there. What was not recorded excuses nothing.
func (s *stream) share(least float64, n, bad, missing int, where []int32, i int) bool {
	if float64(bad) <= (1-least)*float64(n)+1e-9 {
		return true
	}
	if bad != 1 || missing > 0 || least >= 1 {
		return false
	}
	k, _ := slices.BinarySearch(where, int32(i)) //nolint:gosec // fewer operations than that
	enough := int(math.Ceil(1/(1-least) - 1e-9))
	from, to := math.MinInt32, math.MaxInt32
	if k > 0 {
		from = int(where[k-1])
	}
	if k+1 < len(where) {
		to = int(where[k+1])
	}
	return to-from > enough
}

// floor is the share of n, less what there is no whole operation of.
func floor(share float64, n int) int { return int(math.Floor(share*float64(n) + 1e-9)) }

// least is the smallest number of n that is at least the share.
func least(share float64, n int) int {
	return int(math.Ceil(share*float64(n) - 1e-9))
}

// excuse says whether an operation can't be held against the service.
type excuse func(op *history.Op) bool

// callOf is what an operation is to the criterion: who is excused was answered in time.
func callOf(op *history.Op, limit time.Duration, excused excuse) call {
	ok := op.Outcome == history.OK
	c := call{due: op.Due, known: op.Done, ok: ok, inTime: ok && (limit <= 0 || op.Done-op.Due <= limit)}
	if limit > 0 {
		c.known = min(op.Done, op.Due+limit)
	}
	if !c.inTime && excused != nil && excused(op) {
		c.ok, c.inTime = true, true
	}
	return c
}
