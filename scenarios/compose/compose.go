// Package compose reads a compose file, and writes from it what an app file says: what runs, how it is found to be
// well, and how it is led to its stores. It evaluates nothing but the file and those beside it, and starts nothing.
package compose

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/regionfall/regionfall/scenarios/file"
)

// Draft is an app file to begin with.
type Draft struct {
	Service string // of the compose file
	Text    string // of the app file
	Remarks []Remark
}

// Remark is something of a compose file that an app file has no place for, or that somebody has to look at.
type Remark struct {
	File string
	Line int
	Text string
}

// String is file:line: text.
func (r Remark) String() string { return fmt.Sprintf("%s:%d: %s", r.File, r.Line, r.Text) }

// Options are what a draft is made from.
type Options struct {
	File    string // the compose file
	Service string // that is the app; empty where the file leaves no doubt
	Head    string // the first line of the app file
}

// Read makes a draft from a compose file. An error about the file is a *file.Problem, with its line.
func Read(ctx context.Context, o Options) (Draft, error) {
	src, err := file.ReadPlain(o.File)
	if err != nil {
		return Draft{}, fmt.Errorf("read the compose file: %w", err)
	}
	p, err := load(ctx, o.File, src)
	if err != nil {
		return Draft{}, err
	}
	chosen, err := p.choose(o.Service)
	if err != nil {
		return Draft{}, err
	}
	d := &draft{project: p, service: chosen}
	d.fill()
	return Draft{Service: chosen.Name, Text: o.Head + d.text(), Remarks: p.sorted()}, nil
}

// remark says something about a place of the file.
func (p *project) remark(line int, format string, args ...any) {
	r := Remark{p.file, line, fmt.Sprintf(format, args...)}
	if !slices.Contains(p.remarks, r) {
		p.remarks = append(p.remarks, r)
	}
}

// sorted are the remarks in the order of the file.
func (p *project) sorted() []Remark {
	slices.SortStableFunc(p.remarks, func(a, b Remark) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), strings.Compare(a.Text, b.Text))
	})
	return p.remarks
}
