package file

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/regionfall/regionfall/scenarios/jsonschema"
)

var (
	durationType = reflect.TypeFor[Duration]()
	physicalType = reflect.TypeFor[Physical]()
	proseType    = reflect.TypeFor[Prose]()
	timeType     = reflect.TypeFor[time.Duration]()
)

// longestText is how long text may be where no bound is given.
const longestText = 64

// scalar is how a type of values without parts is read.
type scalar struct {
	Form
	// set reads a text. The error completes the sentence "PATH: …".
	set func(dst reflect.Value, text string) error
}

// scalarOf is how the type of a field, or of its items, is read; false when it has parts.
func scalarOf(f field, t reflect.Type) (scalar, bool) {
	if s, is := reflect.New(t).Interface().(Scalar); is {
		return scalar{s.Form(), func(dst reflect.Value, text string) error {
			return dst.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text))
		}}, true
	}
	if c, is := reflect.Zero(t).Interface().(Choice); is && t.Kind() == reflect.String {
		return scalar{Words(c.Values()...), func(dst reflect.Value, text string) error {
			word, err := chooseWord(f.takes, c.Values(), text)
			dst.SetString(word)
			return err
		}}, true
	}
	if _, is := reflect.New(t).Interface().(encoding.TextUnmarshaler); is && t.Kind() == reflect.Float64 {
		// a share of a package that this one is not known to
		return scalar{textForm("a percentage", shareForm, "99%"), func(dst reflect.Value, text string) error {
			share, err := parseShare(text)
			dst.SetFloat(share)
			return err
		}}, true
	}
	switch {
	case t == timeType:
		return scalar{timeForm(), func(dst reflect.Value, text string) error {
			d, err := parseDuration(text)
			dst.SetInt(int64(d))
			return err
		}}, true
	case t.Kind() == reflect.String:
		return textOf(f, t), true
	case t.Kind() == reflect.Int:
		return scalar{Form{"a whole number", &jsonschema.Schema{Type: "integer"}}, setWhole}, true
	case t.Kind() == reflect.Float64:
		return scalar{Form{"a number", &jsonschema.Schema{Type: "number"}}, setNumber}, true
	}
	return scalar{}, false
}

func setWhole(dst reflect.Value, text string) error {
	n, err := strconv.Atoi(text)
	if err != nil {
		return fmt.Errorf("%s is not a whole number", Quote(text))
	}
	dst.SetInt(int64(n))
	return nil
}

func setNumber(dst reflect.Value, text string) error {
	if !numberForm.MatchString(text) {
		return fmt.Errorf("%s is not a number", Quote(text))
	}
	n, err := strconv.ParseFloat(text, 64)
	dst.SetFloat(n)
	return err
}

// chooseWord accepts a text that is one of the known words; what names their kind, as in "unknown strategy".
func chooseWord(what string, known []string, text string) (string, error) {
	if slices.Contains(known, text) {
		return text, nil
	}
	return "", fmt.Errorf("unknown %s %s: %s", what, Quote(text), Suggest(text, known))
}

// textOf is text of what can be seen. It ends up on terminals, where the rest would move the cursor, change colours,
// or show something else than what is there.
func textOf(f field, t reflect.Type) scalar {
	longest, more := longestText, ""
	if f.max != "" && f.typ == t { // of a list, it is the number of items that is bounded
		longest = int(bound(f, t, f.max))
	}
	if f.each != "" && f.typ != t {
		longest, more = int(bound(f, t, f.each)), "\n\t"
	}
	if t == proseType {
		more = "\n\t"
	}
	form := Form{"a text", &jsonschema.Schema{Type: "string", MaxLength: longest}}
	if _, is := reflect.Zero(t).Interface().(interface{ MayBeNumber() }); is {
		form = Form{"a text, or a number", &jsonschema.Schema{Type: []string{"string", "integer"}, MaxLength: longest}}
	}
	return scalar{form, func(dst reflect.Value, text string) error {
		if err := CheckText(text, longest, more); err != nil {
			return err
		}
		dst.SetString(text)
		return nil
	}}
}

// CheckText refuses text with more than so many characters, and such as can't be seen and is not one of more. The error
// completes the sentence "PATH: …".
func CheckText(text string, longest int, more string) error {
	if n := utf8.RuneCountInString(text); n > longest {
		return fmt.Errorf("%d characters are too many: at most %d", n, longest)
	}
	for _, c := range text {
		if !unicode.IsGraphic(c) && !strings.ContainsRune(more, c) {
			return fmt.Errorf("holds %U, which can't be seen: text is plain", c)
		}
	}
	return nil
}

// bound is a bound of a field as a number. One that is none is a programmer's mistake, and panics.
func bound(f field, t reflect.Type, text string) float64 {
	switch t.Kind() {
	case reflect.Int64, reflect.Float64:
		v := reflect.New(t).Elem()
		if s, is := scalarOf(field{}, t); is && s.set(v, text) == nil {
			return toNumber(v)
		}
	default: // a count
		if n, err := strconv.Atoi(text); err == nil {
			return float64(n)
		}
	}
	panic(fmt.Sprintf("key %s: %q can't be a bound of %s", f.key, text, t))
}

// toNumber converts an integer or a float.
func toNumber(v reflect.Value) float64 {
	if v.CanInt() {
		return float64(v.Int())
	}
	return v.Float()
}

// checkBounds describes the bounds of the field and reports whether n, of type t, is within them.
func (f field) checkBounds(t reflect.Type, n float64) (bounds string, within bool) {
	lowest, highest := math.Inf(-1), math.Inf(1)
	low, above := strings.CutPrefix(f.min, ">")
	if low != "" {
		lowest = bound(f, t, low)
	}
	if f.max != "" {
		highest = bound(f, t, f.max)
	}
	return f.boundsText(), n >= lowest && n <= highest && !(above && n == lowest)
}

// boundsText describes the bounds in words; it is empty for a field without any.
func (f field) boundsText() string {
	low, above := strings.CutPrefix(f.min, ">")
	switch {
	case above && f.max != "":
		return fmt.Sprintf("more than %s and at most %s", low, f.max)
	case above:
		return "more than " + low
	case low != "" && low == f.max:
		return low
	case low != "" && f.max != "":
		return fmt.Sprintf("%s to %s", low, f.max)
	case low != "":
		return "at least " + low
	case f.max != "":
		return "at most " + f.max
	}
	return ""
}
