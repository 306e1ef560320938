package scenarios

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// Warnings are what the scenario says that the lab can't do in time: steps that will be late, since a step waits until
// the fault before it is confirmed, and takes a baseline of its own before it is ordered. Each is a complaint at its
// place, and the scenario can be run all the same.
func (s *Scenario) Warnings() []*file.Problem {
	plan, err := s.Compile()
	if err != nil {
		return nil // there is more to complain about
	}
	var all []*file.Problem
	for _, l := range lateSteps(plan) {
		all = append(all, s.Problem(itemPath("steps", l.step)+".at", "%s", l.words(plan)))
	}
	return all
}

// lateStep is a step that will be late by a time, for the one before it, or for its own baseline where that is none.
type lateStep struct {
	step, before  int
	late, takes   time.Duration
	own, earliest time.Duration // for its own baseline; when it can be ordered
}

// lateSteps are those that will be late, as far as that is known beforehand. When a step comes that waits for something
// is not; nor is what comes after it. The first step may be late, since nothing comes before it, and one that asks for
// no time can't be.
func lateSteps(p drill.Plan) []lateStep {
	var all []lateStep
	var free, took time.Duration // when the step before it is done, and what it takes
	for i, s := range p.Steps {
		if s.When != "" || s.Stage != "" || s.After != "" {
			return all
		}
		var takes fault.Time
		for _, f := range s.Inject { // their baselines come one after the other, and they are seen together
			one := fault.Takes(f, p.Topology)
			takes.Before += one.Before
			takes.Seen = max(takes.Seen, one.Seen)
		}
		ordered := max(free, s.At) + takes.Before
		if late := ordered - s.At; i > 0 && s.At > 0 && late > measure.LateStep {
			all = append(all, lateStep{
				step: i, before: i - 1, late: late, takes: took, own: takes.Before, earliest: ordered,
			})
		}
		free, took = ordered+takes.Seen, takes.Seen
	}
	return all
}

func (l lateStep) words(p drill.Plan) string {
	var why []string
	if l.late > l.own {
		why = append(why, fmt.Sprintf("it waits until %s is confirmed, which takes about %s",
			subject(p.Steps[l.before]), file.Short(l.takes)))
	}
	if l.own > 0 {
		why = append(why, fmt.Sprintf("its baseline takes about %s", file.Short(l.own)))
	}
	earliest := time.Duration(math.Ceil(l.earliest.Minutes()*p.Timescale)) * time.Minute
	return fmt.Sprintf("%s will be about %s of lab time late, since %s: let it come at %s or later, or use a smaller "+
		"timescale", subject(p.Steps[l.step]), file.Short(l.late), strings.Join(why, " and "), file.Short(earliest))
}

// subject is what a step is called where it is told of.
func subject(s drill.Step) string {
	if len(s.Inject) == 0 {
		return stepText(s)
	}
	var kinds []string
	for _, f := range s.Inject {
		kinds = append(kinds, f.Kind())
	}
	return strings.Join(kinds, " and ")
}
