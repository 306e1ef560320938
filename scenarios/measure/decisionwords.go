package measure

import (
	"fmt"
	"slices"
	"strings"
)

// fewFlips is how many flips a sentence, and the rows, have.
const fewFlips = 3

// decisionsStand is the checker of decisions.
type decisionsStand struct{ promises }

// IDs are those of its findings.
func (decisionsStand) IDs() []string { return []string{FindingDecisions} }

// Measure notes how well they stood.
func (decisionsStand) Measure(v *view, m *Metrics) { m.Decisions = v.decisions() }

// Find says whether one fell without a reason.
func (decisionsStand) Find(_ *view, m Metrics) []Finding {
	if m.Decisions == nil {
		return nil
	}
	return []Finding{m.Decisions.finding()}
}

func (d Decisions) finding() Finding {
	f := Finding{ID: FindingDecisions, Checker: "decisions", Verdict: d.Verdict}
	switch {
	case d.Subjects == 0 && len(d.Flips) == 0:
		f.Detail = "nobody who had been approved was answered after the fault: nothing is known"
		return f
	case len(d.Flips) == 0:
		f.Detail = fmt.Sprintf("%d subjects who had been approved were given %s after the fault (%d of them pending), "+
			"and none was denied without a recorded reason", d.Subjects, Count(d.Answers, "answer", "answers"),
			d.Pending)
		return f
	}
	f.Detail = fmt.Sprintf("%s of %d who had been approved flipped without a recorded reason, %d of them to approved "+
		"again", Count(d.flipped(), "subject", "subjects"), max(d.Subjects, d.flipped()), d.again())
	if d.Behind != nil {
		f.Detail += fmt.Sprintf("; the oldest write of which whoever denied did not know was %s old at the fault",
			AtLeast(d.Behind.Duration()))
	}
	var each []string
	for _, flip := range d.examples() {
		each = append(each, flip.Subject+" was "+flip.words())
	}
	for _, flip := range d.Flips {
		if id := flip.Approved.By; id != "" {
			f.Evidence = append(f.Evidence, id)
		}
	}
	f.Detail += ": " + strings.Join(each, "; ")
	if more := len(d.Flips) - fewFlips; more > 0 {
		f.Detail += fmt.Sprintf("; and %d more", more)
	}
	f.Evidence = firstIDs(f.Evidence)
	return f
}

// examples are the first flips, of those that were seen to their end if there are any.
func (d Decisions) examples() []Flip {
	all := slices.Clone(d.Flips)
	slices.SortStableFunc(all, func(a, b Flip) int {
		switch {
		case (a.Again == nil) == (b.Again == nil):
			return 0
		case a.Again != nil:
			return -1
		}
		return 1
	})
	return all[:min(len(all), fewFlips)]
}

// flipped is how many subjects did.
func (d Decisions) flipped() int {
	who := map[string]bool{}
	for _, f := range d.Flips {
		who[f.Subject] = true
	}
	return len(who)
}

// again is how many of them were approved again.
func (d Decisions) again() int {
	who := map[string]bool{}
	for _, f := range d.Flips {
		if f.Again != nil {
			who[f.Subject] = true
		}
	}
	return len(who)
}

// words tell one flip, with its times since the recorder started.
func (f Flip) words() string {
	text := "approved by " + f.Approved.words() + ", denied by " + f.Denied.words()
	if f.Denials > 1 {
		text += " and " + Count(f.Denials-1, "more time", "more times")
	}
	if f.Again != nil {
		text += ", approved again by " + f.Again.words()
	} else {
		text += ", and not seen approved again"
	}
	return text + " (" + f.Why + ")"
}

// brief has the times only.
func (f Flip) brief() string {
	text := fmt.Sprintf("approved at %s, denied at %s (%s)", Exactly(f.Approved.At.Hi), Exactly(f.Denied.At.Hi),
		Count(f.Denials, "time", "times"))
	if f.Again != nil {
		text += ", approved at " + Exactly(f.Again.At.Hi)
	}
	return text
}

func (t Told) words() string {
	text := t.Region + " at " + Exactly(t.At.Hi)
	if t.By != "" {
		text += " for " + t.By
	}
	return text
}

// Rows say how many flipped and for how long, and below it who was the first.
func (decisionsStand) Rows(s rowSource) []Row {
	d := s.Metrics.Decisions
	if d == nil {
		return nil
	}
	out := Row{
		ID: FindingDecisions, Name: "decisions", Objective: always, Judged: true, Verdict: d.Verdict,
		Measured: "not measured",
	}
	switch {
	case len(d.Flips) > 0:
		out.Measured = d.words(1)
		s.full(&out, Objective{}, d.words)
	case d.Subjects > 0:
		out.Measured = fmt.Sprintf("%s stood, %d of %s pending", Count(d.Subjects, "decision", "decisions"), d.Pending,
			Count(d.Answers, "answer", "answers"))
	}
	rows := []Row{out}
	for _, f := range d.examples() {
		rows = append(rows, Row{
			ID: FindingDecisions + "." + f.Subject, Name: f.Subject, Part: true, Measured: f.brief(),
		})
	}
	return rows
}

// words say how many flipped, in the time of a scale.
func (d Decisions) words(scale float64) string {
	text := fmt.Sprintf("%d of %s flipped, denied for %s or more", d.flipped(),
		Count(max(d.Subjects, d.flipped()), "subject", "subjects"), AtLeast(AtScale(d.Lo.Duration(), scale)))
	if d.Behind != nil {
		text += ", " + AtLeast(AtScale(d.Behind.Duration(), scale)) + " behind or more"
	}
	return text
}
