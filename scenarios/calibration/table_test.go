package calibration

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// What is wanted.
const (
	wantedShare = 0.99
	wantedBias  = 5.0 // milliseconds, at most
)

// oneSided are the metrics of which one end is the truth, or says no more than "at least" or "at most": their middle
// means nothing.
var oneSided = []string{noOutage, nothingLost, replicationLag}

// row is what there is to say of one metric, or of one manner of outage.
type row struct {
	name              string
	measured, covered int
	biases, widths    []float64
	oneSided, count   bool
	unit              string
}

func (a *tally) rowOf(name string, of func(comparison) bool) row {
	r := row{name: name, unit: "ms"}
	for _, c := range a.all {
		if !of(c) {
			continue
		}
		r.oneSided, r.count = slices.Contains(oneSided, c.metric), c.metric == lostWrites
		if c.metric == standby {
			r.unit = "%"
		}
		r.measured++
		if c.covers() {
			r.covered++
		}
		if !c.open {
			r.biases, r.widths = append(r.biases, c.bias()), append(r.widths, c.is.hi-c.is.lo)
		}
	}
	return r
}

func (a *tally) rows() (rows []row) {
	for _, m := range metrics {
		rows = append(rows, a.rowOf(m, func(c comparison) bool { return c.metric == m }))
		if m != recoveryTime {
			continue
		}
		for _, how := range manners {
			rows = append(rows, a.rowOf("– "+string(how), func(c comparison) bool {
				return c.metric == recoveryTime &&
					c.manner == how
			}))
		}
	}
	return slices.DeleteFunc(rows, func(r row) bool { return r.measured == 0 })
}

var manners = []manner{refuses, swallows, resets, drops, hangs, unavailable, slow, noWrites, noReads}

// table is in Markdown.
func (a *tally) table() string {
	var b strings.Builder
	b.WriteString("| metric | measured | truth inside | bias: median | worst | width: median | 95 % " +
		"|\n|---|--:|--:|--:|--:|--:|--:|\n")
	for _, r := range a.rows() {
		bias, far := r.figure(median(r.biases)), r.figure(worst(r.biases))
		width, wide := r.figure(median(r.widths)), r.figure(quantile(r.widths, 0.95))
		switch {
		case r.count:
			bias, far, width, wide = "none", "none", "", ""
			if len(r.biases) > 0 && worst(r.biases) != 0 {
				bias, far = fmt.Sprint(median(r.biases)), fmt.Sprint(worst(r.biases))
			}
		case r.oneSided:
			bias, far = "", ""
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %s | %s | %s | %s |\n", r.name, r.measured, r.covered, bias, far, width, wide)
	}
	return b.String()
}

// figure is one to look at, not to compare: what differs from run to run is rounded away.
func (r row) figure(v float64) string {
	switch {
	case math.IsNaN(v):
		return ""
	case math.Abs(v) < 1:
		return "under 1 " + r.unit
	default:
		return fmt.Sprintf("%.0f %s", v, r.unit)
	}
}

// truth is how well the planted recovery times are known.
func (a *tally) truth() string {
	var widths []float64
	for _, c := range a.all {
		if c.metric == recoveryTime {
			widths = append(widths, c.truth.hi-c.truth.lo)
		}
	}
	r := row{unit: "ms"}
	return fmt.Sprintf("within %s in the median, and %s in 95 %%", r.figure(median(widths)),
		r.figure(quantile(widths, 0.95)))
}

// machine says what the machine had a hand in.
func (a *tally) machine() string {
	switch {
	case a.again == 0:
		return "Each was run once."
	case a.leftOut == 0:
		return fmt.Sprintf("%d were run again, since the machine was too slow for them.", a.again)
	}
	return fmt.Sprintf("%d were run again, since the machine was too slow for them; %d still came to nothing and are "+
		"left out.", a.again, a.leftOut)
}

// check says what is not as wanted.
func (a *tally) check(t *testing.T) {
	t.Helper()
	measured, covered := 0, 0
	for _, c := range a.all {
		measured++
		if c.covers() {
			covered++
			continue
		}
		if a.drills < 20 {
			t.Errorf("seed %d: %v", c.seed, c)
		}
	}
	if measured == 0 {
		t.Skip("this machine was too slow to tell anything")
	}
	if float64(covered) < wantedShare*float64(measured) {
		t.Errorf("the truth is inside in %d of %d, wanted in %v of 100", covered, measured, 100*wantedShare)
	}
	for _, r := range a.rows() {
		if b := median(r.biases); r.unit == "ms" && !r.oneSided && len(r.biases) >= 20 && math.Abs(b) >= wantedBias {
			t.Errorf("%s: the bias is %.1f ms in the median, wanted is less than %v ms", r.name, b, wantedBias)
		}
	}
	for _, s := range a.strange {
		t.Errorf("nothing of the kind was planted: %s", s)
	}
}

func median(all []float64) float64 { return quantile(all, 0.5) }

// quantile is by nearest rank.
func quantile(all []float64, share float64) float64 {
	if len(all) == 0 {
		return math.NaN()
	}
	all = slices.Sorted(slices.Values(all))
	return all[max(0, int(math.Ceil(share*float64(len(all))))-1)]
}

// worst is that which is farthest from 0.
func worst(all []float64) float64 {
	if len(all) == 0 {
		return math.NaN()
	}
	return slices.MaxFunc(all, func(a, b float64) int { return int(math.Copysign(1, math.Abs(a)-math.Abs(b))) })
}
