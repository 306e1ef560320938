package evidence

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/measure"
)

// writeSummary writes the result in Markdown, short enough for the summary page of a job.
func writeSummary(w io.Writer, r Result) error {
	var out strings.Builder
	fmt.Fprintf(&out, "## %s: %s\n\n%s\n\n", inMarkdown(r.Scenario.Name), r.Verdict, inMarkdown(r.Why()))
	if rows := r.rows(); len(rows) > 0 {
		out.WriteString("| metric | objective | measured | deviation | verdict |\n|---|---|---|---|---|\n")
		for _, row := range rows {
			name := inMarkdown(row.Name)
			if row.Part {
				name = "&nbsp;&nbsp;" + name
			}
			fmt.Fprintf(&out, "| %s | %s | %s | %s | %s |\n", name,
				dash(both(row.Objective, row.FullObjective)), both(row.Measured, row.FullMeasured), dash(row.Deviation),
				row.Word())
		}
		out.WriteString("\n")
	}
	if n := r.Scenario.Timescale; n > 0 && n != 1 {
		text := fmt.Sprintf("Lab time [the same at %s].", measure.Scale(n))
		if full := r.FullScale(); full != "" {
			text += " " + full
		}
		fmt.Fprintf(&out, "%s\n\n", text)
	}
	for _, p := range r.Lab.Processes {
		fmt.Fprintf(&out, "- process `%s`: %s\n", p.Name, inMarkdown(p.Words()))
	}
	for _, i := range r.Incidents {
		fmt.Fprintf(&out, "- incident %s\n", inMarkdown(i.Words()))
	}
	for _, f := range r.Faults {
		fmt.Fprintf(&out, "- fault `%s` %s: %s\n", f.Name, inMarkdown(f.Target), inMarkdown(f.life()))
	}
	for _, text := range r.late() {
		fmt.Fprintf(&out, "- step %s\n", inMarkdown(text))
	}
	for _, f := range r.Findings {
		if f.Verdict != measure.Pass {
			fmt.Fprintf(&out, "- %s `%s`: %s\n", f.Verdict, f.ID, inMarkdown(f.Detail))
		}
	}
	if text := r.Expectation(); text != "" {
		fmt.Fprintf(&out, "- %s\n", inMarkdown(text))
	}
	again := inMarkdown(r.Program())
	if command := r.Command(); command != "" {
		again = "`" + command + "`"
	}
	fmt.Fprintf(&out, "- again: %s\n", again)
	if _, err := io.WriteString(w, out.String()); err != nil {
		return fmt.Errorf("write summary: %w", err)
	}
	return nil
}

// life says whether a fault was seen to hold, since when and how it ended.
func (f Fault) life() string {
	if !f.Confirmed || f.Effective == nil {
		return "not confirmed"
	}
	text := "confirmed"
	if f.By != "" {
		text += " (" + f.By + ")"
	}
	text += ", effective " + measure.Exactly(max(0, f.Effective.Hi-time.Duration(f.Command))) + " after its command"
	if f.Lapsed != nil {
		text += ", gone by itself between " + measure.Exactly(f.Lapsed.Lo) + " and " + measure.Exactly(f.Lapsed.Hi)
	}
	if f.Healed == nil {
		return text + ", not seen healed"
	}
	return text + ", healed after " + measure.Exactly(max(0, f.Healed.Hi-f.Effective.Lo))
}

func both(lab, full string) string {
	if full == "" {
		return inMarkdown(lab)
	}
	return inMarkdown(lab) + " [" + inMarkdown(full) + "]"
}

// inMarkdown keeps text from ending a cell, a line or from being read as a tag.
var markdown = strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ", "<", "&lt;", ">", "&gt;", "*", `\*`, "`", "'")

func inMarkdown(text string) string { return markdown.Replace(text) }
