package measure

import (
	"math"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// period is where in a drill an operation was due.
type period int

const (
	disturbed period = iota
	beforeFaults
	afterRecovery
)

// periods returns how to classify an operation: whether it was due and ended from the steady state to the first fault's
// command, or was due from when all faults were effective and the service was back from the last cause: what breaks a
// region and starts another needs processors, which the regions of a lab share and those of a cloud do not.
func (v *view) periods() func(due, done time.Duration) period {
	steady, reached := v.PhaseAt(history.PhaseSteady)
	from, to := time.Duration(math.MaxInt64), time.Duration(0)
	for _, f := range v.Faults {
		from = min(from, f.Command)
		if !confirmed(f) {
			to = math.MaxInt64
			break
		}
		to = max(to, f.Effective.Hi)
	}
	if v.spec.RecoveryTime != nil && len(v.causes) > 0 {
		if v.service == nil {
			to = math.MaxInt64
		}
		for _, c := range v.causes {
			to = max(to, v.recovered(c))
		}
		if v.service != nil && v.service.all.lastHeld < v.causes[len(v.causes)-1].effect.Hi {
			to = math.MaxInt64
		}
	}
	return func(due, done time.Duration) period {
		switch {
		case reached && due >= steady && done <= from: // one that was under way is the fault's
			return beforeFaults
		case due >= to:
			return afterRecovery
		}
		return disturbed
	}
}

// controlLatency is the 99th percentile of what the slowest responder that has nothing to do needed in undisturbed
// periods; 0 where nobody asked. The regions share one machine: each speaks for all. One that was lost does so before
// that only: given back, it is starting.
func (v *view) controlLatency(periodOf func(due, done time.Duration) period) time.Duration {
	took := map[string][]time.Duration{}
	for _, c := range v.Controls {
		is := periodOf(c.Due, c.Done)
		if c.Error == "" && (is == beforeFaults || is == afterRecovery && !v.loses(c.Region)) {
			took[c.Region] = append(took[c.Region], c.Done-c.Due)
		}
	}
	slowest := time.Duration(0)
	for _, all := range took {
		if len(all) >= leastReads {
			slowest = max(slowest, percentile99(all))
		}
	}
	return slowest
}

// loses says whether a region is lost at any time.
func (v *view) loses(region string) bool {
	return slices.ContainsFunc(v.causes, func(c cause) bool { return c.loses(region) })
}

// lostAt says whether a region is lost at a time, and not given back.
func (v *view) lostAt(region string, at time.Duration) bool {
	return slices.ContainsFunc(v.causes, func(c cause) bool {
		back, is := c.healedAt()
		return c.loses(region) && c.effect.Lo <= at && (!is || back > at)
	})
}

// timerDelay is how late the harness's own timers fired at worst in each second of undisturbed periods: the median of
// the seconds.
func (v *view) timerDelay(periodOf func(due, done time.Duration) period) time.Duration {
	var late []time.Duration
	for _, m := range v.Machines {
		if periodOf(m.At.Lo, m.At.Hi) != disturbed {
			late = append(late, m.Late)
		}
	}
	if len(late) == 0 {
		return 0
	}
	slices.Sort(late)
	return late[len(late)/2]
}

func percentile99(took []time.Duration) time.Duration {
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[shareCeil(0.99, len(took))-1]
}
