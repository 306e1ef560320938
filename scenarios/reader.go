package scenarios

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/regionfall/regionfall/scenarios/jsonschema"
)

// reader walks the syntax tree of a file and collects every complaint, instead of stopping at the first as a decoder does.
type reader struct {
	*source
	problems []*Problem
	bad      map[string]bool // paths complained about: nothing more is said about what stands there
	meant    map[string]bool // paths that are missing only because their key is misspelt
}

// decoder reads the value at path, and says what may stand there. It is called with a value that is there: an empty one has been complained about.
type decoder struct {
	read  func(n ast.Node, path string)
	takes *jsonschema.Schema
}

// fields are the keys a mapping may have.
type fields map[string]decoder

// complain notes what is wrong with the value at path, unless the value or what holds it could not be read in the first place: a
// misspelt time is not also too short.
func (r *reader) complain(path, format string, args ...any) {
	for p := path; p != ""; p = parent(p) {
		if r.bad[p] {
			return
		}
	}
	r.problems = append(r.problems, r.problem(path, format, args...))
}

// unread notes why the value at path could not be read.
func (r *reader) unread(path, format string, args ...any) {
	r.complain(path, format, args...)
	r.bad[path] = true
}

// complainAt notes what is wrong with a key.
func (r *reader) complainAt(key *token.Token, format string, args ...any) {
	r.problems = append(r.problems, r.problemAt(key, format, args...))
}

// given says whether the author gave a value at path, be it in vain.
func (r *reader) given(path string) bool { return r.at[path] != nil || r.meant[path] }

// mapping reads a mapping with these keys and no others.
func (r *reader) mapping(known fields) decoder {
	return decoder{takes: jsonschema.Object(known.takes()), read: func(n ast.Node, path string) {
		m, ok := n.(ast.MapNode)
		if !ok {
			r.unread(path, "%s is not a mapping: write its keys below it (%s)", r.title(path), strings.Join(known.keys(), ", "))
			return
		}
		seen := map[string]int{}
		for it := m.MapRange(); it.Next(); {
			r.entry(it.Key(), it.Value(), path, known, seen)
		}
	}}
}

func (r *reader) entry(keyNode ast.MapKeyNode, value ast.Node, path string, known fields, seen map[string]int) {
	key := keyNode.GetToken()
	prefix := ""
	if path != "" {
		prefix = path + "."
	}
	decode, ok := known[key.Value]
	if !ok {
		if meant, ok := nearest(key.Value, known.keys()); ok {
			r.meant[prefix+meant] = true
		}
		r.complainAt(key, "unknown key %s in %s: %s", quote(key.Value), r.title(path), suggest(key.Value, known.keys()))
		return
	}
	if line, twice := seen[key.Value]; twice {
		r.complainAt(key, "key %s is there twice in %s, first on line %d", quote(key.Value), r.title(path), line)
		return
	}
	seen[key.Value] = key.Position.Line
	r.value(value, key, prefix+key.Value, decode)
}

// list reads a list, each item with what item gives for it.
func list[T any](r *reader, dst *[]T, item func(*T) decoder) decoder {
	takes := &jsonschema.Schema{Type: "array", Items: item(new(T)).takes}
	return decoder{takes: takes, read: func(n ast.Node, path string) {
		var all []T
		defer func() { *dst = all }()
		s, ok := n.(*ast.SequenceNode)
		if !ok {
			r.unread(path, "%s is not a list: write [a, b], or one item per line after a dash", r.title(path))
			return
		}
		for i, v := range s.Values {
			var one T
			r.value(v, s.Start, fmt.Sprintf("%s[%d]", path, i), item(&one))
			all = append(all, one)
		}
	}}
}

// texts reads a list of short texts.
func (r *reader) texts(dst *[]string) decoder {
	return list(r, dst, func(one *string) decoder { return r.text(one, longestName) })
}

// value notes where a value stands (a scalar at itself, what has parts at its key) and decodes it.
func (r *reader) value(n ast.Node, key *token.Token, path string, decode decoder) {
	r.at[path] = key
	if n == nil {
		r.unread(path, "%s has no value", r.title(path))
		return
	}
	if _, null := n.(*ast.NullNode); null {
		r.unread(path, "%s has no value", r.title(path))
		return
	}
	if _, ok := scalar(n); ok {
		r.at[path] = n.GetToken()
	} else if m, ok := n.(ast.MapNode); ok && key.Type == token.SequenceEntryType {
		// An item of a list is complained about at its first key: the dash says little.
		if it := m.MapRange(); it.Next() {
			r.at[path] = it.Key().GetToken()
		}
	}
	decode.read(n, path)
}

// scalar is the text of a value that has no parts, as the file has it.
func scalar(n ast.Node) (string, bool) {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.LiteralNode:
		return v.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	default:
		return "", false
	}
}

// scalarOf reads any value without parts through parse, whose error completes the sentence "PATH …".
func scalarOf[T any](r *reader, dst *T, takes *jsonschema.Schema, parse func(string) (T, error)) decoder {
	return decoder{takes: takes, read: func(n ast.Node, path string) {
		text, ok := scalar(n)
		if !ok {
			r.unread(path, "%s takes one value, not a list or a mapping", r.title(path))
			return
		}
		v, err := parse(text)
		if err != nil {
			r.unread(path, "%s: %v", r.title(path), err)
			return
		}
		*dst = v
	}}
}

func (r *reader) duration(dst *time.Duration) decoder {
	return scalarOf(r, dst, written(durationForm, "15m", "1h30m", "500ms"), parseDuration)
}

func (r *reader) rate(dst *float64) decoder {
	return scalarOf(r, dst, written(rateForm, "40/s"), parseRate)
}

func (r *reader) share(dst *float64) decoder {
	return scalarOf(r, dst, written(shareForm, "99%"), parseShare)
}

// written is text of a certain form.
func written(form *regexp.Regexp, examples ...any) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: form.String(), Examples: examples}
}

// longestName is how long the name of anything may be.
const longestName = 64

// text reads at most longest characters of text on one line; more is not what the key is for.
func (r *reader) text(dst *string, longest int) decoder { return r.visible(dst, longest, "") }

// prose is text of several lines.
func (r *reader) prose(dst *string, longest int) decoder { return r.visible(dst, longest, "\n\t") }

// visible reads text of what can be seen, and of some more. Text ends up on terminals, where the rest would move the cursor, change
// colours, or show something else than what is there.
func (r *reader) visible(dst *string, longest int, more string) decoder {
	return scalarOf(r, dst, &jsonschema.Schema{Type: "string", MaxLength: longest}, func(s string) (string, error) {
		if n := utf8.RuneCountInString(s); n > longest {
			return "", fmt.Errorf("%d characters are too many: at most %d", n, longest)
		}
		for _, c := range s {
			if !unicode.IsGraphic(c) && !strings.ContainsRune(more, c) {
				return "", fmt.Errorf("holds %U, which is not to be seen: text is plain", c)
			}
		}
		return s, nil
	})
}

// count reads a whole number.
func (r *reader) count(dst *int) decoder {
	return scalarOf(r, dst, &jsonschema.Schema{Type: "integer"}, func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		if err != nil {
			return 0, fmt.Errorf("%s is not a whole number", quote(s))
		}
		return n, nil
	})
}

// number reads a number without a unit.
func (r *reader) number(dst *float64) decoder {
	return scalarOf(r, dst, &jsonschema.Schema{Type: "number"}, func(s string) (float64, error) {
		if !numberForm.MatchString(s) {
			return 0, fmt.Errorf("%s is not a number", quote(s))
		}
		return strconv.ParseFloat(s, 64)
	})
}

// choice reads one of the known names; what says of what kind they are, as in "unknown strategy".
func choice[T ~string](r *reader, what string, dst *T, known []T) decoder {
	return scalarOf(r, dst, jsonschema.Strings(known...), func(s string) (T, error) {
		if slices.Contains(known, T(s)) {
			return T(s), nil
		}
		names := make([]string, len(known))
		for i, k := range known {
			names[i] = string(k)
		}
		return "", fmt.Errorf("unknown %s %s: %s", what, quote(s), suggest(s, names))
	})
}

// title is a path as a complaint names it.
func (r *reader) title(path string) string {
	if path == "" {
		return "a " + r.what
	}
	return path
}

// takes are the schemas of the fields.
func (f fields) takes() map[string]*jsonschema.Schema {
	all := make(map[string]*jsonschema.Schema, len(f))
	for key, decode := range f {
		all[key] = decode.takes
	}
	return all
}

// keys are the names of the fields, sorted.
func (f fields) keys() []string { return slices.Sorted(maps.Keys(f)) }
