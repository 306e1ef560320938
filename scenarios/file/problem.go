package file

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Problem is one thing that is wrong with a file, and where.
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

// Problems are the problems in an error of this package, in the order of the file; none when err is of another kind.
func Problems(err error) []*Problem {
	var all []*Problem
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		for _, e := range joined.Unwrap() {
			all = append(all, Problems(e)...)
		}
		return all
	}
	var p *Problem
	if errors.As(err, &p) {
		all = append(all, p)
	}
	return all
}

// clip keeps the part of a long line that is about the column, and replaces what would move the caret or the reader's
// cursor.
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

// maxProblems is how many problems are worth reading at once. A file that has more has gone wrong as a whole.
const maxProblems = 20

// join orders problems as the file has them and makes one error of them; none is nil.
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
