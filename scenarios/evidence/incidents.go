package evidence

import (
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/evidence/page"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

func incidentsOf(r Result, h history.History) []page.Incident {
	var all []page.Incident
	for _, i := range r.Incidents {
		v := page.Incident{Title: i.Cause, Away: i.Outages != nil, Already: i.AwayAlready, Point: i.RecoveryPoint}
		var effective *measure.Span
		switch {
		case i.InCharge == "":
		case i.Fault == nil:
			v.InCharge = "in charge: " + i.InCharge
		default:
			v.InCharge = "in charge after it: " + i.InCharge
		}
		if i.Fault == nil {
			v.Title = "nothing was broken"
		} else if n := *i.Fault; n >= 0 && n < len(r.Faults) {
			f := r.Faults[n]
			effective = f.Effective
			v.When = "In effect at " + spanText(effective) + ", healed at " + spanText(f.Healed)
			if f.Name == history.Switchover {
				v.When = "Ordered at " + spanText(effective) + ", done at " + spanText(f.Healed)
			}
		}
		for _, o := range i.Outages {
			v.Outages = append(v.Outages, viewOf(o))
		}
		if t := i.RecoveryTime; t != nil {
			v.Recovery, v.Phases = t.Words(), phaseBar(t.Phases)
			if t.FullScale != nil && r.Scenario.Timescale != 1 {
				v.Full = "about " + measure.Exactly(t.FullScale.Duration()) + " at full scale"
			}
		}
		if i.RecoveryPoint != nil {
			v.Lost, v.Losses = i.RecoveryPoint.Words(), lossesOf(*i.RecoveryPoint, h, effective)
		}
		all = append(all, v)
	}
	return all
}

func viewOf(o measure.Outage) page.Outage {
	v := page.Outage{
		What: o.What, From: measure.Between(o.Begin.Lo, o.Begin.Hi), To: "not seen",
		Verdict: o.Verdict.String(),
	}
	if v.What == "" {
		v.What = "all operations"
	}
	if o.End != nil {
		v.To = measure.Between(o.End.Lo, o.End.Hi)
	}
	switch {
	case o.Lo != nil && o.Hi != nil:
		v.Lasted = measure.Between(o.Lo.Duration(), o.Hi.Duration())
	case o.Lo != nil:
		v.Lasted = "> " + measure.AtLeast(o.Lo.Duration())
	}
	return v
}

// shownLosses is how many lost writes of a store are shown.
const shownLosses = 20

// lossesOf dates the lost writes by their acknowledgement. The joint figure is left out where stores are told apart.
func lossesOf(p measure.RecoveryPoint, h history.History, effective *measure.Span) []page.Losses {
	points := p.Stores
	if len(points) == 0 {
		points = []measure.RecoveryPoint{p}
	}
	acked := acknowledgedOf(points, h)
	var out []page.Losses
	for _, store := range points {
		if len(store.LostIDs) == 0 {
			continue
		}
		s := page.Losses{Store: store.Name, Lost: store.Lost}
		for _, id := range store.LostIDs[:min(shownLosses, len(store.LostIDs))] {
			l := page.Loss{ID: id, Acked: "not in the history"}
			if op := acked[id]; op != nil {
				l.Acked, l.By = measure.Exactly(op.Done), strings.TrimSpace(op.Region+" "+op.Node)
				if effective != nil {
					l.Before = relative(op.Done - effective.Hi)
				}
			}
			s.Rows = append(s.Rows, l)
		}
		out = append(out, s)
	}
	return out
}

// acknowledgedOf finds the first acknowledgement of each write that is shown as lost.
func acknowledgedOf(points []measure.RecoveryPoint, h history.History) map[string]*history.Op {
	acked := map[string]*history.Op{}
	for _, store := range points {
		for _, id := range store.LostIDs[:min(shownLosses, len(store.LostIDs))] {
			acked[id] = nil
		}
	}
	for i := range h.Ops {
		if len(acked) == 0 {
			break
		}
		if op := &h.Ops[i]; op.Kind == history.Write && op.Outcome == history.OK {
			if first, is := acked[op.ID]; is && first == nil {
				acked[op.ID] = op
			}
		}
	}
	return acked
}

// relative to the fault: "1.20 s before", "40 ms after".
func relative(d time.Duration) string {
	if d < 0 {
		return measure.Exactly(-d) + " before"
	}
	return measure.Exactly(d) + " after"
}

// outagesOf are those of all incidents.
func outagesOf(r Result) []measure.Outage { return measure.Report{Incidents: r.Incidents}.Outages() }

// away are the events of outages, by the operations that show them.
func away(outages []measure.Outage, add func(at history.Interval, source, what, of string)) {
	for _, o := range outages {
		add(history.Interval(o.Begin), "clients", "service away", o.What)
		if o.End != nil {
			add(history.Interval(*o.End), "clients", "the service is back", o.What)
		}
	}
}
