package evidence

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/regionfall/regionfall/scenarios/evidence/page"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

func writeReport(w io.Writer, r Result, h history.History) error {
	p := page.Report{
		Scenario: r.Scenario.Name, Verdict: r.Verdict.String(), Why: r.Why(),
		Status: unlessCompleted(r.Status), Expectation: r.Expectation(), FullScale: r.FullScale(),
		Chart: newChart(r, h), Incidents: incidentsOf(r, h), Findings: r.Findings, Events: eventsOf(r, h),
		Lab: r.labFacts(), Command: r.Command(), Program: r.Program(),
	}
	for _, row := range r.rows() {
		p.Rows = append(p.Rows, page.Row{Row: row, Full: atFullScale(row, r.Scenario.Timescale)})
	}
	if n := r.Scenario.Timescale; n > 0 && n != 1 {
		p.Scale, p.Second = measure.Scale(n), measure.Promise(measure.AtScale(time.Second, n))
	}
	if len(r.Reasons) > 0 {
		p.Others = r.Reasons[1:]
	}
	for _, f := range r.Faults {
		p.Faults = append(p.Faults, page.Fault{
			Name: f.Name, Target: f.Target, Role: string(f.Role), Life: f.life(),
			Commanded: measure.Exactly(f.Command.Duration()), Effective: spanText(f.Effective),
			Healed: spanText(f.Healed),
		})
	}
	if err := p.Render(w); err != nil {
		return fmt.Errorf("render report: %w", err)
	}
	return nil
}

// unlessCompleted is a status that a page has to tell.
func unlessCompleted(s Status) string {
	if s == Completed {
		return ""
	}
	return string(s)
}

// labFacts are what is known of what the drill ran on.
func (r Result) labFacts() []page.Fact {
	var all []page.Fact
	known := func(name, text string) {
		if text != "" {
			all = append(all, page.Fact{Name: name, Text: text})
		}
	}
	known("drilled", r.Times())
	known("harness", r.Harness.Words())
	if r.Host != nil {
		known("machine", r.Host.Words())
	}
	known("engine", dash(r.Lab.Engine))
	known("S3 and DynamoDB from", dash(r.Lab.Served()))
	for _, p := range r.Lab.Processes {
		known("process "+p.Name, p.Words())
	}
	known("ready after", dash(r.Lab.Readiness()))
	left := "nothing"
	if r.Leftovers > 0 {
		left = strconv.Itoa(r.Leftovers)
	}
	known("left over", left)
	all = append(all, page.Fact{Name: "scenario's SHA-256", Code: dash(r.Scenario.FileSHA256)})
	if app := r.Scenario.AppSHA256; app != "" {
		all = append(all, page.Fact{Name: "app's SHA-256", Code: app})
	}
	for _, i := range r.Lab.Images {
		all = append(all, page.Fact{Name: "image " + i.For, Text: i.Name, Code: i.Digest})
	}
	return all
}

func spanText(s *measure.Span) string {
	if s == nil {
		return "not seen"
	}
	return measure.Between(s.Lo, s.Hi)
}

// eventsOf is everything dated that is no operation, in order.
func eventsOf(r Result, h history.History) []page.Event {
	origin, fault := zero(h)
	type event struct {
		page.Event
		at time.Duration
	}
	var events []event
	add := func(at history.Interval, source, what, of string) {
		mid := at.Lo + (at.Hi-at.Lo)/2
		when := measure.Exactly(mid)
		if fault {
			when = signed(mid - origin)
		}
		if width := (at.Hi - at.Lo) / 2; width >= time.Millisecond {
			when += " ± " + measure.AtMost(width)
		}
		events = append(events, event{at: at.Lo, Event: page.Event{When: when, Source: source, What: what, Detail: of}})
	}
	point := func(at time.Duration) history.Interval { return history.Interval{Lo: at, Hi: at} }
	for _, p := range h.Phases {
		add(point(p.At), "harness", measure.Title(p.Name), "")
	}
	for _, f := range h.Faults {
		add(point(f.Command), "harness", f.Name+" ordered", f.Target)
		if f.Effective != nil {
			add(*f.Effective, "probe", f.Name+" in effect", f.By)
		}
		if f.Healed != nil {
			add(*f.Healed, "probe", f.Name+" healed", f.Target)
		}
	}
	r.eachLate(func(due time.Duration, what, detail string) { add(point(due), "harness", what, detail) })
	away(outagesOf(r), add)
	for _, m := range h.Marks {
		add(m.At, m.Source, measure.Title(m.Name), m.Detail)
	}
	for _, read := range h.Reads {
		of := strconv.Itoa(len(read.IDs)) + " writes in " + read.Region
		if read.Error != "" {
			of = "failed: " + read.Error
		}
		add(read.At, "harness", "read "+read.Store+", "+measure.Title(read.Read), of)
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	var all []page.Event
	for _, e := range events {
		all = append(all, e.Event)
	}
	return all
}

func signed(d time.Duration) string {
	if d < 0 {
		return "−" + measure.Exactly(-d)
	}
	return "+" + measure.Exactly(d)
}
