package compose

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/sirupsen/logrus"

	"github.com/regionfall/regionfall/scenarios/file"
)

// project is a compose file that was read.
type project struct {
	file     string // as it was named
	source   []string
	lines    lines
	loaded   *types.Project
	folder   string // of the file
	stores   []store
	seeds    []seed
	remarks  []Remark
	variable types.Mapping // what ${…} stands for
}

// load reads a compose file. What it takes from outside is .env beside it: not the shell's variables, so that the same
// file makes the same draft for everybody.
func load(ctx context.Context, path string, src []byte) (*project, error) {
	p := &project{file: path, source: strings.Split(string(src), "\n")}
	if len(src) > file.MaxSize {
		return nil, p.problem(1, "the file has more than %d KiB", file.MaxSize>>10)
	}
	var err error
	if p.lines, err = linesOf(src); err != nil {
		return nil, p.located(err)
	}
	folder, err := filepath.Abs(filepath.Dir(path))
	p.folder = folder
	if err != nil {
		return nil, fmt.Errorf("read the compose file: %w", err)
	}
	if p.variable, err = variablesIn(filepath.Join(folder, ".env")); err != nil {
		return nil, fmt.Errorf("read the compose file: %w", err)
	}
	p.remarkUnset()
	defer quieten()()
	p.loaded, err = loader.LoadWithContext(ctx, types.ConfigDetails{
		WorkingDir: folder, ConfigFiles: []types.ConfigFile{{Filename: path, Content: src}}, Environment: p.variable,
	}, func(o *loader.Options) {
		o.SetProjectName(loader.NormalizeProjectName("x-" + filepath.Base(folder))[len("x-"):], false)
		o.Profiles = []string{"*"}
		// Other services may name what is not there. For the app it is looked at one by one.
		o.SkipConsistencyCheck, o.SkipResolveEnvironment, o.SkipResolveLabels = true, true, true
	})
	if err != nil {
		return nil, p.located(err)
	}
	if len(p.loaded.Services) == 0 {
		return nil, p.problem(1, "no service is in it: is it a compose file?")
	}
	p.findStores()
	return p, nil
}

// quieten keeps the loader, which logs for people who run containers, from the terminal.
func quieten() (restore func()) {
	log := logrus.StandardLogger()
	before := log.Out
	log.SetOutput(io.Discard)
	return func() { log.SetOutput(before) }
}

// variablesIn are those of a file, if there is one.
func variablesIn(path string) (types.Mapping, error) {
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist), err == nil && !info.Mode().IsRegular():
		return types.Mapping{}, nil
	case err != nil:
		return nil, err
	}
	return dotenv.GetEnvFromFile(map[string]string{}, []string{path})
}

// plainVariable is $NAME or ${NAME}: nothing says what holds where it is not set.
var plainVariable = regexp.MustCompile(`\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})`)

// remarkUnset says which variables are set nowhere.
func (p *project) remarkUnset() {
	for i, line := range p.source {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for _, name := range plainVariable.FindAllStringSubmatch(strings.ReplaceAll(line, "$$", ""), -1) {
			if _, set := p.variable[name[1]+name[2]]; !set {
				p.remark(i+1, "%s is set nowhere, and so is empty: set it in .env beside the file", name[1]+name[2])
			}
		}
	}
}

func (p *project) problem(line int, format string, args ...any) error {
	of := &file.Problem{File: p.file, Line: line, Column: 1, Message: fmt.Sprintf(format, args...)}
	if line <= len(p.source) {
		of.Source = strings.TrimRight(p.source[line-1], "\r")
		of.Column = len(of.Source) - len(strings.TrimLeft(of.Source, " ")) + 1
	}
	return of
}

var (
	lineInText  = regexp.MustCompile(`\bline (\d+)`)
	lineAtStart = regexp.MustCompile(`^line \d+(, column \d+)?: `)
	pathInText  = regexp.MustCompile(`\bservices\.[A-Za-z0-9_.-]+`)
)

// located finds the line that an error of a library is about.
func (p *project) located(err error) error {
	text := err.Error()
	for _, prefix := range []string{"failed to parse " + p.file + ": ", "validating " + p.file + ": ", "yaml: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	line := 1 // where it names no other
	if at := lineInText.FindStringSubmatch(text); at != nil {
		line = max(1, number(at[1]))
	} else if at := pathInText.FindString(text); at != "" {
		line = p.lines.of(strings.Split(strings.TrimRight(at, "."), ".")...)
	}
	text = lineAtStart.ReplaceAllString(strings.ReplaceAll(text, "\n", " "), "")
	if key, is := strings.CutSuffix(text, " false schema"); is { // so the library says it
		return p.problem(line, "%s: compose knows no such key", key)
	}
	return p.problem(line, "no compose file that can be read: %s", text)
}

// number is that of digits.
func number(digits string) int {
	n, _ := strconv.Atoi(digits) // none, or too many, are 0
	return n
}
