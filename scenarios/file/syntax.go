package file

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// What a file may be. One is a page or two: whatever goes beyond was not written by a person, and is refused before
// the parser spends time and stack on it.
const (
	MaxSize    = 64 << 10 // bytes
	maxLines   = 2000     // the parser takes the square of their number
	maxWidth   = 1000     // and of what is on one of them
	maxNesting = 16
	maxIndent  = 64
	maxLists   = 8
)

// refused is YAML that a file has no use for, with the reason people get to read.
var refused = map[token.Type]string{
	token.AnchorType:     "anchors and aliases (& and *) are not supported: write the value out",
	token.AliasType:      "anchors and aliases (& and *) are not supported: write the value out",
	token.MergeKeyType:   "merge keys (<<) are not supported: write the keys out",
	token.TagType:        "tags (!) are not supported: the key says what the value is",
	token.DirectiveType:  "YAML directives (%) are not supported",
	token.MappingKeyType: "a key is one word before a colon: ? is not supported",
}

// Parse reads the one document of a file, whose name complaints begin with. The error is a *Problem.
func Parse(kind Kind, name string, src []byte) (*Document, error) {
	d := &Document{
		kind: kind, name: name,
		at: map[string]*token.Token{}, texts: map[string]string{}, unreadable: map[string]bool{},
		misspelt: map[string]bool{},
	}
	switch {
	case len(src) > MaxSize:
		return nil, d.problemAt(nil, "the file has more than %d KiB: a %s is a page or two", MaxSize>>10, kind.Name)
	case !utf8.Valid(src):
		return nil, d.problemAt(nil, "the file is not text in UTF-8")
	case bytes.IndexByte(src, 0) >= 0:
		return nil, d.problemAt(nil, "the file holds zero bytes: it is not text")
	}
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(string(src), "\ufeff"))
	d.lines = strings.Split(text, "\n")
	if len(d.lines) > maxLines {
		return nil, d.problemAt(nil, "the file has more than %d lines: a %s is a page or two", maxLines, kind.Name)
	}
	for i, line := range d.lines {
		if why := lineProblem(line); why != "" {
			p := d.problemAt(nil, "%s", why)
			p.Line, p.Source = i+1, line
			return nil, p
		}
	}
	root, err := d.parse(text)
	if err != nil {
		return nil, err
	}
	d.root = root
	return d, nil
}

// lineProblem explains why a line can't have been written by a person; it is empty for a good line. It bounds how deep
// blocks nest: each level costs indentation or a dash.
func lineProblem(line string) string {
	rest := strings.TrimLeft(line, " ")
	switch {
	case utf8.RuneCountInString(line) > maxWidth:
		return fmt.Sprintf("the line has more than %d characters", maxWidth)
	case len(line)-len(rest) > maxIndent:
		return fmt.Sprintf("the line is indented by more than %d columns", maxIndent)
	case len(rest)-len(strings.TrimLeft(rest, "- ")) > 2*maxLists:
		return fmt.Sprintf("more than %d lists in lists", maxLists)
	default:
		return ""
	}
}

func (d *Document) parse(text string) (_ ast.Node, err error) {
	// The parser is young; what a file of text may do to it must end in a sentence, not in a stack trace.
	defer func() {
		if v := recover(); v != nil {
			err = d.problemAt(nil, "the file can't be read as YAML (%v)", v)
		}
	}()
	tokens := lexer.Tokenize(text)
	depth, documents := 0, 0
	for i, t := range tokens {
		if why, ok := refused[t.Type]; ok {
			return nil, d.problemAt(t, "%s", why)
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			depth++
		case token.MappingEndType, token.SequenceEndType:
			depth--
		case token.DocumentHeaderType:
			documents++
			if documents > 1 || i > 0 && tokens[i-1].Type != token.CommentType {
				return nil, d.problemAt(t, "a second document begins here: one %s per file", d.kind.Name)
			}
		case token.DocumentEndType:
			return nil, d.problemAt(t, "document ends (...) are not supported: one %s per file", d.kind.Name)
		}
		if depth > maxNesting {
			return nil, d.problemAt(t, "more than %d brackets in brackets", maxNesting)
		}
	}
	// Duplicate keys are complained about by the reader, with everything else.
	f, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		var at yaml.Error
		if errors.As(err, &at) {
			return nil, d.problemAt(at.GetToken(), "%s", plainMessage(at.GetMessage()))
		}
		return nil, d.problemAt(nil, "the file can't be read as YAML: %v", err)
	}
	if len(f.Docs) == 0 || f.Docs[0].Body == nil {
		return nil, d.problemAt(nil, "the file is empty: a %s has at least %s", d.kind.Name, d.kind.Least)
	}
	if len(f.Docs) > 1 {
		return nil, d.problemAt(f.Docs[1].GetToken(), "a second document begins here: one %s per file", d.kind.Name)
	}
	return f.Docs[0].Body, nil
}

// plainMessage rewords a message of the parser for people who do not know its grammar.
func plainMessage(message string) string {
	switch {
	case strings.Contains(message, "\t"):
		return "a tab can't indent a line: use spaces"
	case strings.Contains(message, "non-map value is specified"):
		return "a key, a colon and a space are expected here, as in name: value"
	default:
		return "not YAML: " + message
	}
}
