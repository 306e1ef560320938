// Package matchers says what a drill must have found, in the words of the specs. Each matcher wants an evidence.Result
// and is an error on anything else.
package matchers

import (
	"errors"
	"fmt"
	"time"

	"github.com/onsi/gomega"
	"github.com/onsi/gomega/gcustom"
	"github.com/onsi/gomega/types"

	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// MeetItsExpectation succeeds when the drill ended as its author wrote: a remedy passed, an incident was caught with
// exactly its findings.
func MeetItsExpectation() types.GomegaMatcher {
	return gcustom.MakeMatcher(func(r evidence.Result) (bool, error) { return r.Expected.Met, nil }).
		WithTemplate("{{.Actual.Scenario.Name}} {{.To}} meet its expectation ({{.Actual.Expected.Verdict}}{{range " +
			".Actual.Expected.Findings}} {{.}}{{end}});\n" +
			"it ended {{.Actual.Status}} with verdict {{.Actual.Verdict}}: {{range .Actual.Reasons}}\n  {{.}}{{end}}")
}

// HaveAConfirmedFault succeeds when at least one fault was injected and every fault was seen in force and seen healed.
func HaveAConfirmedFault() types.GomegaMatcher {
	return gcustom.MakeMatcher(func(r evidence.Result) (bool, error) {
		for _, f := range r.Faults {
			if !f.Confirmed || f.Effective == nil || f.Healed == nil {
				return false, nil
			}
		}
		return len(r.Faults) > 0, nil
	}).WithTemplate("{{.Actual.Scenario.Name}} {{.To}} have faults, each seen in force and seen healed; it has " +
		"{{range .Actual.Faults}}\n  {{.Name}} confirmed={{.Confirmed}} by={{.By}}{{end}}")
}

// Recover succeeds when the recovery time was measured, ended, and lies within the limit of lab time.
func Recover(within time.Duration) types.GomegaMatcher {
	return measured("recovery time", within, func(r evidence.Result) (measure.Interval, error) {
		m := r.Metrics.RecoveryTime
		if m == nil {
			return measure.Interval{}, fmt.Errorf("%s measured no recovery time", r.Scenario.Name)
		}
		return m.Interval, nil
	})
}

// LoseAtMost succeeds when the recovery point was measured and lies within the limit of lab time.
func LoseAtMost(limit time.Duration) types.GomegaMatcher {
	return measured("recovery point", limit, func(r evidence.Result) (measure.Interval, error) {
		m := r.Metrics.RecoveryPoint
		if m == nil {
			return measure.Interval{}, fmt.Errorf("%s measured no recovery point", r.Scenario.Name)
		}
		return m.Interval, nil
	})
}

// LoseNothing succeeds when writes were acknowledged before the fault and none of them was lost.
func LoseNothing() types.GomegaMatcher {
	return gomega.WithTransform(func(r evidence.Result) (int, error) {
		m := r.Metrics.RecoveryPoint
		if m == nil || m.Acked == 0 {
			return 0, fmt.Errorf("%s measured no recovery point", r.Scenario.Name)
		}
		return m.Lost, nil
	}, gomega.BeZero())
}

// LeaveNothing succeeds when no container, network or volume of the lab outlived it.
func LeaveNothing() types.GomegaMatcher {
	return gomega.WithTransform(func(r evidence.Result) (int, error) {
		if r.Schema != evidence.Schema {
			return 0, errors.New("not the result of a drill")
		}
		return r.Leftovers, nil
	}, gomega.BeZero())
}

// measured wants a non-empty interval that ends within the limit.
func measured(what string, limit time.Duration,
	of func(evidence.Result) (measure.Interval, error),
) types.GomegaMatcher {
	return gcustom.MakeMatcher(func(r evidence.Result) (bool, error) {
		i, err := of(r)
		if err != nil {
			return false, err
		}
		if i.Lo == nil {
			return false, fmt.Errorf("%s: the %s has no lower end", r.Scenario.Name, what)
		}
		return i.Hi != nil && i.Lo.Duration() <= i.Hi.Duration() && i.Hi.Duration() <= limit, nil
	}).WithTemplate("{{.Actual.Scenario.Name}} {{.To}} have a "+what+" within {{.Data}}; its reasons: {{range "+
		".Actual.Reasons}}\n  {{.}}{{end}}", limit)
}
