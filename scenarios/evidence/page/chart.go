package page

import (
	"fmt"
	"math"
	"strconv"

	g "maragu.dev/gomponents"
	"maragu.dev/gomponents/html"
)

// Chart is a timeline ready to be drawn, in the units of its view box.
type Chart struct {
	Width, Height, Left, Right float64
	Latency, Rate              Panel
	Bands                      []Band // faults in force
	Away                       []Band // outages
	Flags                      []Flag
	Times                      []Tick
	AxisY                      float64
	AxisLabel                  string
	// Paths of the operations by outcome; Reads are those that are ok.
	Writes, Reads, Failed, Unknown string
	Offered, Good                  string // paths
	BinMS                          int64
	Text                           string // what there is to see, for who cannot see it
}

// Panel is a part of the timeline with a scale of its own.
type Panel struct {
	Top, Bottom float64
	Title       string
	Ticks       []Tick
}

// Tick is a labelled place on a scale.
type Tick struct {
	At    float64
	Label string
}

// Band is a stretch of time.
type Band struct{ X, Width float64 }

// Flag is a dated line with a label at Y.
type Flag struct {
	X, Y  float64
	Label string
	Class string // fault, mark, recovered, phase
}

// Number writes a coordinate, as finely as anybody can see.
func Number(x float64) string { return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64) }

func (c *Chart) node() g.Node {
	return html.Figure(
		c.key(),
		sideways("Timeline, scrolls sideways", html.SVG(
			viewBox(c.Width, c.Height), html.Role("img"), html.Aria("labelledby", "tl-title tl-desc"),
			lines(
				html.TitleEl(html.ID("tl-title"), g.Text("Timeline of operations against faults and marks")),
				g.El("desc", html.ID("tl-desc"), g.Text(c.Text)),
				c.stretches(),
				c.scale(c.Latency), c.scale(c.Rate),
				label("name", c.Left, c.Rate.Top-9, c.Rate.Title),
				label("name", c.Left+6, c.Latency.Top+14, c.Latency.Title),
				path("good", c.Good), path("offered", c.Offered),
				path("dot r", c.Reads), path("dot w", c.Writes), path("u", c.Unknown), path("x", c.Failed),
				c.time(),
				g.Map(c.Flags, c.flag),
			),
		)),
	)
}

// key says what each glyph of the timeline stands for.
func (c *Chart) key() g.Node {
	entry := func(class, drawn, text string) g.Node {
		return html.Span(html.SVG(viewBox(22, 12), html.Aria("hidden", "true"), path(class, drawn)), g.Text(text))
	}
	return html.FigCaption(
		entry("dot w", "M6 6h0M14 6h0", "write, ok"),
		g.If(c.Reads != "", entry("dot r", "M6 6h0M14 6h0", "read, ok")),
		g.If(c.Failed != "", entry("x", "M8 3l6 6m0-6l-6 6", "failed")),
		g.If(c.Unknown != "", entry("u", "M8 3h6v6h-6z", "unknown")),
		entry("offered", "M1 6h20", "offered"),
		entry("good", "M1 3h20v8h-20z", fmt.Sprintf("good, by due time in bins of %d ms", c.BinMS)),
		g.If(len(c.Bands) > 0, entry("band", "M1 1h20v10h-20z", "fault in force")),
		g.If(len(c.Away) > 0, entry("away", "M1 4h20v4h-20z", "service away")),
	)
}

// stretches are the faults in force, behind both panels, and the outages, at the foot of the lower one.
func (c *Chart) stretches() g.Node {
	const outageHeight = 4
	return g.Group{
		g.Map(c.Bands, func(b Band) g.Node {
			return g.Group{
				rectangle("band", b.X, c.Latency.Top, b.Width, c.Latency.Bottom-c.Latency.Top),
				rectangle("band", b.X, c.Rate.Top, b.Width, c.Rate.Bottom-c.Rate.Top),
			}
		}),
		g.Map(c.Away, func(b Band) g.Node {
			return rectangle("away", b.X, c.Rate.Bottom-outageHeight, b.Width, outageHeight)
		}),
	}
}

func (c *Chart) scale(p Panel) g.Node {
	return g.Map(p.Ticks, func(t Tick) g.Node {
		return g.Group{
			line("grid", c.Left, c.Right, t.At, t.At),
			label("", c.Left-8, t.At+4, t.Label, anchor("end")),
		}
	})
}

func (c *Chart) time() g.Node {
	return g.Group{
		g.Map(c.Times, func(t Tick) g.Node {
			return g.Group{
				line("axis", t.At, t.At, c.AxisY, c.AxisY+5),
				label("", t.At, c.AxisY+18, t.Label, anchor("middle")),
			}
		}),
		line("axis", c.Left, c.Right, c.AxisY, c.AxisY),
		label("", (c.Left+c.Right)/2, c.AxisY+34, c.AxisLabel, anchor("middle")),
	}
}

func (c *Chart) flag(f Flag) g.Node {
	return g.El("g", html.Class("flag "+f.Class),
		line("", f.X, f.X, f.Y-11, c.AxisY),
		label("", f.X+4, f.Y-2, f.Label),
	)
}
