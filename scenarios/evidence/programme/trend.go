package programme

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/measure"
)

// plotWidth is how many characters a bar may have.
const plotWidth = 40

// Trend prints the drills of a history, scenario by scenario and figure by figure, against what is promised and the
// tolerance, and what has been found.
func Trend(w io.Writer, history []Entry, findings []Finding, today time.Time) error {
	b := bufio.NewWriter(w)
	for _, s := range seriesOf(history) {
		s.print(b)
	}
	if len(findings) > 0 {
		_, _ = fmt.Fprintln(b, "FINDINGS")
	}
	for _, f := range findings {
		_, _ = fmt.Fprintf(b, "  %s  %-5s  %s: %s\n", f.ID, f.Severity, f.Scenario, f.words())
		_, _ = fmt.Fprintf(b, "%14sfirst seen %s, last seen %s, in %s; %s\n", "", f.First.Format(time.DateOnly),
			f.Last.Format(time.DateOnly), drills(f.Times), f.Status(today))
	}
	return b.Flush()
}

func drills(n int) string {
	if n == 1 {
		return "1 drill"
	}
	return fmt.Sprintf("%d drills", n)
}

// series are the drills of a scenario by one figure.
type series struct {
	scenario, metric string
	points           []point
}

type point struct {
	Figure
	at         time.Time
	deviations []Deviation
}

func seriesOf(history []Entry) (all []*series) {
	place := map[[2]string]*series{}
	for _, e := range history {
		for _, f := range e.Figures {
			key := [2]string{e.Scenario, f.Metric}
			if place[key] == nil {
				place[key] = &series{scenario: e.Scenario, metric: f.Metric}
				all = append(all, place[key])
			}
			p := point{Figure: f, at: e.Began}
			for _, d := range e.Deviations() {
				if d.Metric == f.Metric {
					p.deviations = append(p.deviations, d)
				}
			}
			place[key].points = append(place[key].points, p)
		}
	}
	return all
}

func (s *series) print(w io.Writer) {
	latest := s.points[len(s.points)-1]
	_, _ = fmt.Fprintf(w, "%s, %s: objective %s, documented %s\n", s.scenario, strings.ReplaceAll(s.metric, "_", " "),
		inWords(latest.Objective), inWords(latest.Documented))
	var most float64
	for _, p := range s.points {
		for _, ms := range []*int64{p.MS, p.Objective, p.Documented} {
			if ms != nil {
				most = max(most, float64(*ms)*(1+Tolerance))
			}
		}
	}
	for _, p := range s.points {
		var off []string
		for _, d := range p.deviations {
			off = append(off, d.words()+" ("+d.ID+")")
		}
		line := fmt.Sprintf("  %s  %12s  %s  %s", p.at.Format(time.DateOnly), inWords(p.MS), p.bar(most),
			strings.Join(off, "; "))
		_, _ = fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
	_, _ = fmt.Fprintf(w, "%28s|: the objective, >: %.0f %% more\n\n", "", 100*Tolerance)
}

// bar is the figure as a bar, with the objective and where the tolerance ends.
func (p point) bar(most float64) string {
	cells := []byte(strings.Repeat(" ", plotWidth+1))
	at := func(ms float64) int { return min(plotWidth, int(math.Round(ms/cmp.Or(most, 1)*plotWidth))) }
	if p.MS != nil {
		for i := range at(float64(*p.MS)) {
			cells[i] = '='
		}
	}
	if o := p.Objective; o != nil && *o > 0 {
		cells[at(float64(*o))] = '|'
		cells[at(float64(*o)*(1+Tolerance))] = '>'
	}
	return string(cells)
}

// words say how far it is off.
func (d Deviation) words() string {
	switch {
	case d.MS == nil:
		return "not reached, " + d.Against + " " + inWords(&d.Wanted)
	case d.Wanted == 0:
		return inWords(d.MS) + " lost, where nothing may be"
	case d.Off > 0:
		return fmt.Sprintf("%.0f %% over the %s", 100*d.Off, d.named())
	default:
		return fmt.Sprintf("%.0f %% under the %s", -100*d.Off, d.named())
	}
}

func (d Deviation) named() string {
	if d.Against == againstDocumented {
		return "documented " + strings.ReplaceAll(d.Metric, "_", " ")
	}
	return "objective of the " + strings.ReplaceAll(d.Metric, "_", " ")
}

func inWords(ms *int64) string {
	if ms == nil {
		return "–"
	}
	return measure.Promise(time.Duration(*ms) * time.Millisecond)
}
