package evidence

import (
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

//go:embed page/*.tmpl
var pageFiles embed.FS

// pages are parsed when the program starts, so that a template that does not parse fails every test.
var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"n":     number,
	"mid":   func(a, b float64) float64 { return (a + b) / 2 },
	"add":   func(a, b float64) float64 { return a + b },
	"less":  func(a, b float64) float64 { return a - b },
	"dash":  dash,
	"title": measure.Title,
}).ParseFS(pageFiles, "page/*.tmpl"))

// page is what report.html is rendered from.
type page struct {
	Result
	Rows      []rowView
	Scale     string // "x360", empty for real time
	Second    string // what a second of the lab stands for
	Chart     *chart
	Incidents []incidentView
	Faults    []faultView
	Events    []event
	Others    []string // reasons after the first
}

// rowView is a row with what was measured in the time of the story, in words.
type rowView struct {
	measure.Row
	Full string
}

type faultView struct{ Name, Target, Role, Life, Commanded, Effective, Healed string }

// event is a line of what happened, in order.
type event struct {
	at                     time.Duration
	When, Source, What, Of string
}

func writeReport(w io.Writer, r Result, h history.History) error {
	p := page{
		Result: r, Chart: newChart(r, h), Incidents: incidentsOf(r, h), Events: eventsOf(r, h),
	}
	for _, row := range r.rows() {
		p.Rows = append(p.Rows, rowView{row, atFullScale(row, r.Scenario.Timescale)})
	}
	if n := r.Scenario.Timescale; n > 0 && n != 1 {
		p.Scale, p.Second = measure.Scale(n), measure.Promise(measure.AtScale(time.Second, n))
	}
	if len(r.Reasons) > 0 {
		p.Others = r.Reasons[1:]
	}
	for _, f := range r.Faults {
		p.Faults = append(p.Faults, faultView{
			Name: f.Name, Target: f.Target, Role: string(f.Role), Life: f.life(), Commanded: measure.Exactly(f.Command.Duration()),
			Effective: spanText(f.Effective), Healed: spanText(f.Healed),
		})
	}
	if err := pages.ExecuteTemplate(w, "report.html.tmpl", p); err != nil {
		return fmt.Errorf("render report: %w", err)
	}
	return nil
}

func spanText(s *measure.Span) string {
	if s == nil {
		return "not seen"
	}
	return measure.Between(s.Lo, s.Hi)
}

// eventsOf is everything dated that is no operation, in order.
func eventsOf(r Result, h history.History) []event {
	origin, fault := zero(h)
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
		events = append(events, event{at: at.Lo, When: when, Source: source, What: what, Of: of})
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
	away(outagesOf(r), add)
	for _, m := range h.Marks {
		add(m.At, m.Source, measure.Title(m.Name), m.Detail)
	}
	for _, read := range h.Reads {
		of := strconv.Itoa(len(read.IDs)) + " verifications in " + read.Region
		if read.Error != "" {
			of = "failed: " + read.Error
		}
		add(read.At, "harness", "read "+read.Store+", "+measure.Title(read.Read), of)
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	return events
}

func signed(d time.Duration) string {
	if d < 0 {
		return "−" + measure.Exactly(-d)
	}
	return "+" + measure.Exactly(d)
}
