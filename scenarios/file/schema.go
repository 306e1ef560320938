package file

import (
	"cmp"
	"reflect"
	"strings"

	"github.com/regionfall/regionfall/scenarios/jsonschema"
)

// Schema describes files that Decode reads into a struct such as v, for editors.
func Schema(v any) *jsonschema.Schema { return objectOf(structOf(v), "") }

// physicalNote follows the description of each time that no timescale divides.
const physicalNote = "Physical: the timescale does not divide it."

// schemaOf describes the values of a field, of which this is said.
func schemaOf(f field, about string) *jsonschema.Schema {
	s := typeSchema(f, f.typ, about)
	f.addBounds(s)
	if s.Description == "" {
		s.Description = f.description(about)
	}
	return s
}

// description is what is said of a field, with its default, and whether it is physical.
func (f field) description(about string) string {
	if fallback := cmp.Or(f.fallback, f.otherwise); fallback != "" {
		about += " Default: " + fallback + "."
	}
	if f.physical() {
		about += " " + physicalNote
	}
	return strings.TrimSpace(about)
}

func (f field) physical() bool {
	t := pointedTo(f.typ)
	return t == physicalType || t == timeType && !f.scaled
}

func typeSchema(f field, t reflect.Type, about string) *jsonschema.Schema {
	t = pointedTo(t)
	if s, is := scalarOf(f, t); is {
		return s.Schema
	}
	switch {
	case isVariants(t):
		return variantsSchema(t)
	case isList(t):
		list := &jsonschema.Schema{Type: "array", Items: typeSchema(f, t.Elem(), "")}
		if f.one {
			f.addBounds(list)
			return jsonschema.Any(typeSchema(f, t.Elem(), about), list)
		}
		return list
	case t == treeType:
		return &jsonschema.Schema{}
	case t.Kind() == reflect.Map:
		return &jsonschema.Schema{Type: "object", Additional: typeSchema(f, t.Elem(), "")}
	default:
		return structSchema(t, about)
	}
}

// structSchema is that of a mapping, or of what may be written in place of it.
func structSchema(t reflect.Type, about string) *jsonschema.Schema {
	object := objectOf(t, about)
	alone, may := mapping(fieldsOf(t)).alone()
	if !may {
		return object
	}
	if alone.key == "" {
		return jsonschema.Any(typeSchema(alone, alone.typ, ""), object)
	}
	return jsonschema.Any(object.Properties[alone.key], object)
}

// objectOf is that of a mapping. A key that may be left out with its mapping's braces, and of which nothing else is
// said, is what the mapping is about.
func objectOf(t reflect.Type, about string) *jsonschema.Schema {
	properties := map[string]*jsonschema.Schema{}
	keys := mapping(fieldsOf(t))
	for _, f := range keys {
		if f.key != "" {
			properties[f.key] = schemaOf(f, f.aboutIn(about))
		}
	}
	return jsonschema.Object(properties, keys.required()...)
}

// aboutIn is what a field of a mapping is about, of which this is said.
func (f field) aboutIn(mapping string) string {
	if f.about == "" && f.alone {
		return mapping
	}
	return f.about
}

func variantsSchema(t reflect.Type) *jsonschema.Schema {
	kinds := map[string]*jsonschema.Schema{}
	for _, k := range reflect.New(t).Interface().(Variants).Variants() {
		kinds[k.Key] = objectOf(structOf(k.New()), "").With(k.About + ". Example: " + k.Example)
	}
	s := jsonschema.Object(kinds)
	s.MinProps, s.MaxProps = 1, 1
	return s
}

// addBounds adds the bounds of the field that are numbers to a schema.
func (f field) addBounds(s *jsonschema.Schema) {
	low, above := strings.CutPrefix(f.min, ">")
	switch s.Type {
	case "integer", "number":
		if low != "" && !above {
			s.Minimum = new(bound(f, f.typ, low))
		}
		if f.max != "" {
			s.Maximum = new(bound(f, f.typ, f.max))
		}
	case "array":
		s.MinItems, s.MaxItems = f.itemBounds()
	case "object":
		if s.MinProps == 0 {
			s.MinProps, s.MaxProps = f.itemBounds()
		}
	}
}

func (f field) itemBounds() (lowest, highest int) {
	if f.min != "" {
		lowest = int(bound(f, f.typ, f.min))
	}
	if f.max != "" {
		highest = int(bound(f, f.typ, f.max))
	}
	return lowest, highest
}
