package plan

import (
	"fmt"
	"maps"
	"slices"

	"github.com/regionfall/regionfall/lab/topology"
)

// checkFiles says what is wrong with the files of a node, which a complaint calls so.
func checkFiles(at string, files map[string]string) (errs []error) {
	for _, wrong := range topology.CheckFiles(files) {
		errs = append(errs, fmt.Errorf("app %s: %s", at, wrong.Problem))
	}
	if _, err := fillFiles(files, AppEnv{}); err != nil {
		errs = append(errs, fmt.Errorf("app %s: %w", at, err))
	}
	return errs
}

// fillFiles are files in one node.
func fillFiles(files map[string]string, in AppEnv) (map[string]string, error) {
	var filled map[string]string // none where there are none
	for _, name := range slices.Sorted(maps.Keys(files)) {
		text, err := in.Fill(files[name])
		if err != nil {
			return nil, fmt.Errorf("file %s: %w", name, err)
		}
		if filled == nil {
			filled = map[string]string{}
		}
		filled[name] = text
	}
	return filled, nil
}
