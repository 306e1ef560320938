package app

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/valyala/fasttemplate"

	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/jsonschema"
)

const (
	opening = "{{"
	closing = "}}"

	longestTemplate = 4000 // characters
)

// The placeholders of operations. Random values, and what setup keeps, have names of their own.
const (
	placeID     = "ID"     // of the write, or of what is read
	placePrefix = "Prefix" // that all ids of the drill begin with, and no other's
	placeNumber = "Number" // of the write, from 1; in setup, of the client
)

var plainName = regexp.MustCompile(`^\s*\.([A-Za-z]\w*)\s*$`)

// Template is a text with placeholders, such as c-{{.ID}}. A placeholder is a name and no more.
type Template struct {
	text  string
	names []string // of its placeholders, as often as they are there
	parts *fasttemplate.Template
}

// UnmarshalText reads a text and its placeholders.
func (t *Template) UnmarshalText(text []byte) error {
	if err := file.CheckText(string(text), longestTemplate, "\n\t"); err != nil {
		return err
	}
	read, err := parseTemplate(string(text))
	if err == nil {
		*t = read
	}
	return err
}

// Form is that of a text with placeholders.
func (*Template) Form() file.Form {
	return file.Form{
		Words:  "a text with placeholders",
		Schema: &jsonschema.Schema{Type: "string", MaxLength: longestTemplate},
	}
}

func parseTemplate(text string) (Template, error) {
	parts, err := fasttemplate.NewTemplate(text, opening, closing)
	if err != nil { // it has no other
		open := text[strings.LastIndex(text, opening):]
		return Template{}, fmt.Errorf("invalid placeholder %.40q: it has no closing %s", open, closing)
	}
	t := Template{text: text, parts: parts}
	_, err = parts.ExecuteFunc(io.Discard, func(_ io.Writer, between string) (int, error) {
		name := plainName.FindStringSubmatch(between)
		if name == nil {
			return 0, fmt.Errorf("invalid placeholder %.60q: only plain names are understood, such as {{.ID}}",
				opening+between+closing)
		}
		t.names = append(t.names, name[1])
		return 0, nil
	})
	return t, err
}

// String is the text as the file has it.
func (t Template) String() string { return t.text }

// uses says whether the template holds a placeholder.
func (t Template) uses(name string) bool { return slices.Contains(t.names, name) }

// isEmpty says whether the file has no such text.
func (t Template) isEmpty() bool { return t.text == "" }

// cut is what comes before a text that no placeholder holds, and the rest.
func (t Template) cut(at string) (before, rest Template) {
	i := strings.Index(t.text, at)
	if i < 0 {
		return t, Template{}
	}
	before, _ = parseTemplate(t.text[:i]) // all of it was looked at
	rest, _ = parseTemplate(t.text[i:])
	return before, rest
}

// fill replaces the placeholders. What is filled in is escaped, and not looked at again.
func (t Template) fill(v Values, escape func(string) string) string {
	if len(t.names) == 0 {
		return t.text
	}
	return t.parts.ExecuteFuncString(func(w io.Writer, between string) (int, error) {
		name := strings.TrimSpace(between)[1:]
		return io.WriteString(w, escape(v.value(name)))
	})
}

// Values are what placeholders stand for.
type Values struct {
	ID, Prefix       string
	Stage, Partition string // of a pipeline's object
	Number           int64
	Drawn            []Drawn
	Kept             []Kept
}

// Drawn is a random value.
type Drawn struct{ Name, Text string }

// Kept is what an answer to a client gave it, by the name that placeholders call it.
type Kept struct{ Name, Text string }

func (v Values) value(name string) string {
	switch name {
	case placeID:
		return v.ID
	case placePrefix:
		return v.Prefix
	case placeNumber:
		return fmt.Sprint(v.Number)
	case placeStage:
		return v.Stage
	case placePartition:
		return v.Partition
	}
	for _, d := range v.Drawn {
		if d.Name == name {
			return d.Text
		}
	}
	for _, k := range v.Kept {
		if k.Name == name {
			return k.Text
		}
	}
	return ""
}

func plain(text string) string { return text }

// inJSON escapes what stands between the quotes of a JSON text.
func inJSON(text string) string {
	quoted := encode(text)
	return quoted[1 : len(quoted)-1]
}

// encode gives a value of a Tree that has no parts as JSON.
func encode(value any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(value) // strings, numbers and bools always encode
	return strings.TrimSuffix(b.String(), "\n")
}

// jsonText is a tree as JSON, whose texts may hold placeholders.
func jsonText(value any, b *strings.Builder) {
	switch v := value.(type) {
	case file.Branches:
		b.WriteByte('{')
		for i, branch := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(encode(branch.Key) + ":")
			jsonText(branch.Value, b)
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			jsonText(item, b)
		}
		b.WriteByte(']')
	default:
		b.WriteString(encode(v))
	}
}
