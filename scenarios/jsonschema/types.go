package jsonschema

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Options say what types alone do not tell.
type Options struct {
	// Known are the schemas of types that are written in a way of their own.
	Known map[reflect.Type]*Schema
	// Docs are what is said of types and fields, as Docs reads it: "Fault", "Fault.By".
	Docs map[string]string
}

// Of is the schema of what a value's type is written as by encoding/json. A pointer may be null, and so may a field
// with the tag `schema:"null"`. A type that JSON can't have is an error.
func Of(v any, o Options) (*Schema, error) {
	w := writer{Options: o, defs: map[string]*Schema{}}
	t := reflect.TypeOf(v)
	root := w.fields(t)
	root.Draft, root.Description, root.Defs = Draft2020, o.Docs[t.Name()], w.defs
	return root, w.err
}

type writer struct {
	Options
	defs map[string]*Schema // of the structs, by name
	err  error
}

func (w *writer) of(t reflect.Type) *Schema {
	if s, is := w.Known[t]; is {
		return s
	}
	if t == reflect.TypeFor[time.Time]() {
		return &Schema{Type: "string", Format: "date-time"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return Nullable(w.of(t.Elem()))
	case reflect.Slice:
		return &Schema{Type: "array", Items: w.of(t.Elem())}
	case reflect.Map:
		return &Schema{Type: "object", Additional: w.of(t.Elem())}
	case reflect.String:
		return &Schema{Type: "string"}
	case reflect.Bool:
		return &Schema{Type: "boolean"}
	case reflect.Int, reflect.Int64:
		return &Schema{Type: "integer"}
	case reflect.Float64:
		return &Schema{Type: "number"}
	case reflect.Struct:
		return w.ref(t)
	}
	w.err = fmt.Errorf("describe %s: JSON has nothing of that kind", t)
	return &Schema{}
}

// ref has a struct described once, wherever it stands: it may hold others of its own kind.
func (w *writer) ref(t reflect.Type) *Schema {
	if _, known := w.defs[t.Name()]; !known {
		w.defs[t.Name()] = nil // it is being described
		s := w.fields(t)
		s.Description = w.Docs[t.Name()]
		w.defs[t.Name()] = s
	}
	return &Schema{Ref: "#/$defs/" + t.Name()}
}

func (w *writer) fields(t reflect.Type) *Schema {
	s := Object(map[string]*Schema{})
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" { // its fields are written as if they were the struct's own
			embedded := w.fields(f.Type)
			for key, value := range embedded.Properties {
				s.Properties[key] = value
			}
			s.Required = append(s.Required, embedded.Required...)
			continue
		}
		if name == "" || name == "-" {
			continue
		}
		of := w.of(f.Type)
		if f.Tag.Get("schema") == "null" {
			of = Nullable(of)
		}
		s.Properties[name] = of.With(w.Docs[t.Name()+"."+f.Name])
		if !slices.Contains(strings.Split(options, ","), "omitempty") {
			s.Required = append(s.Required, name)
		}
	}
	return s
}
