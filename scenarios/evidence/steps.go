package evidence

import (
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// stepsOf are the steps of a history in the form of result.json.
func stepsOf(h history.History) []Step {
	var all []Step
	for _, s := range h.Steps {
		all = append(all, Step{
			Action: s.Action, Of: s.Of, Target: s.Target, By: s.By, Waited: s.Waited, Due: measure.Near(s.Due),
			Began: measure.Near(s.Began), Late: measure.Near(s.Late()),
		})
	}
	return all
}

// isLate says whether it began so late that it has to be told.
func (s Step) isLate() bool { return s.Late.Duration() > measure.LateStep }

// words say what it does.
func (s Step) words() string { return history.Step{Action: s.Action, Of: s.Of}.Words() }

// late are the steps that have to be told to have been late, a sentence each.
func (r Result) late() []string {
	var all []string
	for _, s := range r.Steps {
		if s.isLate() {
			all = append(all, s.words()+" was due at "+measure.Exactly(s.Due.Duration())+", and was "+
				measure.Exactly(s.Late.Duration())+" late")
		}
	}
	return all
}

// eachLate goes through the steps that have to be told to have been late, by when they were due.
func (r Result) eachLate(do func(due time.Duration, what, detail string)) {
	for _, s := range r.Steps {
		if s.isLate() {
			do(s.Due.Duration(), s.words()+" due", "it began "+measure.Exactly(s.Late.Duration())+" later")
		}
	}
}
