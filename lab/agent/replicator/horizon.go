package replicator

import "time"

const (
	// lookBack is how far behind the newest key a short listing begins: keys that rise with time appear out of order,
	// by as much as a writer waits.
	lookBack = 2 * time.Second
	// wholeShare and wholeAtMost bound how seldom all is listed: a store pays for a listing by its length, and the next
	// one waits that many times what this one cost.
	wholeShare  = 10
	wholeAtMost = 5 * time.Second
)

// horizon says how much of a store has to be listed to see what is new. New keys mostly come after the old ones; a
// listing that begins there is short whatever the store holds. What changes elsewhere, or comes there, is seen by the
// next listing of all. Where that costs little, all is listed every time. All its times are readings of this process,
// with the monotonic clock in them, and when the stores say that something was written plays no part: a step of the
// wall clock changes nothing.
type horizon struct {
	marks []mark // rising in time

	whole      time.Time     // when the last listing of all began
	cost       time.Duration // what that took
	short      time.Duration // what the last short listing took
	hasBeenCut bool          // there was a short one
}

// mark is the last key that a listing saw.
type mark struct {
	at  time.Time
	key string
}

// next is after which key the next listing begins, empty for all, and the key after which whatever is new would be
// expected.
func (h *horizon) next(now time.Time) (after, expected string) {
	for len(h.marks) > 1 && now.Sub(h.marks[1].at) >= lookBack {
		h.marks = h.marks[1:]
	}
	if len(h.marks) == 0 || now.Sub(h.marks[0].at) < lookBack {
		return "", ""
	}
	expected = h.marks[0].key
	if h.hasBeenCut && now.Sub(h.whole) >= min(wholeAtMost, wholeShare*(h.cost-h.short)) {
		return "", expected
	}
	return expected, expected
}

// saw notes a listing that began and ended without an error.
func (h *horizon) saw(began time.Time, took time.Duration, after, last string) {
	if after == "" {
		h.whole, h.cost = began, took
	} else {
		h.short, h.hasBeenCut = took, true
	}
	if n := len(h.marks); n > 0 {
		last = max(last, h.marks[n-1].key)
	}
	h.marks = append(h.marks, mark{began, last})
}
