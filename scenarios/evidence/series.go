package evidence

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/evidence/page"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// drawOps puts every operation at its due time and latency, which counts from there, on a logarithmic scale. Operations
// that would be drawn on the same spot are drawn once.
func drawOps(c *page.Chart, ops []history.Op, s scale) {
	power := func(latency time.Duration) float64 {
		return math.Log10(max(0.1, float64(latency)/float64(time.Millisecond)))
	}
	least, most := ops[0].Done-ops[0].Due, ops[0].Done-ops[0].Due
	for i := range ops {
		latency := ops[i].Done - ops[i].Due
		least, most = min(least, latency), max(most, latency)
	}
	// powers of ten of milliseconds
	lo, hi := min(3, int(math.Floor(power(least)))), max(0, int(math.Ceil(power(most))))
	hi = max(hi, lo+1)
	p := &c.Latency
	y := func(power float64) float64 { return p.Bottom - (p.Bottom-p.Top)*(power-float64(lo))/float64(hi-lo) }
	for n := lo; n <= hi; n++ {
		label := "0.1 ms"
		if n >= 0 {
			label = measure.Exactly(time.Duration(math.Pow10(n)) * time.Millisecond)
		}
		p.Ticks = append(p.Ticks, page.Tick{At: y(float64(n)), Label: label})
	}
	drawn := newSpots(len(ops))
	for i := range ops {
		op := &ops[i]
		if at := drawn.at(s.x(op.Due), y(power(op.Done-op.Due))); drawn.first(op, at) {
			drawn.draw(op, at)
		}
	}
	c.Writes, c.Reads, c.Failed, c.Unknown = drawn.writes.String(), drawn.reads.String(), drawn.failed.String(),
		drawn.unknown.String()
}

// drawRates draws how many operations were due in each bin, and how many of those came out ok, per second.
func drawRates(c *page.Chart, ops []history.Op, s scale) {
	bin := binFor(s.to-s.from, len(ops))
	c.BinMS = bin.Milliseconds()
	n := int((s.to-s.from)/bin) + 1
	offered, good := make([]float64, n), make([]float64, n)
	last := 0
	for i := range ops {
		op := &ops[i]
		if op.Retry > 0 {
			continue // no demand, and no service in time
		}
		at := int((op.Due - s.from) / bin)
		offered[at] += 1 / bin.Seconds()
		if op.Outcome == history.OK {
			good[at] += 1 / bin.Seconds()
		}
		last = max(last, at)
	}
	most := 1.0
	for _, x := range offered {
		most = max(most, x)
	}
	step := niceStep(most / 3)
	most = step * math.Ceil(most/step)
	p := &c.Rate
	y := func(rate float64) float64 { return p.Bottom - (p.Bottom-p.Top)*rate/most }
	for rate := 0.0; rate <= most+step/2; rate += step {
		p.Ticks = append(p.Ticks, page.Tick{At: y(rate), Label: strconv.FormatFloat(rate, 'f', -1, 64)})
	}
	steps := func(rates []float64) string {
		var path strings.Builder
		for i, rate := range rates[:max(1, last)] { // the last bin is cut short: it would look like a fall

			letter := "L"
			if i == 0 {
				letter = "M"
			}
			left, right := s.x(s.from+time.Duration(i)*bin), s.x(s.from+time.Duration(i+1)*bin)
			fmt.Fprintf(&path, "%s%s %sH%s", letter, page.Number(left), page.Number(y(rate)), page.Number(right))
		}
		return path.String()
	}
	c.Offered = steps(offered)
	c.Good = steps(good) + fmt.Sprintf("V%sH%sZ", page.Number(p.Bottom), page.Number(s.left))
}

// binFor is the smallest bin that holds enough operations to be no noise: 100 ms and up, at most 240 of them.
func binFor(reach time.Duration, ops int) time.Duration {
	const enough = 12
	bins := []time.Duration{100, 200, 250, 500, 1000, 2000, 5000, 10000, 30000, 60000}
	for _, ms := range bins {
		bin := ms * time.Millisecond
		filled := float64(ops)*bin.Seconds() >= enough*reach.Seconds()
		if reach/bin <= 240 && (filled || bin >= 250*time.Millisecond) {
			return bin
		}
	}
	return reach/240 + 1
}

// phaseBar divides a recovery into its phases.
func phaseBar(of measure.Phases) []page.Phase {
	phases := of.Rounded()
	total := measure.Near(0)
	for _, p := range phases {
		total += p.Took
	}
	if total == 0 {
		return nil
	}
	var bar []page.Phase
	x := 0.0
	for i, p := range phases {
		width := page.PhasesWidth * float64(p.Took) / float64(total)
		s := page.Phase{
			X: x, Width: width, Name: measure.Title(p.Name), Class: "p" + strconv.Itoa(i%8),
			Took:  measure.Exactly(p.Took.Duration()),
			Share: fmt.Sprintf("%.0f %%", 100*float64(p.Took)/float64(total)), Kind: "physical",
		}
		switch {
		case p.Scaled:
			s.Kind = "scheduled by the scenario, scaled"
		case p.Waited > 0:
			s.Kind = measure.Exactly(p.Waited.Duration()) +
				" of it waited for a step of the plan, scaled; else physical"
		}
		if labelWidth(s.Name) < width {
			s.Label = s.Name
		}
		bar = append(bar, s)
		x += width
	}
	return bar
}
