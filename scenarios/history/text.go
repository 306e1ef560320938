package history

import (
	"fmt"
	"time"
)

// String is the outcome's word in the evidence: ok, failed or unknown.
func (o Outcome) String() string {
	switch o {
	case OK:
		return "ok"
	case Failed:
		return "failed"
	case Unknown:
		return "unknown"
	default:
		return fmt.Sprintf("outcome(%d)", int(o))
	}
}

// MarshalText writes the outcome's word. A value that is none of the outcomes is an error.
func (o Outcome) MarshalText() ([]byte, error) {
	if o < Unknown || o > Failed {
		return nil, fmt.Errorf("encode outcome: %d is none of ok, failed, unknown", int(o))
	}
	return []byte(o.String()), nil
}

// UnmarshalText reads an outcome's word. Anything else is an error, never Unknown: evidence that can't be read proves
// nothing.
func (o *Outcome) UnmarshalText(text []byte) error {
	for _, known := range []Outcome{OK, Failed, Unknown} {
		if string(text) == known.String() {
			*o = known
			return nil
		}
	}
	return fmt.Errorf("decode outcome: %q is none of ok, failed, unknown", text)
}

// At is an interval without uncertainty: something seen on the recorder's own clock.
func At(d time.Duration) Interval { return Interval{Lo: d, Hi: d} }

// Mid is the middle of the interval: the single figure to give where only one can be given.
func (i Interval) Mid() time.Duration { return i.Lo + i.Width()/2 }

// Width is how uncertain the interval is.
func (i Interval) Width() time.Duration { return i.Hi - i.Lo }

// Valid says whether the interval is one at all: it does not end before it begins.
func (i Interval) Valid() bool { return i.Lo <= i.Hi }

// Contains says whether d lies in the interval, ends included.
func (i Interval) Contains(d time.Duration) bool { return i.Lo <= d && d <= i.Hi }
