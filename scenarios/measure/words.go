package measure

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// The same figure is said in the same words wherever it stands. What is printed is rounded outwards too: an interval
// that straddles its objective must not look as if it met it.
type roundFunc func(float64) float64

// Exactly says a duration as people do: "45 ms", "4.21 s", "25 min 12 s", "8 h 2 min".
func Exactly(d time.Duration) string { return formatMS(Near(d).MS(), math.Round) }

// AtLeast says the lower end of an interval.
func AtLeast(d time.Duration) string { return formatMS(Low(d).MS(), math.Floor) }

// AtMost says the upper end of an interval.
func AtMost(d time.Duration) string { return formatMS(High(d).MS(), math.Ceil) }

// Between says an interval; one whose ends read the same is said once.
func Between(lo, hi time.Duration) string {
	a, b := AtLeast(lo), AtMost(hi)
	if a == b {
		return a
	}
	return a + " … " + b
}

// Promise says an objective, without the zeros that a measurement would have.
func Promise(d time.Duration) string {
	text := formatMS(High(d).MS(), math.Round)
	if seconds, ok := strings.CutSuffix(text, "0 s"); ok && strings.Contains(seconds, ".") {
		return seconds + " s"
	}
	return text
}

// formatMS writes a number of milliseconds in the largest units that fit.
func formatMS(ms int64, round roundFunc) string {
	d := time.Duration(ms) * time.Millisecond
	switch {
	case d < 0:
		return "-" + formatMS(-ms, round)
	case d < time.Second:
		return fmt.Sprintf("%d ms", ms)
	case d < time.Minute:
		return decimals(round(float64(ms)/10)/100, 2) + " s"
	case d < time.Hour:
		return twoUnits(int64(round(d.Seconds())), 60, "min", "s")
	case d < 24*time.Hour:
		return twoUnits(int64(round(d.Minutes())), 60, "h", "min")
	default:
		return twoUnits(int64(round(d.Hours())), 24, "d", "h")
	}
}

func twoUnits(n, per int64, large, small string) string {
	if n%per == 0 {
		return fmt.Sprintf("%d %s", n/per, large)
	}
	return fmt.Sprintf("%d %s %d %s", n/per, large, n%per, small)
}

// decimals are dropped where they are all zero: an objective of 20 s is not "20.00 s".
func decimals(x float64, n int) string {
	if x == math.Trunc(x) {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strconv.FormatFloat(x, 'f', n, 64)
}

// Scale says a timescale: "x360".
func Scale(timescale float64) string { return "x" + strconv.FormatFloat(timescale, 'f', -1, 64) }

// Count says how many of something there are.
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Title turns an id into words: recovery_time into "recovery time".
func Title(id string) string { return strings.ReplaceAll(id, "_", " ") }

// took says how long something took, or when it did not end more than its lower end. Empty is not known.
func (i Interval) took(censored bool, scale float64) string {
	switch {
	case i.Lo == nil:
		return ""
	case censored:
		return "> " + AtLeast(AtScale(i.Lo.Duration(), scale))
	case i.Hi != nil:
		return Between(AtScale(i.Lo.Duration(), scale), AtScale(i.Hi.Duration(), scale))
	}
	return ""
}

// deviation says how far an interval is from its objective, in percent of that. Empty where there is none, or one of
// nothing.
func (o Objective) deviation(i Interval, censored bool) string {
	if o.Within == nil || o.Within.MS() <= 0 {
		return ""
	}
	objective := o.Within.MS()
	switch {
	case censored && i.Lo != nil:
		return "> " + percent(i.Lo.MS(), objective, math.Floor)
	case i.Lo != nil && i.Hi != nil:
		a, b := percent(i.Lo.MS(), objective, math.Floor), percent(i.Hi.MS(), objective, math.Ceil)
		if a == b {
			return a
		}
		return strings.TrimSuffix(a, " %") + " … " + b
	case i.Hi != nil:
		return "≤ " + percent(i.Hi.MS(), objective, math.Ceil)
	case i.Lo != nil:
		return "≥ " + percent(i.Lo.MS(), objective, math.Floor)
	}
	return ""
}

func percent(ms, objective int64, round roundFunc) string {
	p, digits := 100*float64(ms-objective)/float64(objective), 1
	if math.Abs(p) >= 10 {
		digits = 0
	}
	unit := math.Pow10(digits)
	p = round(math.Round(1e6*p*unit)/1e6) / unit // what is exact in decimals is not in binary
	text := strconv.FormatFloat(p, 'f', digits, 64)
	if text == "0.0" || text == "-0.0" {
		return "0 %"
	}
	if p > 0 {
		text = "+" + text
	}
	return text + " %"
}

func inPercent(share float64) string { return fmt.Sprintf("%.4g %%", 100*share) }
