package page

import (
	g "maragu.dev/gomponents"
	"maragu.dev/gomponents/html"
)

// Phase is a part of a recovery: a segment of the bar, and a row of the table below it.
type Phase struct {
	X, Width float64
	Name     string
	Label    string // empty where it would not fit
	Class    string
	Took     string
	Share    string
	Kind     string // how it comes to full scale
}

// PhasesWidth is how wide the bar of phases is.
const PhasesWidth = 1000.0

func phases(all []Phase) g.Node {
	if len(all) == 0 {
		return nil
	}
	return g.Group{
		html.H4(g.Text("Phases of the recovery")),
		html.Figure(sideways("Phases, scrolls sideways", html.SVG(
			html.Class("bar"), viewBox(PhasesWidth, 34), html.Role("img"),
			html.Aria("label", "Phases of the recovery, to scale; the table below has the numbers"),
			g.Map(all, Phase.segment),
		))),
		table("", []string{"phase", "took", "share", "kind"}, g.Map(all, Phase.row)),
	}
}

func (p Phase) segment() g.Node {
	segment := g.Group{rectangle(p.Class, p.X, 2, p.Width, 30)}
	if p.Label != "" {
		segment = append(segment, label("", p.X+7, 21, p.Label))
	}
	return segment
}

func (p Phase) row() g.Node {
	key := html.SVG(html.Class("key"), viewBox(12, 12), html.Aria("hidden", "true"),
		g.El("rect", html.Class(p.Class), html.Width("12"), html.Height("12")))
	return html.Tr(html.Th(html.Scope("row"), key, g.Text(p.Name)), figure(p.Took), figure(p.Share), cell(p.Kind))
}
