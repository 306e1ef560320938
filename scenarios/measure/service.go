package measure

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// windowSlices is how many equal parts of a window must each meet the criterion, so that it holds throughout and not on average.
const windowSlices = 5

// How many operations less than the steady rate asks for an evenly spaced schedule may place in a stretch of time: one for each of the
// two streams (writes and reads), and a share for schedules that are not quite even.
const (
	rounding   = 2
	unevenness = 0.1
)

// service answers whether the service criterion held in a stretch of time. Operations belong to the time they were due.
type service struct {
	criterion RecoveryTimeObjective
	due       []time.Duration // sorted
	ok        []int           // ok[i]: how many of the first i operations are ok
	inTime    []int           // and were answered within the latency limit
	// offered in steady state: at least this many operations in this time. The load is open-loop, so it is offered all the same after
	// the fault: an operation that is missing from the history (still under way, or never sent) counts as one that is not ok.
	offered int
	over    time.Duration
}

func newService(h history.History, criterion RecoveryTimeObjective, f history.Interval) service {
	type call struct {
		due        time.Duration
		ok, inTime bool
	}
	calls := make([]call, 0, len(h.Ops))
	for _, op := range h.Ops {
		if op.Retry > 0 {
			continue // on top of what was offered: who is served at the second try was not served in time at the first
		}
		ok := op.Outcome == history.OK
		calls = append(calls, call{op.Due, ok, ok && (criterion.Latency <= 0 || op.Done-op.Due <= criterion.Latency)})
	}
	slices.SortFunc(calls, func(a, b call) int { return cmp.Compare(a.due, b.due) })
	v := service{
		criterion: criterion,
		due:       make([]time.Duration, len(calls)), ok: make([]int, len(calls)+1), inTime: make([]int, len(calls)+1),
	}
	for i, c := range calls {
		v.due[i], v.ok[i+1], v.inTime[i+1] = c.due, v.ok[i], v.inTime[i]
		if c.ok {
			v.ok[i+1]++
		}
		if c.inTime {
			v.inTime[i+1]++
		}
	}
	if steady, reached := h.PhaseAt(history.PhaseSteady); reached && steady < f.Lo {
		v.offered, v.over = v.before(f.Lo)-v.before(steady), f.Lo-steady
	}
	return v
}

// before is how many operations were due before t.
func (v service) before(t time.Duration) int {
	n, _ := slices.BinarySearch(v.due, t)
	return n
}

// end is up to when the service was observed: the last due time. ok is false when there is none.
func (v service) end() (end time.Duration, ok bool) {
	if len(v.due) == 0 {
		return 0, false
	}
	return v.due[len(v.due)-1], true
}

// load is how many operations were offered in [from, to): those recorded, or those that the steady rate asks for if that is more.
func (v service) load(from, to time.Duration) int {
	n := v.before(to) - v.before(from)
	if v.over <= 0 {
		return n
	}
	rate := float64(v.offered-rounding) / float64(v.over)
	return max(n, int((1-unevenness)*rate*float64(to-from))-rounding)
}

// good says whether success share and goodput (operations answered ok within the latency limit) suffice in [from, to). A stretch in
// which nothing was offered is not good: it proves nothing.
func (v service) good(from, to time.Duration) bool {
	i, j := v.before(from), v.before(to)
	load := v.load(from, to)
	return load > 0 && v.ok[j]-v.ok[i] >= least(v.criterion.Success, load) && v.inTime[j]-v.inTime[i] >= least(v.criterion.Capacity, load)
}

// fast says whether the latency quantile of the ok operations in [from, to) is within the limit. An operation that is not ok has no
// latency; the success share speaks of it.
func (v service) fast(from, to time.Duration) bool {
	i, j := v.before(from), v.before(to)
	return v.inTime[j]-v.inTime[i] >= least(v.criterion.Quantile, v.ok[j]-v.ok[i])
}

// least is the smallest number of n that is at least the share.
func least(share float64, n int) int {
	return int(math.Ceil(share*float64(n) - 1e-9))
}

// state of a window that begins at a certain time.
type state int

const (
	refuted state = iota // the criterion does not hold throughout it
	open                 // it reaches beyond the end of what was observed, and what was observed of it is good
	held                 // the criterion holds throughout it
)

// window judges [s, s+W) and each of its slices, as far as it was observed.
func (v service) window(s time.Duration) state {
	end, _ := v.end()
	for k := range windowSlices {
		from, to := v.slice(s, k), v.slice(s, k+1)
		if to > end {
			return open
		}
		if !v.good(from, to) {
			return refuted
		}
	}
	to := s + v.criterion.Window
	if !v.good(s, to) || !v.fast(s, to) {
		return refuted
	}
	return held
}

// slice is when the k-th slice of the window that begins at s begins.
func (v service) slice(s time.Duration, k int) time.Duration {
	return s + v.criterion.Window*time.Duration(k)/windowSlices
}

// tooThin says whether the steady load leaves slices without any operation, so that no window could ever be good.
func (v service) tooThin() bool {
	return v.over > 0 && float64(v.offered)/float64(v.over)*float64(v.criterion.Window)/windowSlices < 1
}

// relapses is how often the criterion was lost again after s+W, up to the end of what was observed: slices of length W/5 are laid
// end to end, and every run of slices that are not good counts once.
func (v service) relapses(s time.Duration) int {
	end, _ := v.end()
	step := v.criterion.Window / windowSlices
	n, wasGood := 0, true
	for from := s + v.criterion.Window; step > 0 && end-from >= step; from += step {
		good := v.good(from, from+step)
		if wasGood && !good {
			n++
		}
		wasGood = good
		if next := v.due[v.before(from)]; next-from >= 2*step {
			from += (next-from)/step*step - step // nothing is due for many slices: they are not good, and one run
		}
	}
	return n
}
