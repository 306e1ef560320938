package filetest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/regionfall/regionfall/scenarios/file"
)

// Examples writes files in which a key has its example, as a reader copies it from the documentation.
type Examples struct {
	Base   string // a good file
	Keys   []file.Key
	Rivals map[string][]string // by key: what goes from its mapping, since there may be one of them
	Names  map[string]string   // by mapping with names of one's own: the one that is meant
}

// copied is the text of an example, which stands in the file as it is.
type copied string

// File is the base with the example of a key. The mappings and lists that the key is in, and that the base does not
// have, begin with their own examples, or with those of the keys that they can't do without.
func (e Examples) File(t testing.TB, k file.Key) string {
	t.Helper()
	var root map[string]any
	if err := yaml.Unmarshal([]byte(e.Base), &root); err != nil {
		t.Fatal(err)
	}
	in, at := root, ""
	parts := strings.Split(k.Path, ".")
	if strings.HasSuffix(k.Path, ".p99.9") {
		parts = append(parts[:len(parts)-2], "p99.9")
	}
	for _, part := range parts[:len(parts)-1] {
		name, list := strings.CutSuffix(part, "[]")
		of := at
		at = file.Join(at, name)
		if name == "*" {
			name = e.Names[of]
		}
		value := in[name]
		if value == nil {
			e.removeRivals(in, name)
			value = e.read(t, at)
		}
		var below map[string]any
		if items, is := value.([]any); is && len(items) > 0 {
			value = items[0]
		}
		if list {
			at += "[]"
		}
		if below, _ = value.(map[string]any); below == nil {
			below = e.least(t, at, value)
		}
		in[name] = any(below)
		if list {
			in[name] = []any{below}
		}
		in = below
	}
	last := parts[len(parts)-1]
	e.removeRivals(in, last)
	in[last] = copied(strings.TrimPrefix(k.Example, last+": ")) // that of one of several kinds has its key
	var out strings.Builder
	write(&out, root, "")
	return out.String()
}

// read is the value of the example of a key; nil: it has none.
func (e Examples) read(t testing.TB, path string) any {
	t.Helper()
	i := slices.IndexFunc(e.Keys, func(k file.Key) bool { return k.Path == path })
	if i < 0 || e.Keys[i].Example == "" {
		return nil
	}
	var v any
	if err := yaml.Unmarshal([]byte(e.Keys[i].Example), &v); err != nil {
		t.Fatalf("the example of %s can't be read: %v", path, err)
	}
	return v
}

// least is a mapping with the keys that it can't do without. A value stood in its place alone: it is that of the first.
func (e Examples) least(t testing.TB, path string, alone any) map[string]any {
	t.Helper()
	all := map[string]any{}
	for _, k := range e.Keys {
		name, below := strings.CutPrefix(k.Path, path+".")
		if !below || strings.Contains(name, ".") || !k.Required {
			continue
		}
		all[name] = copied(k.Example)
		if alone != nil {
			all[name], alone = alone, nil
		}
	}
	return all
}

func (e Examples) removeRivals(in map[string]any, key string) {
	for _, rival := range e.Rivals[key] {
		if rival != key {
			delete(in, rival)
		}
	}
}

func write(out *strings.Builder, mapping map[string]any, indent string) {
	for _, key := range slices.Sorted(maps.Keys(mapping)) {
		name, _ := json.Marshal(key)
		out.WriteString(indent + string(name) + ":")
		switch v := mapping[key].(type) {
		case copied:
			out.WriteString(" " + string(v) + "\n")
		case map[string]any:
			out.WriteString("\n")
			write(out, v, indent+"  ")
		case []any:
			if below, is := v[0].(map[string]any); is && len(v) == 1 {
				out.WriteString("\n" + indent + "  -\n")
				write(out, below, indent+"    ")
				continue
			}
			flow(out, v)
		default:
			flow(out, v)
		}
	}
}

func flow(out *strings.Builder, v any) {
	text, _ := json.Marshal(v) // JSON is YAML
	out.WriteString(" " + string(text) + "\n")
}
