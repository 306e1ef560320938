package scenarios

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/token"
)

// Problem is one thing that is wrong with a file, and where. Parse, Load, LoadTopology and Compile return all of them in one joined
// error, in the order of the file.
type Problem struct {
	File    string
	Line    int // from 1
	Column  int // from 1, in characters
	Message string
	Source  string // the line of the file; empty when the file has no such line
}

// Error is "file:line:column: message", then the line of the file with a caret under the column.
func (p *Problem) Error() string {
	head := fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
	if p.Source == "" {
		return head
	}
	source, column := clip(p.Source, p.Column)
	return fmt.Sprintf("%s\n%5d | %s\n      | %s^", head, p.Line, source, strings.Repeat(" ", column-1))
}

// clip keeps the part of a long line that is about the column, and replaces what would move the caret or the reader's cursor.
func clip(line string, column int) (string, int) {
	const widest, before = 120, 60
	runes := []rune(line)
	for i, c := range runes {
		if c == '\t' || !unicode.IsPrint(c) {
			runes[i] = ' '
		}
	}
	column = max(1, min(column, len(runes)+1))
	if len(runes) > widest && column > before {
		cut := min(column-before, len(runes)-widest)
		runes, column = runes[cut:], column-cut
	}
	if len(runes) > widest {
		runes = runes[:widest]
	}
	return string(runes), column
}

// source is the text of a file and where each of its values stands, by path: "topology.routing.ttl", "steps[1].at".
type source struct {
	what  string // scenario or topology
	file  string
	lines []string
	at    map[string]*token.Token
}

// problem is a complaint about the value at path. A value that is not in the file (it comes from a preset or is a default) is
// complained about where the nearest thing around it stands.
func (s *source) problem(path, format string, args ...any) *Problem {
	for p := path; p != ""; p = parent(p) {
		if t, ok := s.at[p]; ok {
			return s.problemAt(t, format, args...)
		}
	}
	return s.problemAt(nil, format, args...)
}

// problemAt is a complaint about a token; nil is the start of the file.
func (s *source) problemAt(t *token.Token, format string, args ...any) *Problem {
	p := &Problem{File: s.file, Line: 1, Column: 1, Message: fmt.Sprintf(format, args...)}
	if t != nil && t.Position != nil {
		// The parser may point behind the end of what is not closed.
		p.Line, p.Column = max(1, min(t.Position.Line, len(s.lines))), max(1, t.Position.Column)
	}
	if p.Line <= len(s.lines) {
		p.Source = s.lines[p.Line-1]
	}
	p.Column = min(p.Column, utf8.RuneCountInString(p.Source)+1)
	return p
}

// parent is the path of what holds the value at path; empty at the top.
func parent(path string) string {
	if i := strings.LastIndexAny(path, ".["); i >= 0 {
		return path[:i]
	}
	return ""
}

// maxProblems is how many complaints are worth reading at once. A file that has more has gone wrong as a whole.
const maxProblems = 20

// join orders complaints as the file has them and makes one error of them; none is nil.
func join(problems []*Problem) error {
	slices.SortStableFunc(problems, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	var errs []error
	for i, p := range problems {
		if i == maxProblems {
			errs = append(errs, fmt.Errorf("%s: and %d complaints more", p.File, len(problems)-i))
			break
		}
		errs = append(errs, p)
	}
	return errors.Join(errs...)
}
