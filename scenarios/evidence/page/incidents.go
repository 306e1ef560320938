package page

import (
	"fmt"
	"strconv"

	g "maragu.dev/gomponents"
	"maragu.dev/gomponents/html"

	"github.com/regionfall/regionfall/scenarios/measure"
)

// Incident is a fault, or an ordered move, and what came of it.
type Incident struct {
	Title    string
	InCharge string // a sentence; empty: not known
	When     string // its fault was in force, or the order was carried out; empty without one
	Already  bool   // it came when the service was away
	Away     bool   // somebody could tell whether the service was
	Outages  []Outage
	Recovery string // the recovery time in words; empty: not measured
	Full     string // its extrapolation
	Phases   []Phase
	Point    *measure.RecoveryPoint
	Lost     string // the joint figure in words
	Losses   []Losses
}

// Outage is a stretch in which the service was away.
type Outage struct{ What, From, To, Lasted, Verdict string }

// Losses are the lost writes of one store. Lost is how many there are, of which Rows may be only the first.
type Losses struct {
	Store string
	Lost  int
	Rows  []Loss
}

// Loss is a lost write: when it was acknowledged, how long before the fault, and by whom.
type Loss struct{ ID, Acked, Before, By string }

func incidents(all []Incident) g.Node {
	if len(all) == 0 {
		return nil
	}
	return g.Group{html.H2(g.Text("Incidents")), g.Map(all, Incident.node)}
}

func (i Incident) node() g.Node {
	when := i.When
	if when != "" {
		when += "; "
	}
	return html.Div(html.Class("incident"),
		html.H3(g.Text(i.Title)),
		html.P(html.Class("dim"), g.Text(when+i.InCharge)),
		i.outages(),
		i.recovery(),
		phases(i.Phases),
		i.acknowledged(),
		g.Map(i.Losses, Losses.node),
	)
}

func (i Incident) outages() g.Node {
	switch {
	case len(i.Outages) > 0:
		return table(
			"When the service was away, since the drill began; lasted counts from when the fault was in effect, "+
				"or from when it began where that is later.",
			[]string{"away for", "from", "to", "lasted", "verdict"}, g.Map(i.Outages, Outage.node),
		)
	case i.Already:
		return paragraph("The service was away already, for an earlier fault.")
	case i.Away:
		return paragraph("The service was not away.")
	}
	return nil
}

func (o Outage) node() g.Node {
	return html.Tr(rowHead(o.What), figure(o.From), figure(o.To), figure(dash(o.Lasted)), html.Td(word(o.Verdict)))
}

func (i Incident) recovery() g.Node {
	if i.Recovery == "" {
		return nil
	}
	text := "Recovery time: " + i.Recovery
	if i.Full != "" {
		text += " (" + i.Full + ")"
	}
	return paragraph(text)
}

// acknowledged says what became of the acknowledged writes.
func (i Incident) acknowledged() g.Node {
	var all g.Group
	if i.Point != nil {
		all = append(all, html.H4(g.Text("Acknowledged writes")))
		if len(i.Point.Stores) > 0 {
			all = append(all, table(
				"", []string{
					"store", "acknowledged", "lost", "how far back", "objective", "holes", "resurrected",
					"duplicates", "acknowledged after the fault",
				},
				g.Map(i.Point.Stores, store),
			))
		}
	}
	if i.Lost != "" {
		all = append(all, paragraph("In all stores together: "+i.Lost+"."))
	}
	return all
}

func store(p measure.RecoveryPoint) g.Node {
	count := func(n int) g.Node { return cell(strconv.Itoa(n)) }
	return html.Tr(
		rowHead(p.Name),
		g.Map([]int{p.Acked, p.Lost}, count),
		figure(dash(p.Age())), cell(dash(p.MayLose())),
		g.Map([]int{p.Holes, p.Resurrected, p.Duplicates, p.AckedAfterFault}, count),
	)
}

func (l Losses) node() g.Node {
	title, caption := "Lost", ""
	if l.Store != "" {
		title += " in " + l.Store
	}
	if l.Lost > len(l.Rows) {
		caption = fmt.Sprintf("The first %d, by acknowledgement.", len(l.Rows))
	}
	return g.Group{
		html.H4(g.Text(fmt.Sprintf("%s: %d", title, l.Lost))),
		table(caption, []string{"write", "acknowledged at", "to the fault", "by"}, g.Map(l.Rows, Loss.node)),
	}
}

func (l Loss) node() g.Node {
	return html.Tr(
		html.Th(html.Scope("row"), html.Code(g.Text(l.ID))),
		figure(l.Acked), figure(dash(l.Before)), cell(dash(l.By)),
	)
}
