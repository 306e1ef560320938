package measure

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// Results are computed to the nanosecond and written in whole milliseconds, so that people can read them. These types
// say how each figure is rounded then: an interval outwards, so that it still holds the truth and is not empty, and so
// that what failed its objective does not seem to have met it.

// Low is the lower end of an interval of time. It is rounded down where it is written.
type Low time.Duration

// High is the upper end of an interval of time, or an objective that one is compared with. It is rounded up where it is
// written.
type High time.Duration

// Near is a time that is known as well as it needs to be. It is rounded to the nearest millisecond where it is written.
type Near time.Duration

// Interval is how long something took, as well as that is known: at least lo, and at most hi. An end that is null is
// not known.
type Interval struct {
	Lo *Low  `json:"lo_ms"`
	Hi *High `json:"hi_ms"` // null also when the end was not seen
}

// Span is when something happened, as well as that is known, since the recorder started. It is written as [lo, hi].
type Span history.Interval

// Objective is what was promised. Nil where nothing was.
type Objective struct {
	Within *High `json:"objective_ms"`
	// WithinFull is the same in the time of the story. The lab's was rounded from it, and times the timescale it may be
	// another.
	WithinFull *Near `json:"objective_full_scale_ms"`
}

// LowShare is a share of 1 that is at least so much. It is rounded down to a thousandth where it is written.
type LowShare float64

// HighShare is a share of 1 that is at most so much. It is rounded up to a thousandth where it is written.
type HighShare float64

// Ratio is a number that is known as well as it needs to be. It is rounded to the nearest hundredth where it is
// written.
type Ratio float64

// Duration is the end as it was measured.
func (l Low) Duration() time.Duration { return time.Duration(l) }

// Duration is the end as it was measured.
func (h High) Duration() time.Duration { return time.Duration(h) }

// Duration is the time as it was measured.
func (n Near) Duration() time.Duration { return time.Duration(n) }

// MS is the end in whole milliseconds, as it is written.
func (l Low) MS() int64 {
	ms := int64(l) / int64(time.Millisecond)
	if int64(l)%int64(time.Millisecond) < 0 {
		ms--
	}
	return ms
}

// MS is the end in whole milliseconds, as it is written.
func (h High) MS() int64 { return -Low(-h).MS() }

// MS is the time in whole milliseconds, as it is written.
func (n Near) MS() int64 { return int64(time.Duration(n).Round(time.Millisecond) / time.Millisecond) }

// MarshalJSON writes whole milliseconds.
func (l Low) MarshalJSON() ([]byte, error) { return strconv.AppendInt(nil, l.MS(), 10), nil }

// MarshalJSON writes whole milliseconds.
func (h High) MarshalJSON() ([]byte, error) { return strconv.AppendInt(nil, h.MS(), 10), nil }

// MarshalJSON writes whole milliseconds.
func (n Near) MarshalJSON() ([]byte, error) { return strconv.AppendInt(nil, n.MS(), 10), nil }

// UnmarshalJSON reads whole milliseconds.
func (l *Low) UnmarshalJSON(data []byte) error { return readMS(data, l) }

// UnmarshalJSON reads whole milliseconds.
func (h *High) UnmarshalJSON(data []byte) error { return readMS(data, h) }

// UnmarshalJSON reads whole milliseconds.
func (n *Near) UnmarshalJSON(data []byte) error { return readMS(data, n) }

func readMS[T ~int64](data []byte, into *T) error {
	var ms int64
	if err := json.Unmarshal(data, &ms); err != nil {
		return fmt.Errorf("read milliseconds: %w", err)
	}
	if limit := int64(math.MaxInt64 / time.Millisecond); ms > limit || ms < -limit {
		return fmt.Errorf("read milliseconds: %d are more than a duration can be", ms)
	}
	*into = T(ms) * T(time.Millisecond)
	return nil
}

// fromTo is an interval whose ends are known.
func fromTo(lo, hi time.Duration) Interval { return Interval{Lo: new(Low(lo)), Hi: new(High(hi))} }

// more is an interval whose end was not seen.
func more(than time.Duration) Interval { return Interval{Lo: new(Low(than))} }

// plus adds two: of one whose end was not seen nobody knows at most how long both are.
func (i Interval) plus(j Interval) Interval {
	if i.Lo == nil || j.Lo == nil {
		return Interval{}
	}
	out := more(i.Lo.Duration() + j.Lo.Duration())
	if i.Hi != nil && j.Hi != nil {
		out.Hi = new(*i.Hi + *j.Hi)
	}
	return out
}

// or is the interval that holds two; an end that is not known of one is not known.
func (i Interval) or(j Interval) Interval {
	return Interval{Lo: lower(i.Lo, j.Lo), Hi: higher(i.Hi, j.Hi)}
}

func lower[T cmp.Ordered](a, b *T) *T {
	if a == nil || b == nil {
		return nil
	}
	return new(min(*a, *b))
}

func higher[T cmp.Ordered](a, b *T) *T {
	if a == nil || b == nil {
		return nil
	}
	return new(max(*a, *b))
}

// SpanOf is an interval of a history as a result has it; nil was not seen.
func SpanOf(i *history.Interval) *Span {
	if i == nil {
		return nil
	}
	return new(Span(*i))
}

// MarshalJSON writes [lo, hi] in whole milliseconds, rounded outwards.
func (s Span) MarshalJSON() ([]byte, error) {
	return json.Marshal([2]int64{Low(s.Lo).MS(), High(s.Hi).MS()})
}

// UnmarshalJSON reads [lo, hi] in whole milliseconds.
func (s *Span) UnmarshalJSON(data []byte) error {
	var ends []Low
	if err := json.Unmarshal(data, &ends); err != nil {
		return err
	}
	if len(ends) != 2 || ends[0] > ends[1] {
		return fmt.Errorf("read a span: %s is not [lo, hi]", data)
	}
	*s = Span{Lo: time.Duration(ends[0]), Hi: time.Duration(ends[1])}
	return nil
}

// objective is a promise as a result has it.
func (s Spec) objective(within time.Duration) Objective {
	o := Objective{Within: new(High(within))}
	if s.Timescale > 0 {
		o.WithinFull = new(Near(AtScale(within, s.Timescale)))
	}
	return o
}

// promise is the objective in words.
func (o Objective) promise() string {
	if o.Within == nil {
		return ""
	}
	return Promise(o.Within.Duration())
}

// AtScale is a lab duration in the time of the story, in which a second of the lab is so many.
func AtScale(d time.Duration, timescale float64) time.Duration {
	full := math.Round(float64(d) * timescale)
	if full >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(full)
}

// MarshalJSON writes thousandths.
func (s LowShare) MarshalJSON() ([]byte, error) { return json.Marshal(s.Rounded()) }

// MarshalJSON writes thousandths.
func (s HighShare) MarshalJSON() ([]byte, error) { return json.Marshal(s.Rounded()) }

// MarshalJSON writes hundredths.
func (r Ratio) MarshalJSON() ([]byte, error) { return json.Marshal(r.Rounded()) }

// Rounded is the share as it is written.
func (s LowShare) Rounded() float64 { return places(float64(s), 1000, math.Floor) }

// Rounded is the share as it is written.
func (s HighShare) Rounded() float64 { return places(float64(s), 1000, math.Ceil) }

// Rounded is the number as it is written.
func (r Ratio) Rounded() float64 { return places(float64(r), 100, math.Round) }

// places rounds to a part of one, such as a hundredth. What binary fractions add to a round figure is no reason to
// round it up or down.
func places(v float64, parts float64, round func(float64) float64) float64 {
	const noise = 1e6
	return round(math.Round(v*parts*noise)/noise) / parts
}
