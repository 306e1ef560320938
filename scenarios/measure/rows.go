package measure

// Row is one measurement in words, the same in every rendering.
type Row struct {
	ID        string // recovery_point, recovery_point.objects
	Name      string
	Part      bool // of the row above: a store of the recovery point
	Objective string
	Measured  string
	Deviation string
	// The same in the time of the story, when that is another. What is measured there is the lab's times the timescale,
	// or Extrapolated: from parts of which only some are.
	FullObjective, FullMeasured string
	Extrapolated                bool
	Judged                      bool
	Verdict                     Verdict
}

// Word is what stands in the column of verdicts.
func (r Row) Word() string {
	if !r.Judged {
		return "measured"
	}
	return r.Verdict.String()
}

// Against is the objective as a sentence says it, and empty where the measurement says it itself.
func (r Row) Against() string {
	if r.Objective == "" || r.Objective == always {
		return ""
	}
	return "objective " + r.Objective
}

// always is the objective of what may not happen once.
const always = "always"

// rowSource is a report and the timescale that its rows are written for.
type rowSource struct {
	Report
	timescale float64
}

// Rows are what was measured, in words, of a drill at a timescale.
func (r Report) Rows(timescale float64) []Row {
	var all []Row
	for _, c := range checkers {
		all = append(all, c.Rows(rowSource{r, timescale})...)
	}
	return all
}

// full adds the time of the story, where the lab's is not the same. What was measured is said by say: nothing, where it
// is made of what is scheduled and of what is physical, and nobody knows of how much of which. Times the timescale it
// would contradict the recovery time, which is told apart so.
func (s rowSource) full(out *Row, o Objective, say func(scale float64) string) {
	if s.timescale == 1 || s.timescale <= 0 {
		return
	}
	if o.WithinFull != nil && *o.WithinFull > 0 {
		out.FullObjective = Promise(o.WithinFull.Duration())
	}
	if say != nil {
		out.FullMeasured = say(s.timescale)
	}
}

// verdict of a finding, and whether it was made.
func (s rowSource) verdict(id string) (Verdict, bool) {
	for _, f := range s.Findings {
		if f.ID == id {
			return f.Verdict, true
		}
	}
	return Inconclusive, false
}
