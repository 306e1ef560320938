package file

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/goccy/go-yaml/ast"
)

// Tree is a value of any shape: a string, a json.Number, a bool, nil, a []any of such values, or Branches.
type Tree struct{ Value any }

// Branches are the keys of a mapping of any shape, in the order of the file.
type Branches []Branch

// Branch is one key, and its value as that of a Tree.
type Branch struct {
	Key   string
	Value any
}

var treeType = reflect.TypeFor[Tree]()

// longestName is how long a name may be that a file chooses itself, and longestLeaf a text below it.
const (
	longestName = 128
	longestLeaf = 4000
)

// tree reads what stands at path, whatever it is, and notes where each part stands.
func (c *Complaints) tree(n ast.Node, path string) any {
	if text, is := textIn(n); is {
		c.at[path], c.texts[path] = n.GetToken(), text
		if err := CheckText(text, longestLeaf, "\n\t"); err != nil {
			c.addUnreadable(path, "%s: %v", c.title(path), err)
		}
		return c.leaf(n, path, text)
	}
	switch v := n.(type) {
	case *ast.SequenceNode:
		all := make([]any, len(v.Values))
		for i, item := range v.Values {
			at := fmt.Sprintf("%s[%d]", path, i)
			c.at[at] = v.Start
			all[i] = c.tree(item, at)
		}
		return all
	case ast.MapNode:
		all := Branches{}
		c.eachName(v, path, func(at, name string, value ast.Node) {
			all = append(all, Branch{name, c.tree(value, at)})
		})
		return all
	default:
		return nil
	}
}

// leaf is a text, or what JSON has beside texts.
func (c *Complaints) leaf(n ast.Node, path, text string) any {
	switch v := n.(type) {
	case *ast.BoolNode:
		return v.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		if json.Valid([]byte(text)) {
			return json.Number(text)
		}
		c.addUnreadable(path, "%s: %s is no number of JSON: write it as JSON has it, or in quotes", c.title(path), text)
	}
	return text
}

// names reads a mapping whose keys are names of the file's own.
func (c *Complaints) names(n ast.Node, path string, dst reflect.Value, f field) {
	m, ok := n.(ast.MapNode)
	if !ok {
		c.addUnreadable(path, "%s is not a mapping: write names below it, each with its value", c.title(path))
		return
	}
	all := reflect.MakeMap(dst.Type())
	c.eachName(m, path, func(at, name string, value ast.Node) {
		v := reflect.New(dst.Type().Elem()).Elem()
		if _, simple := scalarOf(f, v.Type()); !simple && v.Kind() == reflect.Struct {
			setDefaults(v)
		}
		c.value(value, c.at[at], at, v, f)
		all.SetMapIndex(reflect.ValueOf(name), v)
	})
	dst.Set(all)
}

// eachName walks the keys of a mapping that are names of the file's own. Each is there once.
func (c *Complaints) eachName(m ast.MapNode, path string, found func(at, name string, value ast.Node)) {
	lines := map[string]int{}
	for it := m.MapRange(); it.Next(); {
		key := it.Key().GetToken()
		at := Join(path, key.Value)
		if err := CheckText(key.Value, longestName, ""); err != nil {
			c.addAt(key, "%s: a name below it: %v", c.title(path), err)
			continue
		}
		if line, twice := lines[key.Value]; twice {
			c.addAt(key, "key %s is there twice in %s, first on line %d", Quote(key.Value), c.title(path), line)
			continue
		}
		lines[key.Value], c.at[at] = key.Position.Line, key
		found(at, key.Value, it.Value())
	}
}
