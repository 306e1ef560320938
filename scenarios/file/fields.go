package file

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// field is a key of a mapping: a field of a struct, as its tags have it.
type field struct {
	index []int // of the struct
	typ   reflect.Type

	key                     string // empty where the value is written alone only
	alone, required, unique bool
	one                     bool // of a list of mappings: one item may be written in place of it

	about, takes, fallback, example string
	otherwise                       string // a fallback that is no value, in words
	min, max                        string
	each                            string // of a list: how long each text may be, which may have several lines then
	note                            string // follows a complaint about the bounds, colon and all
	scaled                          bool
}

// fieldsOf are the fields of a struct, those of embedded structs among them. A tag that can't be is a programmer's
// mistake, and panics.
func fieldsOf(t reflect.Type) []field {
	var all []field
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous { // not all of its fields are promoted: one may have the name of its struct
			for _, below := range fieldsOf(f.Type) {
				below.index = append([]int{i}, below.index...)
				below.example = cmp.Or(f.Tag.Get("example."+below.key), below.example)
				all = append(all, below)
			}
			continue
		}
		tag, is := f.Tag.Lookup("yaml")
		if !is {
			continue
		}
		key, options, _ := strings.Cut(tag, ",")
		one := field{
			index: f.Index, typ: f.Type, key: key,
			about: f.Tag.Get("about"), takes: f.Tag.Get("takes"), fallback: f.Tag.Get("default"),
			example: f.Tag.Get("example"), otherwise: f.Tag.Get("otherwise"),
			min: f.Tag.Get("min"), max: f.Tag.Get("max"), each: f.Tag.Get("each"),
			scaled: pointedTo(f.Type) == durationType ||
				f.Tag.Get("scale") == "scaled",
		}
		if note := f.Tag.Get("note"); note != "" {
			one.note = ": " + note
		}
		if f.Type.Kind() == reflect.Array { // it takes as many items as it has
			one.min = strconv.Itoa(f.Type.Len())
			one.max = one.min
		}
		for option := range strings.SplitSeq(options, ",") {
			switch option {
			case "":
			case "alone":
				one.alone = true
			case "one":
				one.one = true
			case "required":
				one.required = true
			case "unique":
				one.unique = true
			default:
				panic(fmt.Sprintf("field %s of %s: unknown option %q", f.Name, t, option))
			}
		}
		all = append(all, one)
	}
	return all
}

// mapping is a struct as a mapping of a file.
type mapping []field

// field is the one with this key.
func (m mapping) field(key string) (field, bool) {
	i := slices.IndexFunc(m, func(f field) bool { return f.key == key && key != "" })
	if i < 0 {
		return field{}, false
	}
	return m[i], true
}

// alone is the field whose value may be written in place of the mapping.
func (m mapping) alone() (field, bool) {
	i := slices.IndexFunc(m, func(f field) bool { return f.alone })
	if i < 0 {
		return field{}, false
	}
	return m[i], true
}

// keys are the names of the fields, sorted.
func (m mapping) keys() []string {
	var keys []string
	for _, f := range m {
		if f.key != "" {
			keys = append(keys, f.key)
		}
	}
	slices.Sort(keys)
	return keys
}

// required are the keys that a file can't do without, in their order.
func (m mapping) required() []string {
	var keys []string
	for _, f := range m {
		if f.required {
			keys = append(keys, f.key)
		}
	}
	return keys
}

// Scaled says whether a timescale divides what a struct, or what points to one, has under a key.
func Scaled(v any, key string) bool {
	f, is := mapping(fieldsOf(structOf(v))).field(key)
	return is && f.scaled
}

// structOf is the type of a struct, or of the one that is pointed to.
func structOf(v any) reflect.Type { return pointedTo(reflect.TypeOf(v)) }

func pointedTo(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}
