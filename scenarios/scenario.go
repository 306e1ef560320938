// Package scenarios reads scenario files: one incident or remedy each, in YAML that people read aloud, compiled to a
// plan that a drill runs. The library is embedded.
//
// Each part of the format is a struct with tags: Format, and below it Topology, Workload, Step, Objectives and
// others. From the structs come the reader, the JSON Schema and docs/scenario-format.md; the struct's own methods
// check it and compile it.
//
// Times in a file are of the real world ("15m", "2h"). Those of the type file.Duration are divided by the file's
// timescale when it is compiled. Those of the type file.Physical are of the lab as they stand, because what they are
// about can't be hurried; so are rates.
package scenarios

import (
	"errors"
	"fmt"

	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/file"
)

// Scenario is a file that has been read and found good.
type Scenario struct {
	doc    *file.Document
	source string // the file's text
	format Format
	app    *app.App
}

// Parse reads a scenario. name is what complaints call the file. The error joins one *file.Problem for everything
// that is wrong; a scenario that Parse returns compiles at the file's own timescale.
//
// A file that the scenario names is not read, and complained about: see ParseIn.
func Parse(name string, src []byte) (*Scenario, error) {
	return ParseIn(name, src, func(path string) ([]byte, error) {
		return nil, fmt.Errorf("%s: the scenario is read without its folder", path)
	})
}

// ParseIn is Parse for a scenario in a folder, in which it may name files.
func ParseIn(name string, src []byte, in Folder) (*Scenario, error) {
	doc, err := file.Parse(scenarioFile, name, src)
	if err != nil {
		return nil, err
	}
	s := &Scenario{doc: doc, source: string(src)}
	found := doc.Decode(&s.format)
	var appErr error
	if s.app, appErr = s.format.findApp(found, name, in); s.app != nil {
		s.format.fitToApp(found, s.app)
	}
	s.format.check(found, s.app)
	if err := errors.Join(found.Err(), appErr); err != nil {
		return nil, err
	}
	if _, err := s.Compile(); err != nil {
		return nil, err
	}
	return s, nil
}

// Name is the scenario's name.
func (s *Scenario) Name() string { return s.format.Name }

// Problem is a complaint about the value at a path of the file, once the scenario was tried.
func (s *Scenario) Problem(path, format string, args ...any) *file.Problem {
	return s.doc.Problem(path, "%s: %s", path, fmt.Sprintf(format, args...))
}

// Summary says in one line what the scenario is about.
func (s *Scenario) Summary() string { return s.format.Summary }

// Timescale is how many seconds one lab second stands for.
func (s *Scenario) Timescale() float64 { return s.format.Timescale }

// WithTimescale is the same scenario at another timescale. Whether it can be run at that scale is for Compile to say.
func (s *Scenario) WithTimescale(n float64) *Scenario {
	other := *s
	other.format.Timescale = n
	return &other
}

// Compile gives the plan in lab time. The error joins one *file.Problem for everything that can't be run or measured
// at this timescale.
func (s *Scenario) Compile() (drill.Plan, error) {
	if n := s.format.Timescale; !(n >= 1 && n <= maxTimescale) { // written so that NaN is refused too
		return drill.Plan{}, s.doc.Problem("timescale",
			"timescale: %g must be 1 to %d: one lab second stands for that many seconds", n, maxTimescale)
	}
	l := limits{Complaints: s.doc.Complaints(), format: &s.format, plan: s.plan()}
	l.check()
	if err := l.Err(); err != nil {
		return drill.Plan{}, err
	}
	return l.plan, nil
}

// plan is the scenario compiled, whether or not the lab can do it.
func (s *Scenario) plan() drill.Plan {
	p := s.format.compile(s.format.Timescale, s.app)
	p.Source = s.source
	return p
}
