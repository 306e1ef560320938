package file

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// maxDuration is the longest time a file may name: a year of a restaged incident is a slip, and must not overflow
// anything.
const maxDuration = 1000 * time.Hour

var (
	durationForm = regexp.MustCompile(`^(?:[0-9]+(?:\.[0-9]+)?(?:d|h|m|s|ms))+$`)
	daysForm     = regexp.MustCompile(`([0-9]+(?:\.[0-9]+)?)d`)
	unitForm     = regexp.MustCompile(`[0-9]([^0-9.]+)`)
	numberForm   = regexp.MustCompile(`^[0-9]+(?:\.[0-9]+)?$`)
	rateForm     = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)/s$`)
	// sizeForm is a number of bytes, in units of a thousand.
	sizeForm = regexp.MustCompile(`^([1-9][0-9]{0,5})(kB|MB|GB|TB)$`)
	// timeOfDayForm is a time of day, in hours and minutes.
	timeOfDayForm = regexp.MustCompile(`^([01][0-9]|2[0-3]):([0-5][0-9])$`)
	shareForm     = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)%$`)
)

var units = []string{"d", "h", "m", "s", "ms"}

// otherUnits are what people write instead of the units of this format.
var otherUnits = map[string]string{
	"day": "1d", "days": "1d", "w": "7d", "us": "0.001ms", "µs": "0.001ms", "ns": "0.000001ms",
	"min": "1m", "mins": "1m", "minute": "1m", "minutes": "1m", "sec": "1s", "secs": "1s", "second": "1s",
	"seconds": "1s",
	"hr":      "1h", "hrs": "1h", "hour": "1h", "hours": "1h", "msec": "1ms", "millis": "1ms",
}

// parseDuration reads a time such as 15m, 1h30m, 4d or 500ms. It is time.ParseDuration with days, without signs,
// without tiny units and with a sentence for each mistake.
func parseDuration(text string) (time.Duration, error) {
	switch {
	case text == "":
		return 0, errors.New("is empty: write a time such as 15m")
	case strings.HasPrefix(text, "-"):
		return 0, fmt.Errorf("%s is negative: times count forward", Quote(text))
	case numberForm.MatchString(text):
		return 0, fmt.Errorf("%s has no unit: write %ss, %sm or %sh", Quote(text), text, text, text)
	}
	if !durationForm.MatchString(text) {
		for _, unit := range unitForm.FindAllStringSubmatch(text, -1) {
			u := strings.TrimSpace(unit[1])
			if same, ok := otherUnits[strings.ToLower(u)]; ok {
				return 0, fmt.Errorf("%s: unknown unit %q: use %s (1%s is %s)", Quote(text), u,
					strings.Join(units, ", "), u, same)
			}
		}
		return 0, fmt.Errorf("%s is not a time: write a number and a unit (%s), such as 15m or 1h30m",
			Quote(text), strings.Join(units, ", "))
	}
	d, err := time.ParseDuration(daysForm.ReplaceAllStringFunc(text, inHours))
	if err != nil || d > maxDuration {
		return 0, fmt.Errorf("%s is longer than %s", Quote(text), Short(maxDuration))
	}
	return d, nil
}

// inHours is a number of days as one of hours. A day has 24 of them.
func inHours(days string) string {
	n, err := strconv.ParseFloat(strings.TrimSuffix(days, "d"), 64)
	if err != nil {
		return days
	}
	return strconv.FormatFloat(n*24, 'f', -1, 64) + "h"
}

// parseRate reads a rate such as 40/s.
func parseRate(text string) (float64, error) {
	m := rateForm.FindStringSubmatch(text)
	if m == nil {
		if numberForm.MatchString(text) {
			return 0, fmt.Errorf("%s has no unit: write %s/s, which is per lab second", Quote(text), text)
		}
		return 0, fmt.Errorf("%s is not a rate: write a number per lab second, such as 40/s", Quote(text))
	}
	return strconv.ParseFloat(m[1], 64)
}

// parseShare reads a percentage such as 99% as a share of 1.
func parseShare(text string) (float64, error) {
	m := shareForm.FindStringSubmatch(text)
	if m == nil {
		if numberForm.MatchString(text) {
			return 0, fmt.Errorf("%s has no unit: write a percentage, such as 99%%", Quote(text))
		}
		return 0, fmt.Errorf("%s is not a percentage: write one such as 99%%", Quote(text))
	}
	f, err := strconv.ParseFloat(m[1], 64)
	if err != nil || f <= 0 || f > 100 {
		return 0, fmt.Errorf("%s must be more than 0%% and at most 100%%", Quote(text))
	}
	return f / 100, nil
}

// bytesIn are the units of sizes.
var bytesIn = map[string]int64{"kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}

// parseSize reads a size such as 40TB.
func parseSize(text string) (int64, error) {
	m := sizeForm.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("%s is no size: write a whole number and kB, MB, GB or TB, such as 40TB", Quote(text))
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	return n * bytesIn[m[2]], err
}

// parseTimeOfDay reads a time of day such as 23:00.
func parseTimeOfDay(text string) (time.Duration, error) {
	m := timeOfDayForm.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf(
			"%s is no time of day: write hours and minutes, such as 23:00, with quotation marks around",
			Quote(text))
	}
	return time.ParseDuration(m[1] + "h" + m[2] + "m")
}

// Quote puts a value of the file into a complaint, without its tail when it is long.
func Quote(text string) string {
	const longest = 60
	return strconv.Quote(Brief(text, longest))
}

// Brief is a text without its tail when it has more than so many characters.
func Brief(text string, longest int) string {
	if r := []rune(text); len(r) > longest {
		return string(r[:longest]) + "…"
	}
	return text
}

// Short writes a duration as people do in these files: 2h, not 2h0m0s; 1.667s, not 1.666666667s.
func Short(d time.Duration) string {
	if d >= time.Millisecond {
		d = d.Round(time.Millisecond)
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
