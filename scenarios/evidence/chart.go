package evidence

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/evidence/page"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// The timeline is drawn here and not with a plotting library: it must follow the reader's light or dark mode, carry
// labels that never overlap, and stay small with tens of thousands of operations. Each outcome is one path, with a
// glyph of its own beside its colour.

// The geometry of the timeline, in the units of its view box.
const (
	chartWidth   = 1000.0
	chartLeft    = 64.0
	chartRight   = 18.0
	flagHeight   = 17.0
	latencyTall  = 190.0
	rateTall     = 110.0
	panelGap     = 34.0
	axisTall     = 38.0
	letterWidth  = 6.3 // of the labels' font, generously
	maxFlags     = 24
	maxRightSkew = 170.0
)

// pennant is a flag and its moment. Until it has its place, Y is its row.
type pennant struct {
	page.Flag
	at time.Duration
}

func flagAt(at time.Duration, class, label string) pennant {
	return pennant{at: at, Flag: page.Flag{Class: class, Label: label}}
}

// scale maps lab time to the horizontal.
type scale struct {
	from, to    time.Duration
	left, width float64
}

func (s scale) x(at time.Duration) float64 {
	at = min(max(at, s.from), s.to)
	return s.left + s.width*float64(at-s.from)/float64(s.to-s.from)
}

// newChart is nil when there is nothing to draw.
func newChart(r Result, h history.History) *page.Chart {
	if len(h.Ops) == 0 {
		return nil
	}
	from, to := reach(h)
	flags := flagsOf(r, h)
	c := &page.Chart{Width: chartWidth, Left: chartLeft}
	right := chartRight
	s := scale{from: from, to: to, left: chartLeft, width: chartWidth - chartLeft - right}
	for _, f := range flags { // make room for labels that start late
		right = max(right, min(maxRightSkew, s.x(f.at)+labelWidth(f.Label)+chartRight-(chartWidth-chartRight)))
	}
	s.width = chartWidth - chartLeft - right
	c.Right = chartWidth - right

	rows := placeFlags(flags, s)
	top := float64(rows)*flagHeight + 10
	for _, f := range flags {
		f.Y = top - 10 - f.Y*flagHeight
		c.Flags = append(c.Flags, f.Flag)
	}
	c.Latency = page.Panel{Top: top, Bottom: top + latencyTall, Title: "latency"}
	c.Rate = page.Panel{Top: c.Latency.Bottom + panelGap, Title: "operations per second"}
	c.Rate.Bottom = c.Rate.Top + rateTall
	c.AxisY = c.Rate.Bottom
	c.Height = c.Rate.Bottom + axisTall
	for _, f := range h.Faults {
		if f.Effective == nil {
			continue
		}
		end := to
		if f.Healed != nil {
			end = f.Healed.Hi
		}
		x := s.x(f.Effective.Lo)
		c.Bands = append(c.Bands, page.Band{X: x, Width: max(1, s.x(end)-x)})
	}
	for _, o := range outagesOf(r) {
		end := to
		if o.End != nil {
			end = o.End.Hi
		}
		x := s.x(o.Begin.Hi)
		c.Away = append(c.Away, page.Band{X: x, Width: max(1, s.x(end)-x)})
	}
	drawOps(c, h.Ops, s)
	drawRates(c, h.Ops, s)
	drawTimes(c, h, s)
	c.Text = describe(r, h)
	return c
}

// reach is the time in which there were operations.
func reach(h history.History) (from, to time.Duration) {
	from, to = h.Ops[0].Due, h.Ops[0].Done
	for i := range h.Ops {
		op := &h.Ops[i]
		from, to = min(from, op.Due), max(to, op.Done, op.Due)
	}
	if to-from < time.Second {
		to = from + time.Second
	}
	return from, to
}

// zero is what the time axis counts from: when the first fault took effect, else the recorder's start.
func zero(h history.History) (at time.Duration, fault bool) {
	for _, f := range h.Faults {
		if f.Effective != nil {
			return f.Effective.Hi, true
		}
	}
	return 0, false
}

func drawTimes(c *page.Chart, h history.History, s scale) {
	origin, fault := zero(h)
	c.AxisLabel = "seconds of lab time since the drill began"
	if fault {
		c.AxisLabel = "seconds of lab time since the fault took effect"
	}
	step := niceStep((s.to - s.from).Seconds() / 10)
	for i := math.Ceil((s.from - origin).Seconds() / step); ; i++ {
		at := origin + time.Duration(i*step*float64(time.Second))
		if at > s.to {
			return
		}
		c.Times = append(c.Times,
			page.Tick{At: s.x(at), Label: strings.ReplaceAll(fmt.Sprint(math.Round(i*step*100)/100+0), "-", "−")})
	}
}

// niceStep is the next of 1, 2, 5 times a power of ten.
func niceStep(x float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(x)))
	for _, n := range []float64{1, 2, 5} {
		if x <= n*power {
			return n * power
		}
	}
	return 10 * power
}

func labelWidth(text string) float64 { return float64(len([]rune(text)))*letterWidth + 10 }

// placeFlags gives each flag a row (0 is the lowest), from the right to the left: a flag whose label reaches over lines
// further right goes above their labels, so that no label overlaps another and no line crosses a label. It returns how
// many rows there are.
func placeFlags(flags []pennant, s scale) int {
	slices.SortStableFunc(flags, func(a, b pennant) int { return cmp.Compare(a.at, b.at) })
	rows := 0
	for i := len(flags) - 1; i >= 0; i-- {
		flags[i].X = s.x(flags[i].at)
		end := flags[i].X + labelWidth(flags[i].Label)
		row := 0.0
		for _, later := range flags[i+1:] {
			if later.X <= end {
				row = max(row, later.Y+1)
			}
		}
		flags[i].Y = row
		rows = max(rows, int(row)+1)
	}
	return rows
}

// quiet marks repeat themselves by design; they are in the table of events.
var quiet = []string{"health", "answer", "endpoint_turned", "endpoint_answered"}

func flagsOf(r Result, h history.History) []pennant {
	var flags []pennant
	for _, f := range h.Faults {
		if f.Effective == nil {
			flags = append(flags, flagAt(f.Command, "fault", f.Name+" (not confirmed)"))
			continue
		}
		flags = append(flags, flagAt(f.Effective.Lo, "fault", f.Name+" "+f.Target))
		if f.Healed != nil {
			flags = append(flags, flagAt(f.Healed.Hi, "fault", "healed"))
		}
	}
	r.eachLate(func(due time.Duration, what, _ string) { flags = append(flags, flagAt(due, "mark", what)) })
	for _, o := range outagesOf(r) {
		if o.End != nil {
			flags = append(flags, flagAt(o.End.Hi, "recovered", "the service is back"))
		}
	}
	_, last := reach(h)
	for _, p := range h.Phases {
		if p.Name == history.PhaseSteady && p.At <= last {
			flags = append(flags, flagAt(p.At, "phase", "steady state"))
		}
	}
	for _, m := range h.Marks {
		if len(flags) < maxFlags && !slices.Contains(quiet, m.Name) && m.At.Hi <= last {
			flags = append(flags, flagAt(m.At.Lo+(m.At.Hi-m.At.Lo)/2, "mark", measure.Title(m.Name)))
		}
	}
	return flags
}

func describe(r Result, h history.History) string {
	ok, failed, unknown := 0, 0, 0
	for i := range h.Ops {
		switch h.Ops[i].Outcome {
		case history.OK:
			ok++
		case history.Failed:
			failed++
		case history.Unknown:
			unknown++
		}
	}
	text := fmt.Sprintf("%d operations over time: %d ok, %d failed, %d unknown.", len(h.Ops), ok, failed, unknown)
	for _, i := range r.Incidents {
		text += " " + i.Words() + "."
	}
	for _, row := range r.rows() {
		if row.Judged && !row.Part {
			text += fmt.Sprintf(" %s %s: %s.", strings.ToUpper(row.Name[:1])+row.Name[1:], row.Measured, row.Verdict)
		}
	}
	return text
}
