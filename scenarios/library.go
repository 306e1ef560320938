package scenarios

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode"
)

//go:embed *.yaml
var library embed.FS

// Info is a line in the list of the library.
type Info struct {
	Name      string        `json:"name"`
	Summary   string        `json:"summary"`
	Expect    string        `json:"expect"`     // "pass", or "fail: recovery_point, recovery_time"
	Timescale float64       `json:"timescale"`  // one lab second stands for that many seconds
	Longest   time.Duration `json:"longest_ns"` // lab time when the service never recovers; bringing the lab up comes on top
}

// Library lists the scenarios of the library by name.
func Library() []Info {
	names := Names()
	infos := make([]Info, len(names))
	for i, name := range names {
		s, err := fromLibrary(name)
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
	if e := s.real.Expect; e.Fail {
		expect = "fail: " + strings.Join(e.Findings, ", ")
	}
	return Info{
		Name: s.Name(), Summary: s.Summary(), Expect: expect, Timescale: s.Timescale(), Longest: longest(scaled(s.real)),
	}
}

// Names are the names of the library's scenarios, sorted.
func Names() []string {
	entries, err := library.ReadDir(".")
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

// Load gives a scenario of the library by its name, or reads the file when a path is given: something with a slash, or ending in .yaml or
// .yml. An unknown name is an error that gives the nearest names; see Parse for what may be wrong with a file.
func Load(nameOrFile string) (*Scenario, error) {
	if isFile(nameOrFile) {
		return fromFile(nameOrFile)
	}
	if !slices.Contains(Names(), nameOrFile) {
		return nil, fmt.Errorf("no scenario is called %s: %s (a file is given by its path, such as ./my.yaml)",
			quote(nameOrFile), suggest(nameOrFile, Names()))
	}
	return fromLibrary(nameOrFile)
}

func isFile(s string) bool {
	return strings.ContainsAny(s, `/\`) || strings.HasSuffix(s, ".yaml") || strings.HasSuffix(s, ".yml")
}

func fromLibrary(name string) (*Scenario, error) {
	file := name + ".yaml"
	src, err := library.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read scenario %s: %w", name, err)
	}
	s, err := Parse(path.Join("scenarios", file), src)
	if err != nil {
		return nil, err
	}
	if s.Name() != name {
		return nil, s.src.problem("name", "name: %s must be the file's name, %s", s.Name(), name)
	}
	return s, nil
}

// fromFile reads a file that somebody else may have written, and placed. It is a plain file in the folder it is said to be in: what it
// holds gets quoted in complaints and copied into evidence, so a link must not make it another one, such as a key of whoever runs it.
// And it must not be one that never ends, or never begins.
func fromFile(file string) (_ *Scenario, err error) {
	if i := strings.IndexFunc(file, func(c rune) bool { return !unicode.IsGraphic(c) }); i >= 0 {
		return nil, fmt.Errorf("read scenario: the name %s holds what is not to be seen: rename the file", quote(file))
	}
	f, err := openPlain(file)
	if name := strings.TrimSuffix(file, path.Ext(file)); errors.Is(err, fs.ErrNotExist) && slices.Contains(Names(), name) {
		return nil, fmt.Errorf("read scenario %s: no such file (the library has it as %s)", file, name)
	}
	if err != nil {
		return nil, fmt.Errorf("read scenario %s: %w", file, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	// One byte more than is allowed is enough for Parse to see that it is too much.
	src, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read scenario: %w", err)
	}
	return Parse(file, src)
}

// openPlain opens a plain file. It does not wait for the other end of a pipe.
func openPlain(file string) (*os.File, error) {
	file = filepath.Clean(file) // a slash at the end is part of no name
	folder, err := os.OpenRoot(filepath.Dir(file))
	if err != nil {
		return nil, reason(err)
	}
	defer func() { _ = folder.Close() }()
	f, err := folder.OpenFile(filepath.Base(file), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		if link, lerr := folder.Lstat(filepath.Base(file)); lerr == nil && link.Mode()&fs.ModeSymlink != 0 {
			return nil, errors.New("it is a link that leads nowhere in its folder: give the file itself")
		}
		return nil, reason(err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("it is %s, not a file", kindOf(info.Mode()))
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// reason is why a file could not be opened, without the name of the call and, again, of the file.
func reason(err error) error {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

func kindOf(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a folder"
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	default:
		return "a device"
	}
}
