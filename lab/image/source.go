package image

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// choose settles where images come from, and why. What is in the engine already goes before what a registry may offer: a lab that
// worked yesterday works today, with the network down.
func (b *builder) choose(ctx context.Context, wanted Source) (Source, string, error) {
	switch wanted {
	case Packages:
		return Packages, "asked for", nil
	case Registry:
		if missing := b.unpulled(ctx); len(missing) > 0 && !b.built(Registry) {
			if err := b.engine.offered(ctx, missing[0]); err != nil {
				return "", "", fmt.Errorf("images from a registry: none answers for %s (%s): try --source packages", missing[0], oneLine(err))
			}
		}
		return Registry, "asked for", nil
	}
	if b.built(Registry) {
		return Registry, "they are here already", nil
	}
	if b.built(Packages) {
		return Packages, "they are here already", nil
	}
	missing := b.unpulled(ctx)
	if len(missing) == 0 {
		return Registry, "the pinned images are here already", nil
	}
	if err := b.engine.offered(ctx, missing[0]); err != nil {
		return Packages, fmt.Sprintf("no image registry answers (%s)", shorten(oneLine(err))), nil
	}
	return Registry, "a registry answers", nil
}

// built says whether every image that differs by source is in the engine.
func (b *builder) built(source Source) bool {
	base, err := b.baseTag()
	if err != nil {
		return false
	}
	for _, r := range b.services(source, base) {
		tag, err := r.tag(b.engine.arch, "")
		if err != nil || b.present[tag] == "" {
			return false
		}
	}
	return true
}

// unpulled lists the pinned images that are not in the engine.
func (b *builder) unpulled(ctx context.Context) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Values(pins)), func(name string) bool { return b.engine.has(ctx, name) })
}
