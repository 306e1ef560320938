package plan

import (
	"fmt"

	"github.com/regionfall/regionfall/lab/topology"
)

// checkFiles says what is wrong with the files of a node, which a complaint calls so.
func checkFiles(at string, files map[string]string) (errs []error) {
	for _, wrong := range topology.CheckFiles(files) {
		errs = append(errs, fmt.Errorf("app %s: %s", at, wrong.Problem))
	}
	if _, err := (AppEnv{}).FillAll(files); err != nil {
		errs = append(errs, fmt.Errorf("app %s: file %w", at, err))
	}
	return errs
}
