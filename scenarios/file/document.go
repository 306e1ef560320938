// Package file reads YAML that people write into tagged Go structs. It complains about everything that is wrong at
// once, each time at the line and column, and makes a JSON Schema and a list of keys from the same structs.
//
// The tags of a field:
//
//	yaml:"ttl"         its key. Options follow after commas: required; unique, for a list that has nothing twice;
//	                   one, for a list of mappings in place of which one mapping may be written;
//	                   alone, for a value that may be written in place of the whole mapping (with an empty key:
//	                   in no other way)
//	about:"…"          what it is for, in one sentence
//	takes:"strategy"   what its words are called, as in "unknown strategy"
//	default:"60s"      its value where the file has none
//	otherwise:"all"    in words, what holds where the file has none, for what is no value of its own
//	min:"1" max:"64"   its bounds, in its own unit; ">0s" excludes the bound itself. Of text they count characters,
//	                   of a list items, and of a mapping keys
//	note:"…"           what a complaint about the bounds adds
//	example:"30s"      for the documentation: it can be copied into a file as it is
//	example.KEY:"30s"  of an embedded struct: for one of its keys, in place of what that says
//	scale:"scaled"     of a time.Duration: a timescale divides it. Duration and Physical say that by themselves
//
// A field may be a string, an int, a float64, a time.Duration, a Scalar, a Choice, a Variants, a Tree, a struct, or a
// list of, a map from names to or a pointer to one of them. A pointer is nil where the file does not have the key. A
// field without a yaml tag is no key.
package file

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Kind is a kind of files.
type Kind struct {
	Name  string // such as scenario
	Least string // what one has at least: the keys, in a few words
}

// Document is a file that is YAML: its values, and where each stands, by path ("topology.routing.ttl", "steps[1].at").
type Document struct {
	kind  Kind
	name  string
	lines []string
	root  ast.Node

	at         map[string]*token.Token
	texts      map[string]string // of values without parts
	unreadable map[string]bool   // nothing more is said about what stands there
	misspelt   map[string]bool   // keys that the file would have but for a slip
}

// Name is what complaints call the file: its path, where it has one.
func (d *Document) Name() string { return d.name }

// Has says whether the file has a value at path.
func (d *Document) Has(path string) bool { return d.at[path] != nil }

// Mentions says whether the author gave a value at path, be it under a misspelt key.
func (d *Document) Mentions(path string) bool { return d.Has(path) || d.misspelt[path] }

// Text is the value at path as the file has it; empty where the file has none, or one with parts.
func (d *Document) Text(path string) string { return d.texts[path] }

// Complaints is an empty list of what is wrong with the document.
func (d *Document) Complaints() *Complaints { return &Complaints{Document: d} }

// Problem is a complaint about the value at path. A value that is not in the file is complained about where the
// nearest thing around it stands.
func (d *Document) Problem(path, format string, args ...any) *Problem {
	for p := path; p != ""; p = parent(p) {
		if t, ok := d.at[p]; ok {
			return d.problemAt(t, format, args...)
		}
	}
	return d.problemAt(nil, format, args...)
}

// problemAt is a complaint about a token; nil is the start of the file.
func (d *Document) problemAt(t *token.Token, format string, args ...any) *Problem {
	p := &Problem{File: d.name, Line: 1, Column: 1, Message: fmt.Sprintf(format, args...)}
	if t != nil && t.Position != nil {
		// The parser may point behind the end of what is not closed.
		p.Line, p.Column = max(1, min(t.Position.Line, len(d.lines))), max(1, t.Position.Column)
	}
	if p.Line <= len(d.lines) {
		p.Source = d.lines[p.Line-1]
	}
	p.Column = min(p.Column, utf8.RuneCountInString(p.Source)+1)
	return p
}

// Complaints is what is wrong with a document, as far as it has been looked at.
type Complaints struct {
	*Document
	problems []*Problem
}

// Add notes what is wrong with the value at path, unless that or what holds it could not be read in the first place:
// a misspelt time is not also too short, and a misspelt key is not also missing.
func (c *Complaints) Add(path, format string, args ...any) {
	for p := path; p != ""; p = parent(p) {
		if c.unreadable[p] || c.misspelt[p] && !c.Has(p) {
			return
		}
	}
	if c.unreadable[""] {
		return
	}
	c.problems = append(c.problems, c.Problem(path, format, args...))
}

// Unreadable says whether something could not be read that stands at path or below it.
func (c *Complaints) Unreadable(path string) bool {
	for p := range c.unreadable {
		if p == path || strings.HasPrefix(p, path+".") || strings.HasPrefix(p, path+"[") {
			return true
		}
	}
	return false
}

// Err joins a *Problem for each complaint, in the order of the file; nil where there are none.
func (c *Complaints) Err() error { return join(c.problems) }

// addUnreadable notes why the value at path could not be read.
func (c *Complaints) addUnreadable(path, format string, args ...any) {
	c.Add(path, format, args...)
	c.unreadable[path] = true
}

// addAt notes what is wrong with a key.
func (c *Complaints) addAt(key *token.Token, format string, args ...any) {
	c.problems = append(c.problems, c.problemAt(key, format, args...))
}

// title is a path as a complaint names it.
func (d *Document) title(path string) string {
	if path == "" {
		return "a " + d.kind.Name
	}
	return path
}

// parent is the path of what holds the value at path; empty at the top.
func parent(path string) string {
	if i := strings.LastIndexAny(path, ".["); i >= 0 {
		return path[:i]
	}
	return ""
}

// Join is the path of a key in what stands at path, which is empty at the top.
func Join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// LastKey is the last key of a path.
func LastKey(path string) string {
	if p := parent(path); p != "" {
		return path[len(p)+1:]
	}
	return path
}
