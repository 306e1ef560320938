// Package page draws the pages of the evidence: the report of a drill and the index of a folder of drills. Each page is
// one file that fetches nothing and runs nothing. Every text that it is given is escaped, since much of it comes from
// outside: names, errors and what nodes said.
package page

import (
	_ "embed"
	"io"

	g "maragu.dev/gomponents"
	"maragu.dev/gomponents/html"
)

//go:embed style.css
var style string

// write writes a whole page.
func write(w io.Writer, title string, content ...g.Node) error {
	return html.Doctype(html.HTML(html.Lang("en"),
		html.Head(lines(
			html.Meta(html.Charset("utf-8")),
			html.Meta(html.Name("viewport"), html.Content("width=device-width, initial-scale=1")),
			html.Meta(
				g.Attr("http-equiv", "Content-Security-Policy"),
				html.Content("default-src 'none'; style-src 'unsafe-inline'"),
			),
			html.TitleEl(g.Text(title)),
			html.StyleEl(g.Raw(style)),
		)),
		html.Body(html.Main(lines(content...))),
	)).Render(w)
}

// lines puts each node on a line of its own, for those who read or compare the source of a page.
func lines(nodes ...g.Node) g.Group {
	var all g.Group
	for _, n := range nodes {
		if n != nil {
			all = append(all, g.Raw("\n"), n)
		}
	}
	return append(all, g.Raw("\n"))
}

// table has a caption unless that is empty.
func table(caption string, columns []string, rows g.Group) g.Node {
	head := g.Map(columns, func(name string) g.Node { return html.Th(html.Scope("col"), g.Text(name)) })
	return scrolling(html.Table(
		optional(html.Caption, caption),
		html.THead(html.Tr(head)),
		html.TBody(lines(rows...)),
	))
}

// rowHead is the cell that names its row.
func rowHead(text string) g.Node { return html.Th(html.Scope("row"), g.Text(text)) }

func cell(text string) g.Node { return html.Td(g.Text(text)) }

// figure is a cell that is not broken into lines.
func figure(text string) g.Node { return html.Td(html.Class("num"), g.Text(text)) }

// word is a verdict, or what stands in its place, in its colour.
func word(text string) g.Node { return html.Span(html.Class("word "+text), g.Text(text)) }

// scrolling keeps what is too wide from widening the page.
func scrolling(content g.Node) g.Node { return html.Div(html.Class("scroll"), content) }

// optional is an element with a text, or nothing where there is no text.
func optional(element func(...g.Node) g.Node, text string, attributes ...g.Node) g.Node {
	if text == "" {
		return nil
	}
	return element(g.Group(attributes), g.Text(text))
}

func paragraph(text string) g.Node { return html.P(g.Text(text)) }

func dim(text string) g.Node { return optional(html.P, text, html.Class("dim")) }

// dash stands where there is nothing to say.
func dash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}
