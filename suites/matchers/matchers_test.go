package matchers

import (
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega/types"

	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/measure"
)

func lo(ms int) *measure.Low { return new(measure.Low(time.Duration(ms) * time.Millisecond)) }

func hi(ms int) *measure.High { return new(measure.High(time.Duration(ms) * time.Millisecond)) }

func span(from, to int) *measure.Span {
	return &measure.Span{Lo: time.Duration(from) * time.Millisecond, Hi: time.Duration(to) * time.Millisecond}
}

// good is a drill that every matcher accepts; each bad one differs from it in one place.
func good() evidence.Result {
	return evidence.Result{
		Schema: evidence.Schema, Scenario: evidence.Scenario{Name: "example"}, Status: evidence.Completed,
		Verdict:  measure.Pass,
		Reasons:  []string{"all is well"},
		Expected: evidence.Expected{Verdict: measure.Pass, Met: true},
		Faults: []evidence.Fault{
			{Name: "lose_region", Confirmed: true, By: "the door is shut", Effective: span(1, 2), Healed: span(3, 4)},
			{Name: "latency", Confirmed: true, Effective: span(1, 1), Healed: span(3, 3)},
		},
		Metrics: measure.Metrics{
			RecoveryTime:  &measure.RecoveryTime{Interval: measure.Interval{Lo: lo(900), Hi: hi(1000)}},
			RecoveryPoint: &measure.RecoveryPoint{Acked: 100, Interval: measure.Interval{Lo: lo(0), Hi: hi(1000)}},
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
				"late": func(r *result) { r.Metrics.RecoveryTime.Hi = hi(1001) },
				"never": func(r *result) {
					r.Metrics.RecoveryTime.Hi, r.Metrics.RecoveryTime.Censored = nil,
						true
				},
				"before it began": func(r *result) {
					r.Metrics.RecoveryTime.Lo = lo(1001)
					r.Metrics.RecoveryTime.Hi = hi(900)
				},
			},
			wrong: map[string]func(*result){
				"not measured": func(r *result) { r.Metrics.RecoveryTime = nil },
				"no lower end": func(r *result) { r.Metrics.RecoveryTime.Lo = nil },
			},
		},
		{
			name: "LoseAtMost", match: LoseAtMost(time.Second),
			bad: map[string]func(*result){
				"too much":     func(r *result) { r.Metrics.RecoveryPoint.Hi = hi(1001) },
				"nobody knows": func(r *result) { r.Metrics.RecoveryPoint.Hi = nil },
				"before it began": func(r *result) {
					r.Metrics.RecoveryPoint.Lo = lo(1001)
					r.Metrics.RecoveryPoint.Hi = hi(900)
				},
			},
			wrong: map[string]func(*result){
				"not measured": func(r *result) { r.Metrics.RecoveryPoint = nil },
				"no lower end": func(r *result) { r.Metrics.RecoveryPoint.Lo = nil },
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
				if text := c.match.FailureMessage(r); !strings.Contains(text, "to ") || strings.Contains(text, "{{") ||
					strings.Contains(text, "%!") {
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
			for _, other := range []any{"a result", 7, &r, []evidence.Result{r}, measure.Metrics{}} {
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
	r.Expected.Met, r.Verdict, r.Reasons = false, measure.Fail, []string{"lost 3 of 100 acknowledged writes"}
	r.Metrics.RecoveryTime.Hi, r.Faults[0].Confirmed = hi(2500), false
	for _, c := range []struct {
		match types.GomegaMatcher
		want  []string
	}{
		{MeetItsExpectation(), []string{
			"example", "to meet its expectation (pass)",
			"ended completed with verdict fail", "lost 3 of 100",
		}},
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
