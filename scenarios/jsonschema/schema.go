// Package jsonschema describes files in the words of JSON Schema: what is read by its keys, and what is written by its
// types.
package jsonschema

import (
	"encoding/json"
	"fmt"
)

// Schema is a JSON Schema, with as much of that as the files need. Its zero value allows anything.
type Schema struct {
	Draft       string             `json:"$schema,omitempty"`
	ID          string             `json:"$id,omitempty"`
	Title       string             `json:"title,omitempty"`
	Description string             `json:"description,omitempty"`
	Ref         string             `json:"$ref,omitempty"`
	Type        any                `json:"type,omitempty"` // a word, or a list of them
	Format      string             `json:"format,omitempty"`
	Const       any                `json:"const,omitempty"`
	Enum        []string           `json:"enum,omitempty"`
	Pattern     string             `json:"pattern,omitempty"`
	Default     any                `json:"default,omitempty"`
	Examples    []any              `json:"examples,omitempty"`
	MaxLength   int                `json:"maxLength,omitempty"`
	Minimum     *float64           `json:"minimum,omitempty"`
	Maximum     *float64           `json:"maximum,omitempty"`
	Items       *Schema            `json:"items,omitempty"`
	MinItems    int                `json:"minItems,omitempty"`
	MaxItems    int                `json:"maxItems,omitempty"`
	Properties  map[string]*Schema `json:"properties,omitempty"`
	Required    []string           `json:"required,omitempty"`
	MinProps    int                `json:"minProperties,omitempty"`
	MaxProps    int                `json:"maxProperties,omitempty"`
	// Additional says what properties there may be beside: false for none, or a *Schema of theirs.
	Additional any                `json:"additionalProperties,omitempty"`
	AnyOf      []*Schema          `json:"anyOf,omitempty"`
	Defs       map[string]*Schema `json:"$defs,omitempty"`
}

// The drafts. Editors know the older one best.
const (
	Draft7    = "http://json-schema.org/draft-07/schema#"
	Draft2020 = "https://json-schema.org/draft/2020-12/schema"
)

// File is the schema as a file has it.
func (s *Schema) File() ([]byte, error) {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode schema %s: %w", s.Title, err)
	}
	return append(data, '\n'), nil
}

// With is the schema with a description, unless it has one.
func (s *Schema) With(description string) *Schema {
	if s.Description != "" {
		return s
	}
	other := *s
	other.Description = description
	return &other
}

// Object is a mapping that has these properties and no others.
func Object(properties map[string]*Schema, required ...string) *Schema {
	return &Schema{Type: "object", Properties: properties, Required: required, Additional: false}
}

// Any is either of several.
func Any(of ...*Schema) *Schema { return &Schema{AnyOf: of} }

// Nullable is null as well.
func Nullable(s *Schema) *Schema {
	if word, is := s.Type.(string); is && s.Enum == nil && s.Const == nil {
		other := *s
		other.Type = []string{word, "null"}
		return &other
	}
	return Any(s, &Schema{Type: "null"})
}

// Strings is one of these words.
func Strings[T ~string](words ...T) *Schema {
	s := &Schema{Type: "string"}
	for _, w := range words {
		s.Enum = append(s.Enum, string(w))
	}
	return s
}
