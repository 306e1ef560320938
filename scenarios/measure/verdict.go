package measure

import (
	"fmt"
	"slices"
	"time"
)

// Verdict is pass, fail or inconclusive. The zero value is inconclusive.
type Verdict int

// The verdicts.
const (
	Inconclusive Verdict = iota
	Pass
	Fail
)

// String is the verdict's word: pass, fail or inconclusive.
func (v Verdict) String() string {
	switch v {
	case Pass:
		return "pass"
	case Fail:
		return "fail"
	case Inconclusive:
		return "inconclusive"
	default:
		return fmt.Sprintf("verdict(%d)", int(v))
	}
}

// MarshalText writes the verdict's word. A value that is none of the verdicts is an error.
func (v Verdict) MarshalText() ([]byte, error) {
	if v < Inconclusive || v > Fail {
		return nil, fmt.Errorf("encode verdict: %d is none of pass, fail, inconclusive", int(v))
	}
	return []byte(v.String()), nil
}

// UnmarshalText reads a verdict's word; anything else is an error.
func (v *Verdict) UnmarshalText(text []byte) error {
	for _, known := range []Verdict{Pass, Fail, Inconclusive} {
		if string(text) == known.String() {
			*v = known
			return nil
		}
	}
	return fmt.Errorf("decode verdict: %q is none of pass, fail, inconclusive", text)
}

// Combine is the verdict of several: fail if one fails, else inconclusive if one is, else pass. Of none it is
// inconclusive.
func Combine(verdicts ...Verdict) Verdict {
	switch {
	case slices.Contains(verdicts, Fail):
		return Fail
	case len(verdicts) == 0 || slices.Contains(verdicts, Inconclusive):
		return Inconclusive
	default:
		return Pass
	}
}

// rank is the greater the worse the verdict is.
func (v Verdict) rank() int {
	switch v {
	case Fail:
		return 2
	case Inconclusive:
		return 1
	case Pass:
	}
	return 0
}

// against compares an interval with an objective: pass if all of it is inside, fail if all of it is outside, else
// nobody can tell.
func against(lo, hi, objective time.Duration) Verdict {
	switch {
	case hi <= objective:
		return Pass
	case lo > objective:
		return Fail
	default:
		return Inconclusive
	}
}

// Met says whether a report is what the author of the scenario expected. Expecting pass, the verdict is pass. Expecting
// fail, the verdict is fail, the findings that fail are exactly the given ones, and the drill counts: a failure seen in
// a drill that proves nothing is not the one that was expected, and neither is one whose preconditions did not come
// true: it has another cause.
func Met(r Report, expectFail bool, findings []string) bool {
	if !expectFail {
		return r.Verdict == Pass
	}
	if slices.ContainsFunc(r.Given, func(p Precondition) bool { return !p.Met }) {
		return false
	}
	var failed []string
	for _, f := range r.Findings {
		switch {
		case f.ID == FindingDrill && f.Verdict != Pass:
			return false
		case f.Verdict == Fail:
			failed = append(failed, f.ID)
		}
	}
	return r.Verdict == Fail && slices.Equal(set(failed), set(findings))
}

// set is the ids sorted, each once.
func set(ids []string) []string {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}
