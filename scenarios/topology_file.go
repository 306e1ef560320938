package scenarios

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/file"
)

// topologyFile is what complaints call a file that is a topology.
var topologyFile = file.Kind{Name: "topology", Least: "a preset"}

// LoadTopology gives the preset of that name, or reads the file when a path is given: something that ends in .yaml or
// .yml, and nothing else. The file has the keys of a scenario's topology at its top; what it leaves out is as in its
// preset, or in two-regions. Its name is the file's, if that is a name. The error joins one *file.Problem for
// everything that is wrong with a file, and gives the nearest names for an unknown preset.
func LoadTopology(nameOrFile string) (topology.Topology, error) {
	base, isFile := fileName(nameOrFile)
	if !isFile {
		t, ok := topology.Preset(nameOrFile)
		if !ok {
			return t, fmt.Errorf("no topology is called %s: %s (a file is given by its path, which ends in .yaml)",
				file.Quote(nameOrFile), file.Suggest(nameOrFile, topology.PresetNames()))
		}
		return t, nil
	}
	src, err := file.ReadPlain(nameOrFile)
	if err != nil {
		if slices.Contains(topology.PresetNames(), base) && errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w (there is a preset %s)", err, base)
		}
		return topology.Topology{}, fmt.Errorf("read topology: %w", err)
	}
	t, err := parseTopology(nameOrFile, src)
	if err == nil && topology.CheckName(base) == nil { // not every file's name is one for a topology
		t.Name = base
	}
	return t, err
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

func parseTopology(name string, src []byte) (topology.Topology, error) {
	doc, err := file.Parse(topologyFile, name, src)
	if err != nil {
		return topology.Topology{}, err
	}
	var t Topology
	found := doc.Decode(&t)
	t.check(found, "")
	if err := found.Err(); err != nil {
		return topology.Topology{}, err
	}
	return t.compile(), nil
}
