package scenarios

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/file"
)

//go:embed library/*.yaml
var library embed.FS

// Info is a line in the list of the library.
type Info struct {
	Name      string  `json:"name"`
	Summary   string  `json:"summary"`
	Expect    string  `json:"expect"`    // "pass", or "fail: recovery_point, recovery_time"
	Timescale float64 `json:"timescale"` // one lab second stands for that many seconds
	// Longest is the lab time of a drill in which the service never recovers; bringing the lab up comes on top.
	Longest time.Duration `json:"longest_ns"`
}

// Library lists the scenarios of the library by name.
func Library() []Info {
	names := Names()
	infos := make([]Info, len(names))
	for i, name := range names {
		s, err := fromLibrary(name, nil)
		if err != nil {
			// The files are part of the program and its tests read each: this is a broken build, not a user's mistake.
			panic(err)
		}
		infos[i] = s.Info()
	}
	return infos
}

// Info is the scenario's line in a list.
func (s *Scenario) Info() Info {
	expect := "pass"
	if fail := s.format.Expect.Fail; len(fail) > 0 {
		expect = "fail: " + strings.Join(toStrings(fail), ", ")
	}
	return Info{
		Name: s.Name(), Summary: s.Summary(), Expect: expect, Timescale: s.Timescale(), Longest: longestDrill(s.plan()),
	}
}

// Names are the names of the library's scenarios, sorted.
func Names() []string {
	entries, err := library.ReadDir("library")
	if err != nil {
		panic(err) // an embedded folder can always be listed
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), ".yaml")
	}
	slices.Sort(names)
	return names
}

// Load gives a scenario of the library by its name, or reads the file when a path is given: something with a slash,
// or ending in .yaml or .yml. An unknown name is an error that gives the nearest names; see Parse for what may be
// wrong with a file. Settings are values in place of what is written there, such as topology.commit=remote: the text is
// read as if it had been written with them.
func Load(nameOrFile string, settings ...string) (*Scenario, error) {
	if isFile(nameOrFile) {
		return fromFile(nameOrFile, settings)
	}
	if !slices.Contains(Names(), nameOrFile) {
		return nil, fmt.Errorf("no scenario is called %s: %s (a file is given by its path, such as ./my.yaml)",
			file.Quote(nameOrFile), file.Suggest(nameOrFile, Names()))
	}
	return fromLibrary(nameOrFile, settings)
}

// libraryFile is where the library has a scenario.
func libraryFile(name string) string { return "library/" + name + ".yaml" }

func isFile(s string) bool {
	return strings.ContainsAny(s, `/\`) || strings.HasSuffix(s, ".yaml") || strings.HasSuffix(s, ".yml")
}

func fromLibrary(name string, settings []string) (*Scenario, error) {
	src, err := library.ReadFile(libraryFile(name))
	if err == nil {
		src, err = set(src, settings)
	}
	if err != nil {
		return nil, fmt.Errorf("read scenario %s: %w", name, err)
	}
	s, err := Parse(path.Join("scenarios", libraryFile(name)), src)
	if err != nil {
		return nil, err
	}
	if s.Name() != name {
		return nil, s.doc.Problem("name", "name: %s must be the file's name, %s", s.Name(), name)
	}
	return s, nil
}

func fromFile(path string, settings []string) (*Scenario, error) {
	src, err := file.ReadPlain(path)
	name := strings.TrimSuffix(path, filepath.Ext(path))
	if errors.Is(err, fs.ErrNotExist) && slices.Contains(Names(), name) {
		return nil, fmt.Errorf("read scenario %s: no such file (the library has it as %s)", path, name)
	}
	if err == nil {
		src, err = set(src, settings)
	}
	if err != nil {
		return nil, fmt.Errorf("read scenario: %w", err)
	}
	return ParseIn(path, src, func(name string) ([]byte, error) { return file.ReadPlainIn(filepath.Dir(path), name) })
}
