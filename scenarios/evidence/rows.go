package evidence

import (
	"fmt"
	"slices"
	"strings"

	"github.com/regionfall/regionfall/scenarios/measure"
)

// row is one measurement in words, the same in every rendering.
type row struct {
	ID        string // recovery_point, recovery_point.objects
	Name      string
	Part      bool // of the row above: a store of the recovery point
	Objective string
	Measured  string
	Deviation string
	// The same in the time of the story, when that is another.
	FullObjective, FullMeasured string
	Judged                      bool
	Verdict                     Verdict
}

// word is what stands in the column of verdicts.
func (r row) Word() string {
	if !r.Judged {
		return "measured"
	}
	return r.Verdict.String()
}

func (r Result) rows() []row {
	var rows []row
	if t := r.Metrics.RecoveryTime; t != nil {
		rows = append(rows, r.timeRow(*t))
	}
	if p := r.Metrics.RecoveryPoint; p != nil {
		rows = append(rows, r.pointRow(*p))
		if len(p.Stores) > 1 {
			for _, s := range p.Stores {
				rows = append(rows, r.pointRow(s))
			}
		}
	}
	if l := r.Metrics.ReplicationLag; l != nil {
		rows = append(rows, lagRows(*l)...)
	}
	if c := r.Metrics.Capacity; c != nil {
		rows = append(rows, r.capacityRows(*c)...)
	}
	if c := r.Metrics.Clients; c != nil {
		rows = append(rows, r.clientsRow(*c))
	}
	if c := r.Metrics.StaleConfig; c != nil {
		rows = append(rows, r.staleConfigRows(*c)...)
	}
	if g := r.Metrics.WriteGap; g != nil {
		rows = append(rows, r.gapRow(*g, 0))
		for i, each := range g.Each {
			rows = append(rows, r.gapRow(each, i+1))
		}
	}
	for _, s := range r.Metrics.Sessions {
		rows = append(rows, r.sessionRow(s))
	}
	rows = append(rows, r.readRows()...)
	if l := r.Metrics.WriteLatency; l != nil {
		rows = append(rows, row{ID: "write_latency", Name: "write latency", Measured: l.words()})
	}
	return rows
}

func (l Latency) words() string {
	return fmt.Sprintf("p50 %s, p99 %s, max %s", exactly(l.P50MS), exactly(l.P99MS), exactly(l.MaxMS))
}

func (r Result) timeRow(t RecoveryTime) row {
	out := row{ID: "recovery_time", Name: "recovery time", Judged: t.ObjectiveMS != nil, Verdict: t.Verdict, Measured: "not measured"}
	say := func(scale float64) string { return took(t.LoMS, t.HiMS, t.Censored, scale) }
	if lab := say(1); lab != "" {
		out.Measured = lab
	}
	if t.Censored {
		out.Measured += " (never recovered)"
	}
	if n := len(t.Outages); n > 1 {
		out.Measured += ", the worst of " + count(n, "outage", "outages")
	}
	if t.ObjectiveMS != nil {
		out.Objective = promised(*t.ObjectiveMS)
		out.Deviation = deviation(t.LoMS, t.HiMS, t.Censored, *t.ObjectiveMS)
	}
	r.full(&out, t.FullObjectiveMS, say)
	return out
}

// capacityRows put what a naive measure says, when the first operation was served again, beside what was sustained.
func (r Result) capacityRows(c Capacity) []row {
	var rows []row
	if t := r.Metrics.RecoveryTime; t != nil && t.FirstSuccessMS != nil {
		first := row{ID: "first_success", Name: "first success", Measured: exactly(*t.FirstSuccessMS)}
		r.full(&first, nil, func(scale float64) string { return exactly(atScale(*t.FirstSuccessMS, scale)) })
		rows = append(rows, first)
	}
	standby := row{
		ID: "standby_capacity", Name: "standby capacity", Judged: true, Verdict: c.Verdict, Measured: "not measured",
		Objective: inPercent(c.Objective),
	}
	if c.ShareLo != nil && c.ShareHi != nil && c.Demand != nil {
		standby.Measured = fmt.Sprintf("%s … %s of %.4g/s", inPercent(*c.ShareLo), inPercent(*c.ShareHi), *c.Demand)
	}
	rows = append(rows, standby)
	if before, after := c.AmplificationBefore, c.AmplificationAfter; before != nil && after != nil && (*before > 1 || *after > 1) {
		rows = append(rows, row{
			ID: "amplification", Name: "calls per operation", Measured: fmt.Sprintf("%.2f before the fault, %.2f after it", *before, *after),
		})
	}
	return rows
}

func inPercent(share float64) string { return fmt.Sprintf("%.4g %%", 100*share) }

func (r Result) clientsRow(c Clients) row {
	out := row{ID: "clients_moved", Name: "last client moved"}
	say := func(scale float64) string {
		switch {
		case c.Censored && c.LoMS != nil:
			return "> " + atLeast(atScale(*c.LoMS, scale))
		case c.LoMS != nil && c.HiMS != nil:
			return between(atScale(*c.LoMS, scale), atScale(*c.HiMS, scale))
		case c.HiMS != nil:
			return "≤ " + atMost(atScale(*c.HiMS, scale))
		}
		return "not measured"
	}
	out.Measured = say(1)
	if c.Censored {
		out.Measured += fmt.Sprintf(" (%d of %d did)", c.Moved, c.Count)
	}
	r.full(&out, nil, say)
	return out
}

func (r Result) pointRow(p RecoveryPoint) row {
	out := row{ID: "recovery_point", Name: "recovery point", Judged: p.ObjectiveMS != nil, Verdict: p.Verdict}
	if p.Name != "" {
		out.ID, out.Name, out.Part = "recovery_point."+p.Name, p.Name, true
		if p.Rule != "" {
			out.Name += " " + p.Rule
		}
	}
	lo := p.LoMS
	if p.Lost == 0 {
		lo = nil // nothing lost has a bound, not an interval
	}
	say := func(scale float64) string {
		switch {
		case lo != nil && p.HiMS != nil:
			return between(atScale(*lo, scale), atScale(*p.HiMS, scale))
		case p.HiMS != nil:
			return "≤ " + atMost(atScale(*p.HiMS, scale))
		case lo != nil:
			return "≥ " + atLeast(atScale(*lo, scale))
		}
		return ""
	}
	out.Measured = fmt.Sprintf("%d of %d lost", p.Lost, p.Acked)
	if lab := say(1); lab != "" && p.Lost == 0 {
		out.Measured += " (" + lab + ")"
	} else if lab != "" {
		out.Measured += ", " + lab
	}
	if p.ObjectiveMS != nil {
		out.Objective = promised(*p.ObjectiveMS)
		if *p.ObjectiveMS == 0 {
			out.Objective = "none lost" // judged by count
		}
		out.Deviation = deviation(lo, p.HiMS, false, *p.ObjectiveMS)
	}
	r.full(&out, p.FullObjectiveMS, say)
	return out
}

// full adds the time of the story, where the lab's is not the same.
func (r Result) full(out *row, objective *int64, say func(float64) string) {
	n := r.Scenario.Timescale
	if n == 1 || n <= 0 {
		return
	}
	if objective != nil && *objective > 0 {
		out.FullObjective = promised(*objective)
	}
	out.FullMeasured = say(n)
}

// Why says in one sentence why the drill ended as it did.
func (r Result) Why() string {
	switch {
	case r.Status == Errored:
		return "The harness could not do its work: " + strings.TrimSuffix(r.Error, ".") + "."
	case r.Status == Interrupted:
		return "The drill was interrupted; what was measured until then proves nothing."
	case len(r.Reasons) > 0:
		return r.Reasons[0]
	}
	return "Nothing was measured."
}

// Command repeats the drill.
func (r Result) Command() string {
	if r.Scenario.Repeat != "" {
		return "regionfall run " + r.Scenario.Repeat
	}
	return "regionfall run " + r.Scenario.Name
}

// Expectation says what the scenario's author expected and whether it came true, and if not why. Empty when pass was expected and
// nothing else is to be said.
func (r Result) Expectation() string {
	if r.Expected.Verdict != Fail {
		return ""
	}
	text := "expected fail"
	if len(r.Expected.Findings) > 0 {
		text += ": " + strings.Join(r.Expected.Findings, ", ")
	}
	if r.Expected.Met {
		return text + ": met"
	}
	if r.Status != Completed {
		return text + ": not met (the drill did not complete)"
	}
	var why []string
	missing, surplus := r.unexpected()
	if slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.ID == measure.FindingDrill && f.Verdict != Pass }) {
		why = append(why, "the drill proves nothing")
	}
	if len(missing) > 0 {
		why = append(why, "not found: "+strings.Join(missing, ", "))
	}
	if len(surplus) > 0 {
		why = append(why, "not expected: "+strings.Join(surplus, ", "))
	}
	if len(why) == 0 {
		why = append(why, "the verdict is "+r.Verdict.String())
	}
	return text + ": not met (" + strings.Join(why, "; ") + ")"
}

// FullScale is the extrapolation in words; empty when there is none.
func (r Result) FullScale() string {
	t := r.Metrics.RecoveryTime
	if t == nil || t.FullScaleMS == nil || r.Scenario.Timescale == 1 {
		return ""
	}
	return fmt.Sprintf("At full scale, by extrapolation (scaled phases %s, physical phases as they were): recovered in about %s.",
		scaleWord(r.Scenario.Timescale), exactly(*t.FullScaleMS))
}
