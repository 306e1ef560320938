package evidence

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/regionfall/regionfall/scenarios/history"
)

// However close the marks are, no label lies on another and no line goes through a label.
func TestLabelsNeverOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, _ := outage()
		for _, at := range rapid.SliceOfN(rapid.Int64Range(0, 15_000), 0, 20).Draw(t, "marks") {
			moment := time.Duration(at) * time.Millisecond
			d.History.Marks = append(d.History.Marks, history.Mark{
				At:   history.Interval{Lo: moment, Hi: moment},
				Name: "a_mark_of_the_agent",
			})
		}
		c := newChart(New(d), d.History)
		for i, a := range c.Flags {
			left, right := a.X, a.X+labelWidth(a.Label)-6
			if right > c.Width {
				t.Errorf("%s at %.0f leaves the page", a.Label, a.X)
			}
			for j, b := range c.Flags {
				if i == j {
					continue
				}
				if a.Y == b.Y && b.X <= right && left <= b.X {
					t.Errorf("%s at %.0f lies on %s at %.0f", a.Label, a.X, b.Label, b.X)
				}
				// A line starts at its own label and goes down.
				if b.X > left && b.X < right && b.Y < a.Y {
					t.Errorf("the line of %s at %.0f goes through %s at %.0f", b.Label, b.X, a.Label, a.X)
				}
			}
		}
	})
}

func TestChartOfLittle(t *testing.T) {
	for name, h := range map[string]history.History{
		"one": {Ops: []history.Op{{
			Outcome: history.OK, Kind: history.Write, Due: time.Second,
			Done: time.Second,
		}}},
		"never done":  {Ops: []history.Op{{Due: time.Minute}}, Faults: []history.Fault{{Name: "lose_region"}}},
		"same moment": {Ops: make([]history.Op, 50), Phases: []history.Phase{{Name: history.PhaseSteady}}},
		"long":        {Ops: []history.Op{{Due: 0}, {Due: 30 * time.Hour, Done: 30*time.Hour + time.Second}}},
	} {
		c := newChart(Result{}, h)
		var out strings.Builder
		if err := writeReport(&out, Result{}, h); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c == nil || len(c.Times) < 2 || len(c.Times) > 15 || c.Offered == "" ||
			strings.Contains(out.String(), "NaN") {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if c := newChart(Result{}, history.History{}); c != nil {
		t.Error("a chart of nothing")
	}
}

// An operation of each outcome is drawn, with a glyph of its own.
func TestOutcomesAreDrawn(t *testing.T) {
	d, _ := outage()
	c := newChart(New(d), d.History)
	for name, path := range map[string]string{
		"writes": c.Writes, "reads": c.Reads, "failed": c.Failed,
		"unknown": c.Unknown, "good": c.Good,
	} {
		if strings.Count(path, "M") == 0 {
			t.Errorf("no %s are drawn", name)
		}
	}
	if n := len(c.Bands); n != 1 || c.Bands[0].Width < 100 {
		t.Errorf("the fault is drawn as %v", c.Bands)
	}
}

// Each outage is drawn from where it began to where it ended, and the service is said to be back there: never before
// what took it away.
func TestTheServiceIsBackAfterItsLoss(t *testing.T) {
	d := judged(t, "two-failovers")
	r := New(d)
	c := newChart(r, d.History)
	if len(c.Away) != 2 {
		t.Fatalf("%d outages are drawn, want 2", len(c.Away))
	}
	var back, lost []float64
	for _, f := range c.Flags {
		switch {
		case f.Class == "recovered":
			back = append(back, f.X)
		case strings.HasPrefix(f.Label, "lose_region"):
			lost = append(lost, f.X)
		}
	}
	if len(back) != 2 || len(lost) != 2 || back[0] < lost[0] || back[0] > lost[1] || back[1] < lost[1] {
		t.Errorf("the service is lost at %v, and back at %v", lost, back)
	}
	for i, o := range c.Away {
		if o.X+o.Width < back[i]-1 || o.X > back[i] {
			t.Errorf("outage %d ends at %.0f, and the service is back at %.0f", i, o.X+o.Width, back[i])
		}
	}
	var page strings.Builder
	if err := writeReport(&page, r, d.History); err != nil {
		t.Fatal(err)
	}
	first, second := strings.Index(page.String(), "<h3>lose_region on us-east-1</h3>"),
		strings.Index(page.String(), "<h3>lose_region on us-west-2</h3>")
	if first < 0 || second < first || strings.Count(page.String(), "Phases of the recovery</h4>") != 2 {
		t.Error("the incidents do not stand one under another, each with its phases")
	}
	for _, want := range []string{
		"the service is back", "service away", "in charge after it: us-west-2",
		"In all stores together: 2 of 25 lost, 188 ms … 308 ms.",
	} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the report says nowhere %q", want)
		}
	}
}
