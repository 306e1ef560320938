package file

import (
	"cmp"
	"fmt"
	"reflect"
)

// Key is a key of a format, as its documentation has it.
type Key struct {
	Path     string // such as topology.regions[].name; .* is below each of the names of a file's own
	About    string
	Takes    string // such as "a time"; what has keys of its own is "a mapping"
	Default  string
	Bounds   string // such as "1 to 64", or "at most 160 characters"
	Time     string // of a time: ScaledTime or PhysicalTime
	Example  string
	Required bool
}

// What a timescale does to a time.
const (
	ScaledTime   = "scaled"
	PhysicalTime = "physical"
)

// Keys are the keys of files that Decode reads into a struct such as v, in the order of its fields, each before those
// below it.
func Keys(v any) []Key { return keysIn(structOf(v), "", "") }

func keysIn(t reflect.Type, path, about string) []Key {
	var all []Key
	for _, f := range fieldsOf(t) {
		if f.key != "" {
			all = append(all, keysOf(f, Join(path, f.key), f.aboutIn(about))...)
		}
	}
	return all
}

// keysOf is a key and all below it.
func keysOf(f field, path, about string) []Key {
	t := pointedTo(f.typ)
	k := Key{
		Path: path, About: about, Default: cmp.Or(f.fallback, f.otherwise), Bounds: f.describeBounds(),
		Example: f.example, Required: f.required,
	}
	if f.scaled {
		k.Time = ScaledTime
	} else if f.physical() {
		k.Time = PhysicalTime
	}
	below := path
	if f.one {
		k.Takes = "a mapping, or a list of such"
		if isVariants(t.Elem()) {
			k.Takes = "a mapping with one key, or a list of such"
			return append([]Key{k}, keysOfVariants(t.Elem(), path)...)
		}
		return append([]Key{k}, keysIn(t.Elem(), path, about)...)
	}
	if isList(t) {
		t, below = t.Elem(), path+"[]"
		k.Takes = "a list; each item is "
	}
	if s, is := scalarOf(f, t); is {
		k.Takes += s.Words
		return []Key{k}
	}
	if t == treeType {
		k.Takes += "anything"
		return []Key{k}
	}
	if t.Kind() == reflect.Map {
		k.Takes += "a mapping with names of your own"
		if s, is := scalarOf(f, t.Elem()); is {
			k.Takes += ", each to " + s.Words
		} else if t.Elem().Kind() == reflect.Struct {
			return append([]Key{k}, keysIn(t.Elem(), path+".*", "")...)
		}
		return []Key{k}
	}
	if isVariants(t) {
		k.Takes += "a mapping with one key"
		return append([]Key{k}, keysOfVariants(t, below)...)
	}
	k.Takes += "a mapping"
	if alone, may := mapping(fieldsOf(t)).alone(); may {
		s, _ := scalarOf(alone, pointedTo(alone.typ))
		k.Takes += ", or " + s.Words
	}
	return append([]Key{k}, keysIn(t, below, about)...)
}

// describeBounds describes the bounds in words, with what they count.
func (f field) describeBounds() string {
	limits := f.boundsText()
	t := pointedTo(f.typ)
	s, is := scalarOf(f, t)
	switch {
	case is && s.Schema.MaxLength > 0:
		return fmt.Sprintf("at most %d characters", s.Schema.MaxLength)
	case is || limits == "":
		return limits
	case isList(t):
		return limits + " items"
	default:
		return limits + " of its keys"
	}
}

func keysOfVariants(t reflect.Type, path string) []Key {
	var all []Key
	for _, v := range reflect.New(t).Interface().(Variants).Variants() {
		at := Join(path, v.Key)
		all = append(all, Key{Path: at, About: v.About, Takes: "a mapping", Example: v.Example})
		all = append(all, keysIn(structOf(v.New()), at, "")...)
	}
	return all
}
