package file

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/jsonschema"
)

func TestTheSchemaIsThatOfTheStruct(t *testing.T) {
	s := Schema(menu{})
	for key, want := range map[string]*jsonschema.Schema{
		"name":   {Type: "string", MaxLength: 20, Description: "What it is called."},
		"guests": {Type: "integer", Minimum: new(1.0), Maximum: new(12.0), Description: "How many eat. Default: 2."},
		"warm": {
			Type: "string", Pattern: durationForm.String(), Examples: []any{"15m", "1h30m", "500ms"},
			Description: "How long it stays warm. Default: 1h.",
		},
		"rest": {
			Type: "string", Pattern: durationForm.String(), Examples: []any{"15m", "1h30m", "500ms"},
			Description: "How long it rests. " + physicalNote,
		},
		"kind": {Type: "string", Enum: []string{"hot", "cold"}, Description: "Of meal."},
		"colours": {
			Type: "array", Items: &jsonschema.Schema{Type: "string", Enum: []string{"hot", "cold"}},
			Description: "Of the plates. Default: hot, cold.",
		},
		"pair": {
			Type: "array", Items: &jsonschema.Schema{Type: "string", MaxLength: 64}, MinItems: 2, MaxItems: 2,
			Description: "What goes together.",
		},
		"lamps": {Description: "What gives light.", AnyOf: []*jsonschema.Schema{
			lampSchema(), {Type: "array", Items: lampSchema(), MinItems: 1, MaxItems: 2},
		}},
		"table": {Description: "Where.", AnyOf: []*jsonschema.Schema{
			{Type: "string", Enum: []string{"on", "off"}},
			jsonschema.Object(map[string]*jsonschema.Schema{
				"legs":  {Type: "integer", Description: "How many it has."},
				"round": {Type: "string", Enum: []string{"on", "off"}, Description: "Whether it is."},
			}),
		}},
	} {
		if diff := cmp.Diff(want, s.Properties[key]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	}
	if extra := s.Properties["extra"]; extra.MaxProps != 1 ||
		extra.Properties["cheese"].Description != "from the hills. Example: cheese: {age: 2h}" {
		t.Errorf("extra: %+v", extra)
	}
	if diff := cmp.Diff([]string{"name"}, s.Required); diff != "" {
		t.Errorf("required: %s", diff)
	}
}

func lampSchema() *jsonschema.Schema {
	return jsonschema.Object(map[string]*jsonschema.Schema{
		"bulbs": {Type: "integer", Description: "How many it has. Default: 1."},
		"over":  {Type: "string", MaxLength: 64, Description: "Where it hangs."},
	}, "over")
}

func TestKeysAreThoseOfTheStruct(t *testing.T) {
	keys := map[string]Key{}
	for _, k := range Keys(&menu{}) {
		keys[k.Path] = k
	}
	for _, want := range []Key{
		{Path: "name", About: "What it is called.", Takes: "a text", Bounds: "at most 20 characters", Required: true},
		{
			Path: "warm", About: "How long it stays warm.", Takes: "a time", Default: "1h", Bounds: "more than 0s",
			Time: ScaledTime,
		},
		{Path: "late", About: "How late guests may be.", Takes: "a time", Time: ScaledTime},
		{Path: "rest", About: "How long it rests.", Takes: "a time", Time: PhysicalTime},
		{
			Path: "colours", About: "Of the plates.", Takes: "a list; each item is one of hot, cold",
			Default: "hot, cold",
		},
		{
			Path: "pair", About: "What goes together.", Takes: "a list; each item is a text", Bounds: "2 items",
			Example: "[bread, butter]",
		},
		{
			Path: "limit", About: "At most one of them.", Default: "none of them", Takes: "a mapping, or on or off",
			Bounds: "1 of its keys", Example: "{legs: 3}",
		},
		{Path: "dishes", About: "What is eaten.", Takes: "a list; each item is a mapping, or a text"},
		{
			Path: "dishes[].name", About: "What is eaten.", Takes: "a text", Bounds: "at most 64 characters",
			Example: "soup",
		},
		{
			Path: "lamps", About: "What gives light.", Takes: "a mapping, or a list of such", Bounds: "1 to 2 items",
			Example: "{over: table}",
		},
		{
			Path: "lamps.over", About: "Where it hangs.", Takes: "a text", Bounds: "at most 64 characters",
			Example: "table", Required: true,
		},
		{Path: "table.legs", About: "How many it has.", Takes: "a whole number"},
		{Path: "extra.cheese.age", About: "How old it is.", Takes: "a time", Time: ScaledTime},
	} {
		if diff := cmp.Diff(want, keys[want.Path]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", want.Path, diff)
		}
	}
	if !Scaled(&cheese{}, "age") || Scaled(menu{}, "rest") || Scaled(menu{}, "nothing") {
		t.Error("what a timescale divides is not what the tags say")
	}
}
