package matchers

import (
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega/types"

	"github.com/regionfall/regionfall/scenarios/evidence"
)

func ms(n int64) *int64 { return &n }

// good is a drill that every matcher accepts; each bad one differs from it in one place.
func good() evidence.Result {
	return evidence.Result{
		Schema: evidence.Schema, Scenario: evidence.Scenario{Name: "example"}, Status: evidence.Completed, Verdict: evidence.Pass,
		Reasons:  []string{"all is well"},
		Expected: evidence.Expected{Verdict: evidence.Pass, Met: true},
		Faults: []evidence.Fault{
			{Name: "lose_region", Confirmed: true, By: "the door is shut", Effective: &evidence.Span{1, 2}, Healed: &evidence.Span{3, 4}},
			{Name: "latency", Confirmed: true, Effective: &evidence.Span{1, 1}, Healed: &evidence.Span{3, 3}},
		},
		Metrics: evidence.Metrics{
			RecoveryTime:  &evidence.RecoveryTime{LoMS: ms(900), HiMS: ms(1000)},
			RecoveryPoint: &evidence.RecoveryPoint{Acked: 100, LoMS: ms(0), HiMS: ms(1000)},
		},
	}
}

func TestMatchers(t *testing.T) {
	type result = evidence.Result
	for _, c := range []struct {
		name  string
		match types.GomegaMatcher
		bad   map[string]func(*result) // does not match
		wrong map[string]func(*result) // can't be asked: an error
	}{
		{
			name: "MeetItsExpectation", match: MeetItsExpectation(),
			bad: map[string]func(*result){
				"not met": func(r *result) { r.Expected.Met = false },
				"nothing": func(r *result) { *r = result{} },
			},
		},
		{
			name: "HaveAConfirmedFault", match: HaveAConfirmedFault(),
			bad: map[string]func(*result){
				"no fault":                  func(r *result) { r.Faults = nil },
				"first not confirmed":       func(r *result) { r.Faults[0].Confirmed = false },
				"last not confirmed":        func(r *result) { r.Faults[1].Confirmed = false },
				"nobody knows when":         func(r *result) { r.Faults[0].Effective = nil },
				"not healed":                func(r *result) { r.Faults[1].Healed = nil },
				"ordered, and no more seen": func(r *result) { r.Faults = []evidence.Fault{{Name: "lose_region"}} },
			},
		},
		{
			name: "Recover", match: Recover(time.Second),
			bad: map[string]func(*result){
				"late":            func(r *result) { r.Metrics.RecoveryTime.HiMS = ms(1001) },
				"never":           func(r *result) { r.Metrics.RecoveryTime.HiMS, r.Metrics.RecoveryTime.Censored = nil, true },
				"before it began": func(r *result) { r.Metrics.RecoveryTime.LoMS = ms(1001); r.Metrics.RecoveryTime.HiMS = ms(900) },
			},
			wrong: map[string]func(*result){
				"not measured": func(r *result) { r.Metrics.RecoveryTime = nil },
				"no lower end": func(r *result) { r.Metrics.RecoveryTime.LoMS = nil },
			},
		},
		{
			name: "LoseAtMost", match: LoseAtMost(time.Second),
			bad: map[string]func(*result){
				"too much":        func(r *result) { r.Metrics.RecoveryPoint.HiMS = ms(1001) },
				"nobody knows":    func(r *result) { r.Metrics.RecoveryPoint.HiMS = nil },
				"before it began": func(r *result) { r.Metrics.RecoveryPoint.LoMS = ms(1001); r.Metrics.RecoveryPoint.HiMS = ms(900) },
			},
			wrong: map[string]func(*result){
				"not measured": func(r *result) { r.Metrics.RecoveryPoint = nil },
				"no lower end": func(r *result) { r.Metrics.RecoveryPoint.LoMS = nil },
			},
		},
		{
			name: "LoseNothing", match: LoseNothing(),
			bad: map[string]func(*result){"one lost": func(r *result) { r.Metrics.RecoveryPoint.Lost = 1 }},
			wrong: map[string]func(*result){
				"not measured":         func(r *result) { r.Metrics.RecoveryPoint = nil },
				"nothing was at stake": func(r *result) { r.Metrics.RecoveryPoint.Acked = 0 },
			},
		},
		{
			name: "LeaveNothing", match: LeaveNothing(),
			bad:   map[string]func(*result){"one left": func(r *result) { r.Leftovers = 1 }},
			wrong: map[string]func(*result){"of no drill": func(r *result) { *r = result{} }},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := good()
			if ok, err := c.match.Match(r); !ok || err != nil {
				t.Errorf("a good drill: %t, %v", ok, err)
			}
			if text := c.match.NegatedFailureMessage(r); !strings.Contains(text, "not to") {
				t.Errorf("negated, it says %q", text)
			}
			for name, change := range c.bad {
				r := good()
				change(&r)
				if ok, err := c.match.Match(r); ok || err != nil {
					t.Errorf("%s: %t, %v", name, ok, err)
				}
				if text := c.match.FailureMessage(r); !strings.Contains(text, "to ") || strings.Contains(text, "{{") || strings.Contains(text, "%!") {
					t.Errorf("%s: it says %q", name, text)
				}
			}
			for name, change := range c.wrong {
				r := good()
				change(&r)
				if ok, err := c.match.Match(r); ok || err == nil || !strings.Contains(err.Error(), r.Scenario.Name) {
					t.Errorf("%s: want an error that names the scenario: %t, %v", name, ok, err)
				}
			}
			if ok, _ := c.match.Match(nil); ok {
				t.Error("nil was taken for a drill")
			}
			for _, other := range []any{"a result", 7, &r, []evidence.Result{r}, evidence.Metrics{}} {
				if ok, err := c.match.Match(other); ok || err == nil {
					t.Errorf("a %T was taken: %t, %v", other, ok, err)
				}
			}
		})
	}
}

// What a failure says is what a person reads first in the log of a build.
func TestFailuresSayWhy(t *testing.T) {
	r := good()
	r.Expected.Met, r.Verdict, r.Reasons = false, evidence.Fail, []string{"lost 3 of 100 acknowledged writes"}
	r.Metrics.RecoveryTime.HiMS, r.Faults[0].Confirmed = ms(2500), false
	for _, c := range []struct {
		match types.GomegaMatcher
		want  []string
	}{
		{MeetItsExpectation(), []string{"example", "to meet its expectation (pass)", "ended completed with verdict fail", "lost 3 of 100"}},
		{HaveAConfirmedFault(), []string{"example", "lose_region confirmed=false by=the door is shut"}},
		{Recover(time.Second), []string{"example", "recovery time within 1s", "lost 3 of 100"}},
	} {
		text := c.match.FailureMessage(r)
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%q is missing in %q", want, text)
			}
		}
	}
}
