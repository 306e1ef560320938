package measure

import (
	"fmt"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// FindingDeadline compares when the app's job was done with the objective.
const FindingDeadline = "deadline"

// DeadlineObjective says until when a job must be done.
type DeadlineObjective struct {
	Job        string        // empty: the first that is ordered
	Within     time.Duration // of the lab, after it was ordered
	Begins, By time.Duration // by the clock of the story: since midnight
}

// Deadline is how long the app's job took, from its order until it was seen to be done.
type Deadline struct {
	Job string `json:"job"`
	Interval
	Censored bool `json:"censored"` // it was not seen to be done
	Objective
	Verdict Verdict `json:"verdict"`
}

// MeasureDeadline is how long the app's job took: from its first order, o, to when what says that it is done was
// written last, between two listings of its objects, d: from d.lo - o.hi to d.hi - o.lo. It is censored where that was
// never seen. Without an order nothing was put to the test. It is nil where nothing is promised of that.
func MeasureDeadline(h history.History, s Spec) *Deadline { //nolint:revive // Deadline is what it returns
	if s.Deadline == nil {
		return nil
	}
	within := s.Deadline.Within
	m := &Deadline{Objective: s.objective(within)}
	order, ordered := orderOf(h, s.Deadline.Job)
	if !ordered {
		return m
	}
	m.Job = order.Detail
	done, is := doneSight(h, s.Deadline.Job)
	if !is {
		m.Interval, m.Censored = more(max(0, endOf(h)-order.At.Hi)), true
		if m.Lo.Duration() > within {
			m.Verdict = Fail
		}
		return m
	}
	lo, hi := max(0, done.At.Lo-order.At.Hi), done.At.Hi-order.At.Lo
	m.Interval, m.Verdict = fromTo(lo, hi), against(lo, hi, within)
	return m
}

// clock says when something was by the clock of the story, that long after the job began.
func (o DeadlineObjective) clock(took time.Duration, timescale float64) string {
	const day = 24 * time.Hour
	at := o.Begins + AtScale(took, timescale)
	text := timeOfDay(at % day)
	if days := at / day; days > 0 {
		text += fmt.Sprintf(" (+%d d)", days)
	}
	return text
}

// timeOfDay is a time since midnight, such as 14:00.
func timeOfDay(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
}

// deadlines is the checker of when a job was done.
type deadlines struct{ promises }

// IDs are those of its findings.
func (deadlines) IDs() []string { return []string{FindingDeadline} }

// Measure notes how long it took.
func (deadlines) Measure(v *view, m *Metrics) { m.Deadline = MeasureDeadline(v.History, v.spec) }

// Find compares it with the objective.
func (deadlines) Find(v *view, m Metrics) []Finding {
	d, o := m.Deadline, v.spec.Deadline
	if d == nil {
		return nil
	}
	f := Finding{ID: FindingDeadline, Checker: "deadline", Verdict: d.Verdict}
	clock := func(took time.Duration) string { return o.clock(took, v.spec.Timescale) }
	promise := fmt.Sprintf("(objective %s, %s after it was ordered)", timeOfDay(o.By), d.promise())
	switch {
	case d.Lo == nil:
		f.Detail = "no job was ordered: nobody knows when it would be done"
	case d.Censored:
		f.Detail = fmt.Sprintf("job %s was not done %s after it was ordered, at %s %s", d.Job, AtLeast(d.Lo.Duration()),
			clock(d.Lo.Duration()), promise)
	default:
		f.Detail = fmt.Sprintf("job %s was done after %s, at %s %s", d.Job, Between(d.Lo.Duration(), d.Hi.Duration()),
			clock(d.Hi.Duration()), promise)
	}
	return []Finding{f}
}

// Rows show how long it took.
func (deadlines) Rows(s rowSource) []Row {
	d := s.Metrics.Deadline
	if d == nil {
		return nil
	}
	out := Row{
		ID: FindingDeadline, Name: "deadline", Judged: true, Verdict: d.Verdict, Objective: d.promise(),
		Measured: d.took(d.Censored, 1), Deviation: d.deviation(d.Interval, d.Censored),
	}
	// A job of the lab takes as long as the lab is told that it does, which is scaled.
	s.full(&out, d.Objective, func(scale float64) string { return d.took(d.Censored, scale) })
	return []Row{out}
}
