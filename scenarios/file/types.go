package file

import (
	"encoding"
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/jsonschema"
)

// Scalar is a type of values without parts that is read in a way of its own. The error of UnmarshalText completes the
// sentence "PATH: …".
type Scalar interface {
	encoding.TextUnmarshaler
	Form() Form
}

// Form is how the values of a type are written.
type Form struct {
	Words  string // such as "a time"
	Schema *jsonschema.Schema
}

// Words is the form of a text that is one of these.
func Words(words ...string) Form {
	text := "one of " + strings.Join(words, ", ")
	if len(words) == 1 {
		text = words[0]
	}
	return Form{text, jsonschema.Strings(words...)}
}

// Choice is a type of text that is one of a few words.
type Choice interface{ Values() []string }

// Variants is a value that is written as a mapping with one key, which says what stands below it.
type Variants interface {
	Variants() []Variant
	// Choose is given what New made for the key that the file has, read.
	Choose(value any)
}

// Variant is one of the things that a value may be.
type Variant struct {
	Key     string
	About   string
	Example string
	New     func() any // a pointer to an empty struct
}

// Duration is a time of the real world that a timescale divides.
type Duration time.Duration

// Lab is the time in a lab where one second stands for timescale seconds.
func (d Duration) Lab(timescale float64) time.Duration {
	return time.Duration(math.Round(float64(d) / timescale))
}

// UnmarshalText reads a time such as 15m.
func (d *Duration) UnmarshalText(text []byte) error {
	return parseInto(text, parseDuration, (*time.Duration)(d))
}

// Form is that of a time.
func (*Duration) Form() Form { return timeForm() }

// Physical is a time that can't be hurried: no timescale divides it.
type Physical time.Duration

// UnmarshalText reads a time such as 15m.
func (p *Physical) UnmarshalText(text []byte) error {
	return parseInto(text, parseDuration, (*time.Duration)(p))
}

// Form is that of a time.
func (*Physical) Form() Form { return timeForm() }

// Rate is how often a second.
type Rate float64

// UnmarshalText reads a rate such as 40/s.
func (r *Rate) UnmarshalText(text []byte) error { return parseInto(text, parseRate, (*float64)(r)) }

// Form is that of a rate.
func (*Rate) Form() Form { return textForm("a rate", rateForm, "40/s") }

// Share is a part of a whole, up to 1.
type Share float64

// UnmarshalText reads a percentage such as 99%.
func (s *Share) UnmarshalText(text []byte) error { return parseInto(text, parseShare, (*float64)(s)) }

// Form is that of a percentage.
func (*Share) Form() Form { return textForm("a percentage", shareForm, "99%") }

// Prose is text of several lines.
type Prose string

// Switch is a setting that is on or off.
type Switch bool

// UnmarshalText reads on or off.
func (s *Switch) UnmarshalText(text []byte) error {
	word, err := chooseWord("setting", onOff, string(text))
	*s = word == "on"
	return err
}

// Form is that of the two words.
func (*Switch) Form() Form {
	return Form{"on or off", jsonschema.Strings(onOff...)}
}

var onOff = []string{"on", "off"}

func parseInto[T any](text []byte, parse func(string) (T, error), dst *T) error {
	v, err := parse(string(text))
	if err == nil {
		*dst = v
	}
	return err
}

func timeForm() Form { return textForm("a time", durationForm, "15m", "1h30m", "500ms") }

// textForm describes text that matches a pattern.
func textForm(words string, form *regexp.Regexp, examples ...any) Form {
	return Form{words, &jsonschema.Schema{Type: "string", Pattern: form.String(), Examples: examples}}
}

// TimeOfDay is a time since midnight.
type TimeOfDay time.Duration

// UnmarshalText reads a time of day such as 23:00.
func (t *TimeOfDay) UnmarshalText(text []byte) error {
	return parseInto(text, parseTimeOfDay, (*time.Duration)(t))
}

// Size is how many bytes.
type Size int64

// UnmarshalText reads a size such as 40TB.
func (s *Size) UnmarshalText(text []byte) error { return parseInto(text, parseSize, (*int64)(s)) }

// Form is that of a size.
func (*Size) Form() Form { return textForm("a size", sizeForm, "40TB") }

// Form is that of a time of day.
func (*TimeOfDay) Form() Form { return textForm("a time of day", timeOfDayForm, "23:00") }

// String is the time as it is written.
func (t TimeOfDay) String() string {
	d := time.Duration(t)
	return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
}
