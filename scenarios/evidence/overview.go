package evidence

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/regionfall/regionfall/scenarios/measure"
)

// Overview prints several drills for a terminal: a line each with what was expected, what came out and how long it
// took, and then how many of those that were asked for ended as expected: one that left nothing did not. The caller
// decides about color.
func Overview(w io.Writer, results []Result, asked int, color bool) error {
	out, p := bufio.NewWriter(w), painter(color)
	lines := [][]string{{"scenario", "expected", "verdict", "recovery time", "recovery point", "took"}}
	met := 0
	for _, r := range results {
		if r.Expected.Met {
			met++
		}
		lines = append(lines, []string{
			r.Scenario.Name, r.expected(), r.outcome(), r.measured("recovery time"), r.measured("recovery point"),
			r.took(),
		})
	}
	widths := make([]int, len(lines[0]))
	for _, l := range lines {
		for i, cell := range l {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for i, l := range lines {
		var text strings.Builder
		for j, cell := range l {
			painted := cell
			switch {
			case i == 0:
				painted = p.paint(ansiBold, cell)
			case j == 2:
				painted = p.met(results[i-1], cell)
			}
			text.WriteString(painted + strings.Repeat(" ", widths[j]-utf8.RuneCountInString(cell)+2))
		}
		fmt.Fprintln(out, strings.TrimRight(text.String(), " "))
	}
	style := ansiGreen
	if met < asked {
		style = ansiRed
	}
	fmt.Fprintf(out, "\n%s\n", p.paint(style, fmt.Sprintf("%d of %s ended as expected.", met,
		measure.Count(asked, "drill", "drills"))))
	if err := out.Flush(); err != nil {
		return fmt.Errorf("print the overview: %w", err)
	}
	return nil
}

// Ending says in one line how the drill ended.
func (r Result) Ending() string {
	text := fmt.Sprintf("%s: %s", r.Scenario.Name, r.outcome())
	switch {
	case r.Expected.Met && r.Expected.Verdict == measure.Fail:
		text += ", as expected"
	case !r.Expected.Met && r.Status == Completed:
		text += ": " + r.expected() + " was expected"
	}
	return text
}

// met paints by whether a drill ended as expected: an incident that was caught is as good as a remedy that passed.
func (p painter) met(r Result, word string) string {
	switch {
	case r.Expected.Met:
		return p.paint(ansiGreen, word)
	case r.Verdict == measure.Inconclusive && r.Status == Completed:
		return p.paint(ansiAmber, word)
	}
	return p.paint(ansiRed, word)
}

// expected is what the author of the scenario expected, with the findings that are to fail.
func (r Result) expected() string {
	if len(r.Expected.Findings) == 0 {
		return r.Expected.Verdict.String()
	}
	return r.Expected.Verdict.String() + ": " + strings.Join(r.Expected.Findings, ", ")
}

// outcome is the verdict, or how the drill ended without one.
func (r Result) outcome() string {
	switch {
	case r.Status != Completed:
		return string(r.Status)
	case !r.Expected.Met:
		return r.Verdict.String() + ", unexpected"
	}
	return r.Verdict.String()
}

// measured is what was measured of a metric.
func (r Result) measured(metric string) string {
	rows := r.rows()
	i := slices.IndexFunc(rows, func(row measure.Row) bool { return row.Name == metric })
	if i < 0 {
		return dash("")
	}
	return rows[i].Measured
}

func (r Result) took() string {
	if r.Began == nil || r.Ended == nil {
		return dash("")
	}
	return fmt.Sprintf("%.0f s", r.Ended.Sub(*r.Began).Round(time.Second).Seconds())
}
