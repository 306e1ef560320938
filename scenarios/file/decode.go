package file

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Decode reads the document into the struct that dst points to, and collects what is wrong with it. It is to be
// called once.
func (d *Document) Decode(dst any) *Complaints {
	c := d.Complaints()
	v := reflect.ValueOf(dst).Elem()
	setDefaults(v)
	c.decode(d.root, "", v, field{typ: v.Type()})
	return c
}

// value notes where a value stands (a scalar at itself, what has parts at its key) and decodes it.
func (c *Complaints) value(n ast.Node, key *token.Token, path string, dst reflect.Value, f field) {
	c.at[path] = key
	if n == nil {
		c.addUnreadable(path, "%s has no value%s", c.title(path), exampleText(f.example))
		return
	}
	if _, null := n.(*ast.NullNode); null {
		c.addUnreadable(path, "%s has no value%s", c.title(path), exampleText(f.example))
		return
	}
	if text, ok := textIn(n); ok {
		c.at[path], c.texts[path] = n.GetToken(), text
	} else if m, ok := n.(ast.MapNode); ok && key.Type == token.SequenceEntryType {
		// An item of a list is complained about at its first key: the dash says little.
		if it := m.MapRange(); it.Next() {
			c.at[path] = it.Key().GetToken()
		}
	}
	c.decode(n, path, dst, f)
}

func (c *Complaints) decode(n ast.Node, path string, dst reflect.Value, f field) {
	t := dst.Type()
	if t.Kind() == reflect.Pointer {
		c.pointer(n, path, dst, f)
		return
	}
	if s, is := scalarOf(f, t); is {
		c.scalar(n, path, dst, f, s)
		return
	}
	switch {
	case isVariants(t):
		c.variant(n, path, dst, f)
	case isList(t):
		c.list(n, path, dst, f)
	case t == treeType:
		dst.Set(reflect.ValueOf(Tree{c.tree(n, path)}))
	case t.Kind() == reflect.Map:
		c.names(n, path, dst, f)
	case t.Kind() == reflect.Struct:
		c.mapping(n, path, dst, f)
	default:
		panic(fmt.Sprintf("key %s has a type that files can't give: %s", f.key, t))
	}
}

// pointer reads what the file has. A value that can't be read is as one that the file does not have; a mapping is
// there, be it in vain.
func (c *Complaints) pointer(n ast.Node, path string, dst reflect.Value, f field) {
	v := reflect.New(dst.Type().Elem())
	_, simple := scalarOf(f, v.Elem().Type())
	if !simple && v.Elem().Kind() == reflect.Struct {
		setDefaults(v.Elem())
	}
	c.decode(n, path, v.Elem(), f)
	if !simple || !c.unreadable[path] {
		dst.Set(v)
	}
}

// textIn is the text of a value that has no parts, as the file has it.
func textIn(n ast.Node) (string, bool) {
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

func (c *Complaints) scalar(n ast.Node, path string, dst reflect.Value, f field, s scalar) {
	text, ok := textIn(n)
	if !ok {
		c.addUnreadable(path, "%s takes one value, not a list or a mapping", c.title(path))
		return
	}
	v := reflect.New(dst.Type()).Elem()
	if err := s.set(v, text); err != nil {
		c.addUnreadable(path, "%s: %v", c.title(path), err)
		return
	}
	dst.Set(v)
	if (v.CanInt() || v.CanFloat()) && !isList(f.typ) {
		if must, within := f.checkBounds(v.Type(), toNumber(v)); !within {
			c.Add(path, "%s: %s must be %s%s", c.title(path), text, must, f.note)
		}
	}
}

// list reads a list. One that the file has is never nil.
func (c *Complaints) list(n ast.Node, path string, dst reflect.Value, f field) {
	s, ok := n.(*ast.SequenceNode)
	if !ok && f.one {
		c.onlyItem(n, path, dst, f)
		return
	}
	if !ok {
		c.addUnreadable(path, "%s is not a list: write [a, b], or one item per line after a dash", c.title(path))
		return
	}
	all := reflect.MakeSlice(reflect.SliceOf(dst.Type().Elem()), len(s.Values), len(s.Values))
	for i, n := range s.Values {
		item := all.Index(i)
		if item.Kind() == reflect.Struct && !isVariants(item.Type()) {
			setDefaults(item)
		}
		c.value(n, s.Start, fmt.Sprintf("%s[%d]", path, i), item, f)
	}
	if f.unique {
		c.addDuplicates(path, len(s.Values))
	}
	if must, within := f.checkBounds(dst.Type(), float64(len(s.Values))); !within {
		c.addUnreadable(path, "%s takes %s items%s (got %d)", c.title(path), must, exampleText(f.example),
			len(s.Values))
		return
	}
	if dst.Kind() == reflect.Array {
		reflect.Copy(dst, all)
		return
	}
	dst.Set(all)
}

// onlyItem reads what stands in place of a list of one.
func (c *Complaints) onlyItem(n ast.Node, path string, dst reflect.Value, f field) {
	all := reflect.MakeSlice(dst.Type(), 1, 1)
	if !isVariants(all.Index(0).Type()) {
		setDefaults(all.Index(0))
	}
	c.decode(n, path, all.Index(0), f)
	dst.Set(all)
}

func isList(t reflect.Type) bool { return t.Kind() == reflect.Slice || t.Kind() == reflect.Array }

// addDuplicates complains about items that a list has more than once.
func (c *Complaints) addDuplicates(path string, items int) {
	var seen []string
	for i := range items {
		at := fmt.Sprintf("%s[%d]", path, i)
		text := c.Text(at)
		if text != "" && slices.Contains(seen, text) {
			c.Add(at, "%s: %s is there twice", c.title(path), text)
		}
		seen = append(seen, text)
	}
}

// mapping reads a mapping with the keys of the struct and no others, or the one value that may stand in place of it.
func (c *Complaints) mapping(n ast.Node, path string, dst reflect.Value, f field) {
	known := mapping(fieldsOf(dst.Type()))
	alone, may := known.alone()
	if _, is := textIn(n); is && may {
		c.decode(n, path, dst.FieldByIndex(alone.index), alone)
		return
	}
	m, ok := n.(ast.MapNode)
	switch {
	case !ok && may:
		s, _ := scalarOf(alone, pointedTo(alone.typ))
		c.addUnreadable(path, "%s takes %s%s, or a mapping (%s)",
			c.title(path), s.Words, exampleText(alone.example), strings.Join(known.keys(), ", "))
		return
	case !ok:
		c.addUnreadable(path, "%s is not a mapping: write its keys below it (%s)",
			c.title(path), strings.Join(known.keys(), ", "))
		return
	}
	seen, entries := map[string]int{}, 0
	for it := m.MapRange(); it.Next(); entries++ {
		c.entry(it.Key().GetToken(), it.Value(), path, dst, known, seen)
	}
	if must, within := f.checkBounds(dst.Type(), float64(entries)); !within && !isList(f.typ) {
		c.Add(path, "%s takes %s of its keys%s (got %d)", c.title(path), must, exampleText(f.example), entries)
	}
	c.missing(path, known)
}

// entry reads one key of a mapping. seen are the lines of the keys above it.
func (c *Complaints) entry(
	key *token.Token, value ast.Node, path string, dst reflect.Value, known mapping, seen map[string]int,
) {
	f, ok := known.field(key.Value)
	if !ok {
		if like, ok := Nearest(key.Value, known.keys()); ok {
			c.misspelt[Join(path, like)] = true
		}
		c.addAt(key, "unknown key %s in %s: %s", Quote(key.Value), c.title(path), Suggest(key.Value, known.keys()))
		return
	}
	if line, twice := seen[key.Value]; twice {
		c.addAt(key, "key %s is there twice in %s, first on line %d", Quote(key.Value), c.title(path), line)
		return
	}
	seen[key.Value] = key.Position.Line
	c.value(value, key, Join(path, key.Value), dst.FieldByIndex(f.index), f)
}

// missing complains about keys that a mapping can't do without.
func (c *Complaints) missing(path string, known mapping) {
	var keys, examples []string
	for _, key := range known.required() {
		if c.Mentions(Join(path, key)) {
			continue
		}
		f, _ := known.field(key)
		keys = append(keys, key)
		examples = append(examples, fmt.Sprintf("%s: %s", key, f.example))
	}
	switch {
	case len(keys) == 0:
	case path == "":
		c.Add(path, "missing: %s", strings.Join(keys, ", "))
	default:
		c.addUnreadable(path, "%s: missing %s, such as %s",
			c.title(path), strings.Join(keys, " and "), strings.Join(examples, ", "))
	}
}

// variant reads {lose_region: {region: us-east-1}}: one of the kinds that there are, and what stands below it.
func (c *Complaints) variant(n ast.Node, path string, dst reflect.Value, f field) {
	choice := dst.Addr().Interface().(Variants)
	kinds := choice.Variants()
	m, ok := n.(ast.MapNode)
	if !ok {
		c.addUnreadable(path, "%s takes a %s and its parameters, such as %s", c.title(path), f.takes, kinds[0].Example)
		return
	}
	var names []string
	for _, k := range kinds {
		names = append(names, k.Key)
	}
	count := 0
	for it := m.MapRange(); it.Next(); {
		key := it.Key().GetToken()
		if count++; count > 1 {
			c.addAt(key, "%s takes one %s: %s needs an entry of its own", c.title(path), f.takes, Quote(key.Value))
			return
		}
		i := slices.Index(names, key.Value)
		if i < 0 {
			c.addAt(key, "unknown %s %s: %s", f.takes, Quote(key.Value), Suggest(key.Value, names))
			continue
		}
		value := kinds[i].New()
		below := reflect.ValueOf(value).Elem()
		setDefaults(below)
		c.value(it.Value(), key, Join(path, key.Value), below, field{key: key.Value, typ: below.Type()})
		if !c.unreadable[Join(path, key.Value)] {
			choice.Choose(value)
		}
	}
	if count == 0 {
		c.addUnreadable(path, "%s names no %s: known are %s", c.title(path), f.takes, strings.Join(names, ", "))
	}
}

func isVariants(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[Variants]())
}

func exampleText(example string) string {
	if example == "" {
		return ""
	}
	return ", such as " + example
}
