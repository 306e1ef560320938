package image

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// Prune removes the images that Ensure built from earlier inputs: all but those of the set, and the base they stand on. One that a
// container uses stays. It returns the names of what was removed.
func Prune(ctx context.Context, keep Set) ([]string, error) {
	engine, err := open(ctx)
	if err != nil {
		return nil, err
	}
	defer engine.close()
	present, err := engine.images(ctx)
	if err != nil {
		return nil, err
	}
	base, err := (&builder{engine: engine}).baseTag()
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{base: true}
	for _, ref := range keep.Images {
		wanted[ref.Name] = true
	}
	var removed []string
	for _, name := range slices.Sorted(maps.Keys(present)) {
		if wanted[name] || !strings.HasPrefix(name, "regionfall/") {
			continue
		}
		if _, err := engine.client.ImageRemove(ctx, name, client.ImageRemoveOptions{PruneChildren: true}); errdefs.IsConflict(err) {
			continue
		} else if err != nil {
			return removed, fmt.Errorf("remove image %s: %w", name, err)
		}
		removed = append(removed, name)
	}
	return removed, nil
}
