package measure

import (
	"strings"
	"testing"
	"time"
)

// A drill whose harness was late may have an outage that has an end by one reading, and none by the other.
func TestARecoveryTimeMayHaveNoUpperBound(t *testing.T) {
	const second = time.Second
	ended, open := fromTo(second, 2*second), more(3*second)
	r := &RecoveryTime{Cause: "lose_region", Verdict: Inconclusive, Interval: ended.or(open)}
	f := recoveryTimeFinding(r, nil)
	if f.Verdict != Inconclusive || !strings.HasPrefix(f.Detail,
		"away for at least 1 s after lose_region, and nobody can say") {
		t.Errorf("got %+v", f)
	}
}
