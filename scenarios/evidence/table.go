package evidence

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/regionfall/regionfall/scenarios/measure"
)

// The colours of a terminal, by what they say.
const (
	ansiBold  = "\x1b[1m"
	ansiDim   = "\x1b[2m"
	ansiRed   = "\x1b[31m"
	ansiGreen = "\x1b[32m"
	ansiAmber = "\x1b[33m"
	ansiReset = "\x1b[0m"
)

// painter colours text, or does not.
type painter bool

func (p painter) paint(style, text string) string {
	if !p || text == "" || style == "" {
		return text
	}
	return style + text + ansiReset
}

func (p painter) verdict(word string) string {
	switch word {
	case measure.Pass.String():
		return p.paint(ansiGreen, word)
	case measure.Fail.String():
		return p.paint(ansiRed, word)
	case measure.Inconclusive.String():
		return p.paint(ansiAmber, word)
	}
	return p.paint(ansiDim, word)
}

// Table prints the end of a drill for a terminal: a line per metric with its objective, the measured interval, how far
// that is from the objective, and the verdict; below each, the same in the time of the story; then why, what was
// expected, and the command that repeats the drill. The caller decides about color.
func Table(w io.Writer, r Result, color bool) error {
	out, p := bufio.NewWriter(w), painter(color)
	scale := ""
	if n := r.Scenario.Timescale; n > 0 && n != 1 {
		scale = p.paint(ansiDim, fmt.Sprintf("  (%s: a second of the lab is %s)", measure.Scale(n),
			measure.Promise(measure.AtScale(time.Second, n))))
	}
	fmt.Fprintf(out, "%s: %s%s\n\n", p.paint(ansiBold, r.Scenario.Name), p.verdict(r.Verdict.String()), scale)
	if lines := r.lines(); len(lines) > 1 {
		writeAligned(out, p, lines)
		fmt.Fprintln(out)
	}
	fmt.Fprintln(out, r.Why())
	for _, text := range r.story() {
		fmt.Fprintln(out, "  "+text)
	}
	for _, text := range r.late() {
		fmt.Fprintln(out, p.paint(ansiAmber, text))
	}
	if text := r.FullScale(); text != "" {
		fmt.Fprintln(out, text)
	}
	if text := r.Expectation(); text != "" {
		style := ansiGreen
		if !r.Expected.Met {
			style = ansiRed
		}
		fmt.Fprintln(out, p.paint(style, text))
	}
	if r.Leftovers > 0 {
		fmt.Fprintln(out, p.paint(ansiRed, "remove what is left: regionfall down --all"))
	}
	fmt.Fprintf(out, "again: %s\n", cmp.Or(r.Program(), r.Command()))
	if err := out.Flush(); err != nil {
		return fmt.Errorf("print the result of %s: %w", r.Scenario.Name, err)
	}
	return nil
}

// line is one of the table: its cells, and how they are painted.
type line struct {
	cells [5]string
	style string // of the whole line; the last cell of others is a verdict
}

func (r Result) lines() []line {
	lines := []line{{cells: [5]string{"metric", "objective", "measured", "deviation", "verdict"}, style: ansiBold}}
	for _, row := range r.rows() {
		name := row.Name
		if row.Part {
			name = "  " + name
		}
		word := row.Word()
		lines = append(lines, line{cells: [5]string{
			name, dash(row.Objective), row.Measured, dash(row.Deviation),
			word,
		}})
		// A part has its whole's objective and would only repeat it.
		if row.FullMeasured == "" && row.FullObjective == "" || row.Part && row.Objective != "" {
			continue
		}
		full := [5]string{2: atFullScale(row, r.Scenario.Timescale)}
		if row.FullObjective != "" {
			full[1] = "= " + row.FullObjective
		}
		lines = append(lines, line{cells: full, style: ansiDim})
	}
	return lines
}

// atFullScale says what was measured in the time of the story.
func atFullScale(row measure.Row, timescale float64) string {
	switch text := row.FullMeasured; {
	case text == "":
		return ""
	case row.Extrapolated:
		return text + " at full scale"
	case strings.HasPrefix(text, "≤"), strings.HasPrefix(text, "≥"), strings.HasPrefix(text, ">"),
		strings.HasPrefix(text, "up to"):
		return text + " at " + measure.Scale(timescale)
	default:
		return "= " + text + " at " + measure.Scale(timescale)
	}
}

func writeAligned(out io.Writer, p painter, lines []line) {
	var widths [5]int
	for _, l := range lines {
		for i, c := range l.cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	for _, l := range lines {
		var text strings.Builder
		for i, c := range l.cells[:4] {
			text.WriteString(c)
			text.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c)+2))
		}
		if l.style != "" {
			fmt.Fprintln(out, p.paint(l.style, strings.TrimRight(text.String()+l.cells[4], " ")))
			continue
		}
		fmt.Fprintln(out, text.String()+p.verdict(l.cells[4]))
	}
}

func dash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}
