package scenarios

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/regionfall/regionfall/lab/topology"
)

// LoadTopology gives the preset of that name, or reads the file when a path is given: something that ends in .yaml or .yml, and nothing
// else. The file has the keys of a scenario's topology at its top; what it leaves out is as in its preset, or in two-regions. Its name
// is the file's, if that is a name. The error joins one *Problem for everything that is wrong with a file, and gives the nearest names for an unknown preset.
func LoadTopology(nameOrFile string) (topology.Topology, error) {
	base, isFile := fileName(nameOrFile)
	if !isFile {
		t, ok := topology.Preset(nameOrFile)
		if !ok {
			return t, fmt.Errorf("no topology is called %s: %s (a file is given by its path, which ends in .yaml)",
				quote(nameOrFile), suggest(nameOrFile, topology.PresetNames()))
		}
		return t, nil
	}
	src, err := readFile(nameOrFile)
	if err != nil {
		if slices.Contains(topology.PresetNames(), base) && errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w (there is a preset %s)", err, base)
		}
		return topology.Topology{}, fmt.Errorf("read topology: %w", err)
	}
	t, err := parseTopology(nameOrFile, src)
	if err != nil {
		return topology.Topology{}, err
	}
	preset := t.Name
	if t.Name = base; t.Validate() != nil { // not every file's name is one for a topology
		t.Name = preset
	}
	return t, nil
}

// fileName is the name that a file gives to what is in it.
func fileName(path string) (name string, ok bool) {
	for _, ext := range []string{".yaml", ".yml"} {
		if name, ok := strings.CutSuffix(filepath.Base(path), ext); ok {
			return name, true
		}
	}
	return "", false
}

func parseTopology(file string, src []byte) (topology.Topology, error) {
	where, root, err := parseSyntax(isTopology, file, src)
	if err != nil {
		return topology.Topology{}, err
	}
	r := &reader{source: where, bad: map[string]bool{}, meant: map[string]bool{}}
	t, _ := topology.Preset(defaultPreset)
	r.topology(&t).read(root, "")
	r.topologyMeaning("", t)
	if len(r.problems) > 0 {
		return topology.Topology{}, join(r.problems)
	}
	return t, nil
}
