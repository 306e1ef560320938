package page

import (
	g "maragu.dev/gomponents"
	"maragu.dev/gomponents/html"
)

// The shapes that drawings are made of. Their class says how they look; it may be empty.

func viewBox(width, height float64) g.Node {
	return g.Attr("viewBox", "0 0 "+Number(width)+" "+Number(height))
}

func line(class string, x1, x2, y1, y2 float64) g.Node {
	return g.El("line", classed(class), at("x1", x1), at("x2", x2), at("y1", y1), at("y2", y2))
}

func rectangle(class string, x, y, width, height float64) g.Node {
	return g.El("rect", classed(class), at("x", x), at("y", y), at("width", width), at("height", height))
}

func path(class, drawn string) g.Node { return g.El("path", classed(class), g.Attr("d", drawn)) }

func label(class string, x, y float64, text string, attributes ...g.Node) g.Node {
	return g.El("text", classed(class), at("x", x), at("y", y), g.Group(attributes), g.Text(text))
}

// anchor says which end of a label is at its place.
func anchor(end string) g.Node { return g.Attr("text-anchor", end) }

func at(name string, coordinate float64) g.Node { return g.Attr(name, Number(coordinate)) }

func classed(class string) g.Node { return g.If(class != "", html.Class(class)) }

// sideways lets a drawing scroll where it is wider than the page, by the keyboard too.
func sideways(name string, drawing g.Node) g.Node {
	return html.Div(html.Class("scroll"), html.Role("region"), html.Aria("label", name), html.TabIndex("0"), drawing)
}
