package measure

import (
	"testing"
	"time"
)

// Of the losses of several failovers that is told which fails, then which surely reaches back furthest, then of which
// more is lost; of two alike the first.
func TestTheLossThatIsTold(t *testing.T) {
	point := func(v Verdict, lo time.Duration, lost int) *RecoveryPoint {
		return &RecoveryPoint{Verdict: v, Interval: fromTo(lo, 10), Lost: lost}
	}
	unknown := &RecoveryPoint{Verdict: Inconclusive}
	for name, c := range map[string]struct {
		points   []*RecoveryPoint
		reported int
		verdict  Verdict
	}{
		"one fails": {
			[]*RecoveryPoint{point(Pass, 9, 9), point(Fail, 1, 1), point(Pass, 9, 9)},
			1,
			Fail,
		},
		"a later one is longer":  {[]*RecoveryPoint{point(Pass, 1, 9), point(Pass, 2, 1)}, 1, Pass},
		"the first is longer":    {[]*RecoveryPoint{point(Pass, 2, 1), point(Pass, 1, 9)}, 0, Pass},
		"a later one loses more": {[]*RecoveryPoint{point(Pass, 2, 1), point(Pass, 2, 3)}, 1, Pass},
		"the first loses more":   {[]*RecoveryPoint{point(Pass, 2, 3), point(Pass, 2, 1)}, 0, Pass},
		"all are alike": {
			[]*RecoveryPoint{point(Pass, 2, 3), point(Pass, 2, 3), point(Pass, 2, 3)},
			0,
			Pass,
		},
		"one that nobody knows":          {[]*RecoveryPoint{point(Pass, 2, 3), unknown}, 1, Inconclusive},
		"one that nobody knows is first": {[]*RecoveryPoint{unknown, point(Inconclusive, 2, 3)}, 0, Inconclusive},
	} {
		var a audit
		for i, p := range c.points {
			one := *p
			one.Cause = string(rune('a' + i))
			a.accounts = append(a.accounts, account{point: &one})
		}
		if got, want := a.worst(), string(rune('a'+c.reported)); got.Cause != want || got.Verdict != c.verdict {
			t.Errorf("%s: it is %s of %s, want %s of %s", name, got.Verdict, got.Cause, c.verdict, want)
		}
	}
}
