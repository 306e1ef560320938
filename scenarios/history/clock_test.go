package history

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestClockSyncNarrowsItsBounds(t *testing.T) {
	var c ClockSync
	if got := c.Interval(time.Second); c.Synced() || got.Lo != 0 || got.Hi != math.MaxInt64 {
		t.Errorf("without an exchange it knows %v", got)
	}
	// The remote is 10 s behind. The first exchange leaves 40 ms of doubt, the second cuts it from above, the third
	// from below.
	for _, e := range []struct{ asked, remote, answered, lo, hi time.Duration }{
		{10_000, 20, 10_040, 10_980, 11_020},
		{10_100, 110, 10_115, 10_990, 11_005},
		{10_198, 200, 10_300, 10_998, 11_005},
	} {
		if err := c.Exchange(e.asked*time.Millisecond, e.remote*time.Millisecond,
			e.answered*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		got := c.Interval(time.Second)
		if d := got.Lo - e.lo*time.Millisecond; d < -200*time.Microsecond || d > 0 {
			t.Errorf("after %v: lower end %v, want %v and no more than drift below", e.asked, got.Lo,
				e.lo*time.Millisecond)
		}
		if d := got.Hi - e.hi*time.Millisecond; d > 200*time.Microsecond || d < 0 {
			t.Errorf("after %v: upper end %v, want %v and no more than drift above", e.asked, got.Hi,
				e.hi*time.Millisecond)
		}
	}
}

func TestClockSyncNoticesAJump(t *testing.T) {
	var c ClockSync
	if err := c.Exchange(time.Second, 0, time.Second+time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if err := c.Exchange(3*time.Second, time.Second, 2*time.Second); err == nil {
		t.Error("an answer before its question was taken")
	}
	err := c.Exchange(5*time.Second, 0, 5*time.Second+time.Millisecond) // the remote was restarted
	if err == nil || !strings.Contains(err.Error(), "jumped") {
		t.Errorf("a jump was not noticed: %v", err)
	}
	if got := c.Interval(0); !got.Contains(5 * time.Second) {
		t.Errorf("after the jump it goes by the old bounds: %v", got)
	}
	if err := c.Exchange(6*time.Second, time.Second, 6*time.Second+time.Millisecond); err != nil {
		t.Errorf("the new bounds don't hold: %v", err)
	}
}

// Whatever the exchanges were, the interval contains the truth, also when the two clocks drift apart.
func TestClockSyncIsSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "start"))
		rate := 1 + rapid.Float64Range(-0.99e-4, 0.99e-4).Draw(t, "drift")
		remote := func(at time.Duration) time.Duration { return time.Duration(float64(at-start) * rate) }
		var c ClockSync
		at := start
		for range rapid.IntRange(1, 10).Draw(t, "exchanges") {
			at += time.Duration(rapid.Int64Range(1, int64(5*time.Second)).Draw(t, "pause"))
			before := time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "before"))
			after := time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "after"))
			if err := c.Exchange(at-before, remote(at), at+after); err != nil {
				t.Fatal(err)
			}
			truth := start + time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "mark"))
			got := c.Interval(remote(truth))
			if got.Lo > truth+2 || truth-2 > got.Hi { // 2 ns for rounding
				t.Fatalf("%v is not in %v", truth, got)
			}
		}
	})
}
