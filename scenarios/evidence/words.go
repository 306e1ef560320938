package evidence

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// The rounding of printed numbers is outwards too: an interval that straddles its objective must not look as if it met it.
type rounding func(float64) float64

// span says a duration as people do: "45 ms", "4.21 s", "25 min 12 s", "8 h 2 min", "3 d 4 h".
func span(ms int64, how rounding) string {
	d := time.Duration(ms) * time.Millisecond
	switch {
	case d < 0:
		return "-" + span(-ms, how)
	case d < time.Second:
		return fmt.Sprintf("%d ms", ms)
	case d < time.Minute:
		return decimals(how(float64(ms)/10)/100, 2) + " s"
	case d < time.Hour:
		return two(int64(how(d.Seconds())), 60, "min", "s")
	case d < 24*time.Hour:
		return two(int64(how(d.Minutes())), 60, "h", "min")
	default:
		return two(int64(how(d.Hours())), 24, "d", "h")
	}
}

func two(n, per int64, big, small string) string {
	if n%per == 0 {
		return fmt.Sprintf("%d %s", n/per, big)
	}
	return fmt.Sprintf("%d %s %d %s", n/per, big, n%per, small)
}

// decimals are dropped where they are all zero: an objective of 20 s is not "20.00 s".
func decimals(x float64, n int) string {
	if x == math.Trunc(x) {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strconv.FormatFloat(x, 'f', n, 64)
}

func exactly(ms int64) string { return span(ms, math.Round) }
func atLeast(ms int64) string { return span(ms, math.Floor) }
func atMost(ms int64) string  { return span(ms, math.Ceil) }

// promised says an objective, without the zeros that a measurement would have.
func promised(ms int64) string {
	text := exactly(ms)
	if seconds, ok := strings.CutSuffix(text, "0 s"); ok && strings.Contains(seconds, ".") {
		return seconds + " s"
	}
	return text
}

// between says an interval; one whose ends read the same is said once.
func between(lo, hi int64) string {
	a, b := atLeast(lo), atMost(hi)
	if a == b {
		return a
	}
	return a + " … " + b
}

// took says how long something took, as well as it is known: an interval, or when it did not end more than its lower end. Empty is not known.
func took(lo, hi *int64, censored bool, scale float64) string {
	switch {
	case lo == nil:
		return ""
	case censored:
		return "> " + atLeast(atScale(*lo, scale))
	case hi != nil:
		return between(atScale(*lo, scale), atScale(*hi, scale))
	}
	return ""
}

// atScale is a lab duration in the time of the story.
func atScale(ms int64, timescale float64) int64 { return int64(math.Round(float64(ms) * timescale)) }

func scaleWord(timescale float64) string { return "x" + strconv.FormatFloat(timescale, 'f', -1, 64) }

// deviation says how far an interval is from its objective, in percent of the objective.
func deviation(lo, hi *int64, censored bool, objective int64) string {
	if objective <= 0 {
		return ""
	}
	switch {
	case censored && lo != nil:
		return "> " + percent(*lo, objective)
	case lo != nil && hi != nil:
		a, b := percent(*lo, objective), percent(*hi, objective)
		if a == b {
			return a
		}
		return strings.TrimSuffix(a, " %") + " … " + b
	case hi != nil:
		return "≤ " + percent(*hi, objective)
	case lo != nil:
		return "≥ " + percent(*lo, objective)
	}
	return ""
}

func percent(ms, objective int64) string {
	p := 100 * float64(ms-objective) / float64(objective)
	digits := 1
	if math.Abs(p) >= 10 {
		digits = 0
	}
	text := strconv.FormatFloat(p, 'f', digits, 64)
	if text == "0.0" || text == "-0.0" {
		return "0 %"
	}
	if p > 0 {
		text = "+" + text
	}
	return text + " %"
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// title turns an id into words: recovery_time into "recovery time".
func title(id string) string { return strings.ReplaceAll(id, "_", " ") }
