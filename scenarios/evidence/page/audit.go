package page

import (
	"io"

	g "maragu.dev/gomponents"
	"maragu.dev/gomponents/html"
)

// Audit says of a drill what auditors ask for.
type Audit struct {
	Scenario string
	Answers  []Answer
	Limits   []string // what the drill does not show
}

// Answer is what the drill has to say to one question.
type Answer struct {
	Question string
	AskedBy  string   // standards and their paragraphs
	Here     []string // a line each; none: people have to say it
}

// Render writes the page.
func (a Audit) Render(w io.Writer) error {
	return write(w, "For the auditor: "+a.Scenario,
		html.H1(g.Text("For the auditor: "+a.Scenario)),
		dim("What standards ask of the record of an exercise, and what this drill has to say to it. The numbers are "+
			"those of result.json."),
		table("", []string{"asked", "by", "here"}, g.Map(a.Answers, Answer.node)),
		html.H2(g.Text("What this does not show")),
		html.Ul(g.Map(a.Limits, func(text string) g.Node { return html.Li(g.Text(text)) })),
	)
}

func (a Answer) node() g.Node {
	here := g.Map(a.Here, func(line string) g.Node { return html.Div(g.Text(line)) })
	if len(a.Here) == 0 {
		here = g.Group{html.Em(g.Text("a person has to say it: regionfall attest"))}
	}
	return html.Tr(rowHead(a.Question), cell(a.AskedBy), html.Td(here))
}
