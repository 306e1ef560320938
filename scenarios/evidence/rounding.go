package evidence

import (
	"math"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// Intervals are rounded outwards, so that one which is not empty stays so and still holds the true value. Objectives are rounded up
// like the upper ends they are compared with: what passed before rounding does after.

func metricsOf(m measure.Metrics, timescale float64) Metrics {
	out := Metrics{}
	if t := m.RecoveryTime; t != nil {
		out.RecoveryTime = &RecoveryTime{
			LoMS: down(t.LoMS), HiMS: up(t.HiMS), Censored: t.Censored, FirstSuccessMS: nearest(t.FirstSuccessMS), Cause: t.Cause,
			ObjectiveMS: up(t.ObjectiveMS), FullObjectiveMS: fullScale(t.ObjectiveMS, timescale), Verdict: verdictOf(t.Verdict),
			Phases: phasesOf(t.Phases), FullScaleMS: nearest(t.FullScaleMS),
		}
		for _, o := range t.Outages {
			out.RecoveryTime.Outages = append(out.RecoveryTime.Outages, outageOf(o))
		}
	}
	if p := m.RecoveryPoint; p != nil {
		point := pointOf(*p, timescale)
		out.RecoveryPoint = &point
	}
	if l := m.WriteLatency; l != nil {
		latency := roundedUp(*l)
		out.WriteLatency = &latency
	}
	if c := m.StaleConfig; c != nil {
		out.StaleConfig = &StaleConfig{
			Nodes: c.Nodes, Stale: append([]measure.StaleValue{}, c.Stale...), Failed: c.Failed, LoMS: down(c.LoMS), HiMS: up(c.HiMS), Censored: c.Censored,
			ObjectiveMS: up(c.ObjectiveMS), FullObjectiveMS: fullScale(c.ObjectiveMS, timescale), Verdict: verdictOf(c.Verdict),
		}
	}
	if g := m.WriteGap; g != nil {
		gap := gapOf(*g, timescale)
		out.WriteGap = &gap
	}
	if l := m.ReplicationLag; l != nil {
		out.ReplicationLag = &ReplicationLag{Stores: []StoreLag{}}
		for _, s := range l.Stores {
			out.ReplicationLag.Stores = append(out.ReplicationLag.Stores, StoreLag{Store: s.Store, QuietMS: down(s.QuietMS), LoadedMS: down(s.LoadedMS)})
		}
	}
	for _, s := range m.Sessions {
		out.Sessions = append(out.Sessions, sessionOf(s))
	}
	for _, l := range m.Reads {
		out.Reads = append(out.Reads, ReadLatency{Region: l.Region, Path: l.Path, Latency: roundedUp(l.Latency)})
	}
	if c := m.Capacity; c != nil {
		out.Capacity = &Capacity{
			Demand: places(c.Demand, 100, math.Round), ShareLo: places(c.ShareLo, 1000, math.Floor), ShareHi: places(c.ShareHi, 1000, math.Ceil),
			Objective: c.Objective, Verdict: verdictOf(c.Verdict),
			AmplificationBefore: places(c.AmplificationBefore, 100, math.Round), AmplificationAfter: places(c.AmplificationAfter, 100, math.Round),
		}
	}
	if c := m.Clients; c != nil {
		out.Clients = &Clients{Count: c.Count, Moved: c.Moved, LoMS: down(c.LoMS), HiMS: up(c.HiMS), Censored: c.Censored}
	}
	return out
}

func outageOf(o measure.Outage) Outage {
	out := Outage{
		Cause: o.Cause, What: o.What, Begin: Span{*down(&o.BeginLoMS), *up(&o.BeginHiMS)}, LoMS: *down(&o.LoMS), HiMS: up(o.HiMS), Censored: o.Censored,
		Verdict: verdictOf(o.Verdict),
	}
	if o.EndHiMS != nil {
		out.End = &Span{*down(&o.EndLoMS), *up(o.EndHiMS)}
	}
	return out
}

func gapOf(g measure.WriteGap, timescale float64) WriteGap {
	out := WriteGap{
		To: g.To, LoMS: down(g.LoMS), HiMS: up(g.HiMS), Censored: g.Censored,
		ObjectiveMS: up(g.ObjectiveMS), FullObjectiveMS: fullScale(g.ObjectiveMS, timescale), Verdict: verdictOf(g.Verdict),
	}
	for _, each := range g.Each {
		out.Each = append(out.Each, gapOf(each, timescale))
	}
	return out
}

func roundedUp(l measure.Latency) Latency {
	return Latency{Count: l.Count, P50MS: *up(&l.P50MS), P99MS: *up(&l.P99MS), MaxMS: *up(&l.MaxMS)}
}

func sessionOf(s measure.Session) Session {
	out := Session{Guarantee: s.Guarantee, Sessions: s.Sessions, Judged: s.Judged, After: s.After, Violations: s.Violations, Windows: []SessionWindow{}, Verdict: verdictOf(s.Verdict)}
	for _, w := range s.Windows {
		out.Windows = append(out.Windows, SessionWindow{
			Client: w.Client, Region: w.Region, At: Span{*down(&w.LoMS), *up(&w.HiMS)}, Reads: w.Reads, AgeMS: *nearest(&w.AgeMS), LagMS: *nearest(&w.LagMS), IDs: w.IDs,
		})
	}
	return out
}

// places rounds to a part of one, such as a hundredth. What binary fractions add to a round figure is no reason to round it up or down.
func places(v *float64, parts float64, round func(float64) float64) *float64 {
	if v == nil {
		return nil
	}
	const noise = 1e6
	rounded := round(math.Round(*v*parts*noise)/noise) / parts
	return &rounded
}

func pointOf(p measure.RecoveryPoint, timescale float64) RecoveryPoint {
	out := RecoveryPoint{
		Name: p.Name, Rule: p.Rule, Cause: p.Cause, InCharge: p.InCharge, Acked: p.Acked, Lost: p.Lost, LostIDs: p.LostIDs, LoMS: down(p.LoMS), HiMS: up(p.HiMS),
		ObjectiveMS: up(p.ObjectiveMS), FullObjectiveMS: fullScale(p.ObjectiveMS, timescale), Verdict: verdictOf(p.Verdict),
		AckedAfterFault: p.AckedAfterFault, Holes: p.Holes, Resurrected: p.Resurrected, Duplicates: p.Duplicates,
	}
	for _, s := range p.Stores {
		out.Stores = append(out.Stores, pointOf(s, timescale))
	}
	for _, c := range p.Causes {
		out.Causes = append(out.Causes, pointOf(c, timescale))
	}
	return out
}

// phasesOf rounds where phases end, not how long they are, so that they still add up.
func phasesOf(ps []measure.Phase) []Phase {
	out := []Phase{}
	var end float64
	var written int64
	for _, p := range ps {
		end += p.MS
		ms := int64(math.Round(end)) - written
		written += ms
		out = append(out, Phase{Name: p.Name, MS: ms, Scaled: p.Scaled})
	}
	return out
}

func spanOf(i *history.Interval) *Span {
	if i == nil {
		return nil
	}
	ms := float64(time.Millisecond)
	return &Span{int64(math.Floor(float64(i.Lo) / ms)), int64(math.Ceil(float64(i.Hi) / ms))}
}

func down(ms *float64) *int64    { return rounded(ms, math.Floor) }
func up(ms *float64) *int64      { return rounded(ms, math.Ceil) }
func nearest(ms *float64) *int64 { return rounded(ms, math.Round) }

// fullScale is a lab duration in the time of the story; nil without a timescale.
func fullScale(ms *float64, timescale float64) *int64 {
	if ms == nil || timescale <= 0 {
		return nil
	}
	full := *ms * timescale
	return nearest(&full)
}

// rounded is nil for what was not measured, and for what no integer can say. A float64 of milliseconds made from nanoseconds is off
// by less than the step taken off here, which would otherwise become a whole millisecond.
func rounded(ms *float64, how func(float64) float64) *int64 {
	if ms == nil || math.IsNaN(*ms) || math.IsInf(*ms, 0) {
		return nil
	}
	const perMS = 1e6
	n := int64(how(math.Round(*ms*perMS) / perMS))
	return &n
}
