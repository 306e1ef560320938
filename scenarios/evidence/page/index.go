package page

import (
	"io"
	"net/url"

	g "maragu.dev/gomponents"
	"maragu.dev/gomponents/html"

	"github.com/regionfall/regionfall/scenarios/measure"
)

// Index is all that the index of a folder of drills says.
type Index struct {
	Summary    string
	AsExpected bool // all of them
	Drills     []Drill
}

// Drill is one of the index. One whose result cannot be read has an Error, and says nothing but its folder and that.
type Drill struct {
	Folder      string // its name, beside the index
	Scenario    string
	Started     string
	Met         bool // its expectation
	Expectation string
	Verdict     string
	Status      string // empty: the drill was completed
	Rows        []measure.Row
	Error       string
}

// Render writes the page.
func (i Index) Render(w io.Writer) error {
	title := html.H1(g.Text("Drills"))
	if len(i.Drills) == 0 {
		return write(w, "Drills", title, paragraph("No drill has left a result here."))
	}
	class := "verdict fail"
	if i.AsExpected {
		class = "verdict pass"
	}
	return write(w, "Drills",
		title,
		html.Div(html.Class(class), paragraph(i.Summary)),
		table("The newest first. Lab time.", []string{"drill", "ended", "verdict", "measured"},
			g.Map(i.Drills, Drill.node)),
	)
}

func (d Drill) node() g.Node {
	name := html.A(html.Href(d.report()), g.Text(d.Scenario))
	verdict := g.Group{g.Text(d.Verdict), optional(html.Small, d.Status)}
	if d.Error != "" {
		name, verdict = g.Text(d.Folder), g.Group{g.Text(dash(""))}
	}
	ended := html.Span(html.Class("word unmet"), g.Text("not as expected"))
	if d.Met {
		ended = html.Span(html.Class("word met"), g.Text("as expected"))
	}
	return html.Tr(
		html.Th(html.Scope("row"), html.Class("drill"), name,
			html.Small(html.Class("dim"), html.Br(), g.Text(d.Started))),
		html.Td(ended, optional(html.Small, d.Expectation)),
		html.Td(verdict),
		html.Td(g.Text(d.Error), g.Map(d.Rows, metric)),
	)
}

func metric(r measure.Row) g.Node {
	against := r.Against()
	if against != "" {
		against = "(" + against + ")"
	}
	return html.Div(g.Text(r.Name+": "+r.Measured+" "), optional(html.Span, against, html.Class("dim")))
}

// report is the path of the drill's report from the index on. A folder may have any name, javascript:x too: the dot
// keeps that from being an address of its own.
func (d Drill) report() string { return "./" + url.PathEscape(d.Folder) + "/report.html" }
