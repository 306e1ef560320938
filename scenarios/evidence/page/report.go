package page

import (
	"fmt"
	"io"
	"strconv"

	g "maragu.dev/gomponents"
	"maragu.dev/gomponents/html"

	"github.com/regionfall/regionfall/scenarios/measure"
)

// Report is all that the report of a drill says, in words.
type Report struct {
	Scenario    string
	Verdict     string
	Why         string   // in one sentence
	Others      []string // reasons beside that one
	Status      string   // empty: the drill was completed
	Expectation string   // what was expected and whether it came true; empty where nothing is to be said of it
	Rows        []Row
	Scale       string // "x360"; empty for real time
	Second      string // what a second of the lab stands for
	FullScale   string // the extrapolation in a sentence; empty: there is none
	Chart       *Chart // nil: there is nothing to draw
	Incidents   []Incident
	Findings    []measure.Finding
	Faults      []Fault
	Events      []Event
	Lab         []Fact
	Command     string // that repeats the drill; empty: Program does
	Program     string // which program repeats it, in words
}

// Row is what was measured of one metric. Full is the same in the time of the story.
type Row struct {
	measure.Row
	Full string
}

// Fault is the life of one fault.
type Fault struct{ Name, Target, Role, Life, Commanded, Effective, Healed string }

// Event is a line of what happened.
type Event struct{ When, Source, What, Detail string }

// Fact is something that is known of the lab. Code stands after the text, in the letters of a machine.
type Fact struct{ Name, Text, Code string }

// Render writes the page.
func (r Report) Render(w io.Writer) error {
	return write(w, r.Scenario+": "+r.Verdict,
		html.H1(g.Text(r.Scenario)),
		r.verdict(),
		g.Map(r.Others, paragraph),
		html.H2(g.Text("Promised and measured")), r.measured(),
		r.timeline(),
		incidents(r.Incidents),
		html.H2(g.Text("Findings")), findings(r.Findings),
		html.H2(g.Text("Faults")), faults(r.Faults),
		events(r.Events),
		html.H2(g.Text("Lab")), html.Dl(g.Map(r.Lab, Fact.node)),
		html.H2(g.Text("Do it again")), r.again(),
	)
}

func (r Report) verdict() g.Node {
	status := r.Status
	if status != "" {
		status = "status: " + status
	}
	return html.Div(html.Class("verdict "+r.Verdict),
		html.Strong(html.Class(r.Verdict), g.Text(r.Verdict)),
		paragraph(r.Why),
		optional(html.P, status, html.Class("as")),
		optional(html.P, r.Expectation, html.Class("as")),
	)
}

func (r Report) measured() g.Node {
	if len(r.Rows) == 0 {
		return paragraph("Nothing was measured.")
	}
	time := "In real time."
	if r.Scale != "" {
		time = "Lab time; below it the same at " + r.Scale + ", where a second of the lab is " + r.Second +
			". What is said to be so at full scale is extrapolated."
	}
	columns := []string{"metric", "objective", "measured", "deviation", "verdict"}
	return g.Group{
		table(time+" Intervals hold the true value.", columns, g.Map(r.Rows, Row.node)),
		dim(r.FullScale),
	}
}

func (r Row) node() g.Node {
	return html.Tr(g.If(r.Part, html.Class("part")),
		rowHead(r.Name),
		html.Td(html.Class("num"), g.Text(dash(r.Objective)), optional(html.Small, r.FullObjective)),
		html.Td(g.Text(r.Measured), optional(html.Small, r.Full)),
		figure(dash(r.Deviation)),
		html.Td(word(r.Word())),
	)
}

func (r Report) timeline() g.Node {
	if r.Chart == nil {
		return nil
	}
	return g.Group{html.H2(g.Text("Timeline")), r.Chart.node()}
}

func findings(all []measure.Finding) g.Node {
	if len(all) == 0 {
		return paragraph("No checker had anything to say.")
	}
	return table("", []string{"finding", "verdict", "detail", "checker"}, g.Map(all, func(f measure.Finding) g.Node {
		return html.Tr(
			rowHead(measure.Title(f.ID)),
			html.Td(word(f.Verdict.String())),
			html.Td(g.Text(f.Detail), operations(f.Evidence)),
			cell(f.Checker),
		)
	}))
}

// operations are the evidence of a finding.
func operations(ids []string) g.Node {
	if len(ids) == 0 {
		return nil
	}
	return html.Details(
		html.Summary(g.Text(strconv.Itoa(len(ids))+" as evidence")),
		g.Map(ids, func(id string) g.Node { return g.Group{html.Code(g.Text(id)), g.Text(" ")} }),
	)
}

func faults(all []Fault) g.Node {
	if len(all) == 0 {
		return paragraph("Nothing was broken.")
	}
	columns := []string{"fault", "target", "is a", "ordered at", "in effect at", "healed at", "seen"}
	return table("", columns, g.Map(all, func(f Fault) g.Node {
		return html.Tr(
			rowHead(f.Name), figure(f.Target), cell(f.Role),
			figure(f.Commanded), figure(f.Effective), figure(f.Healed), cell(f.Life),
		)
	}))
}

func events(all []Event) g.Node {
	if len(all) == 0 {
		return nil
	}
	return html.Details(
		html.Summary(g.Text(fmt.Sprintf("Everything that happened (%d)", len(all)))),
		table("", []string{"when", "source", "what", "detail"}, g.Map(all, func(e Event) g.Node {
			return html.Tr(figure(e.When), cell(e.Source), rowHead(e.What), cell(e.Detail))
		})),
	)
}

func (f Fact) node() g.Node {
	text := f.Text
	if text != "" && f.Code != "" {
		text += " "
	}
	return g.Group{html.Dt(g.Text(f.Name)), html.Dd(g.Text(text), optional(html.Code, f.Code))}
}

func (r Report) again() g.Node {
	file := func(name string) g.Node { return html.A(html.Href(name), g.Text(name)) }
	command := func(text string) g.Node { return html.Pre(html.Code(g.Text(text))) }
	return g.Group{
		g.If(r.Command != "", g.Group{paragraph("Run the drill again:"), command(r.Command)}),
		g.If(r.Program != "", paragraph("To drill again, "+r.Program+".")),
		paragraph("Judge the raw history of this one again, from inside this folder:"), command("regionfall rejudge ."),
		html.P(html.Class("dim"),
			g.Text("Beside this file: "), file("result.json"), g.Text(", "), file("scenario.yaml"), g.Text(", "),
			file("summary.md"), g.Text(", "), file("junit.xml"),
			g.Text(", the raw history in ops.jsonl.gz and events.jsonl, and the nodes' own words in logs/."),
		),
	}
}
