package measure

import (
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// A promotion that may have come after the fault answers to it; one that surely came before it says who is at home.
func TestAPromotionAtTheTimeOfTheFault(t *testing.T) {
	for name, c := range map[string]struct {
		at      *history.Interval
		home    string
		changes int
	}{
		"before":                        {between(2990, 2999), standby, 0},
		"up to when it may be in force": {between(2990, 3000), home, 1},
		"in the middle of it":           {between(3005, 3010), home, 1},
	} {
		d := goodDrill()
		d.spec.Home = home
		for i := range d.Marks {
			if d.Marks[i].Name == MarkPromoted {
				d.Marks[i].At = *c.at
			}
		}
		got := chargeOf(d.History, d.spec, causesOf(d.History))
		if got.home != c.home || len(got.changes) != c.changes {
			t.Errorf("%s: at home is %s, with %d changes, want %s and %d", name, got.home, len(got.changes), c.home,
				c.changes)
		}
	}
}

// What the old primary answers is forbidden if it was sent after the promotion, and not when that was seen. Where only
// answers tell of a promotion, what was sent when it may have happened is doubtful.
func TestWhatTheOldPrimaryMayAnswer(t *testing.T) {
	const lo, hi = 100 * time.Millisecond, 200 * time.Millisecond
	for _, c := range []struct {
		sent     time.Duration
		inferred bool
		want     standing
	}{
		{lo, false, rightful},
		{hi, false, rightful},
		{hi + 1, false, forbidden},
		{lo, true, rightful},
		{lo + 1, true, doubtful},
		{hi, true, doubtful},
		{hi + 1, true, forbidden},
	} {
		in := charge{home: home, changes: []tenure{{
			from: history.Interval{Lo: lo, Hi: hi}, region: standby, inferred: c.inferred,
		}}}
		op := history.Op{Region: home, Sent: c.sent, Done: time.Second}
		if got := in.standing(&op, nil); got != c.want {
			t.Errorf("sent at %v, inferred %v: %v, want %v", c.sent, c.inferred, got, c.want)
		}
		op.Region = standby
		if got := in.standing(&op, nil); got != rightful {
			t.Errorf("sent at %v to the new primary, inferred %v: %v", c.sent, c.inferred, got)
		}
	}
}
