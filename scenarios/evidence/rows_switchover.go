package evidence

import "strconv"

// gapRow says for how long nobody could write while regions changed roles: the longest time, or as a part of it that of one switchover, by its number.
func (r Result) gapRow(g WriteGap, number int) row {
	out := row{ID: "write_gap", Name: "write gap", Judged: true, Verdict: g.Verdict, Objective: promised(*g.ObjectiveMS)}
	if number > 0 {
		out.ID, out.Name, out.Part = "write_gap."+strconv.Itoa(number), "to "+g.To, true
	}
	say := func(scale float64) string { return took(g.LoMS, g.HiMS, g.Censored, scale) }
	out.Measured, out.Deviation = say(1), deviation(g.LoMS, g.HiMS, g.Censored, *g.ObjectiveMS)
	r.full(&out, g.FullObjectiveMS, say)
	return out
}
