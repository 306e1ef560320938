package image

import (
	"context"
	"fmt"
	"strings"

	"github.com/containerd/errdefs"

	"github.com/regionfall/regionfall/lab/topology"
)

// choice is where images come from, and what serves S3 and DynamoDB.
type choice struct {
	source    Source
	reason    string
	provider  provider
	awsReason string
}

// serves says what serves S3 and DynamoDB, and why.
func (c choice) serves() string { return serving(c.provider.servers) + " (" + c.awsReason + ")" }

// recipes are those that the choice makes a difference to.
func (b *builder) recipes(c choice, base string) []recipe {
	return append(databases(c.source, base), stores(c.provider, base)...)
}

// choose settles where images come from and what serves S3 and DynamoDB, and why. What is in the engine already goes
// before what a registry may offer: a lab that worked yesterday works today, with the network down.
func (b *builder) choose(ctx context.Context, wanted Options) (c choice, err error) {
	if wanted.AWS, err = ParseAWS(string(wanted.AWS)); err != nil {
		return c, err
	}
	base, err := b.baseTag()
	if err != nil {
		return c, err
	}
	if c.source, c.reason, err = b.chooseSource(ctx, wanted.Source, base); err != nil {
		return c, err
	}
	if c.provider, c.awsReason, err = b.chooseAWS(ctx, wanted.AWS, c.source, base); err != nil {
		return c, err
	}
	return c, nil
}

func (b *builder) chooseSource(ctx context.Context, wanted Source, base string) (Source, string, error) {
	var unpulled []string
	for _, r := range databases(Registry, base) {
		if !b.engine.has(ctx, r.base) {
			unpulled = append(unpulled, r.base)
		}
	}
	switch wanted {
	case Packages:
		return Packages, "asked for", nil
	case Registry:
		if len(unpulled) > 0 && !b.built(databases(Registry, base)) {
			if err := b.engine.offered(ctx, unpulled[0]); err != nil {
				return "", "", fmt.Errorf("images from a registry: %s, for %s: try --source packages", refusal(err),
					unpulled[0])
			}
		}
		return Registry, "asked for", nil
	}
	for _, source := range []Source{Registry, Packages} {
		if b.built(databases(source, base)) {
			return source, "they are here already", nil
		}
	}
	if len(unpulled) == 0 {
		return Registry, "the pinned images are here already", nil
	}
	if err := b.engine.offered(ctx, unpulled[0]); err != nil {
		return Packages, refusal(err), nil
	}
	return Registry, "a registry answers", nil
}

// chooseAWS settles what serves S3 and DynamoDB where the databases come from source. From packages only that goes into
// it, and no registry is asked.
func (b *builder) chooseAWS(ctx context.Context, wanted topology.AWS, source Source,
	base string,
) (provider, string, error) {
	if wanted == topology.AWSPackages {
		return packaged, "asked for", nil
	}
	open := wanted.Or("") == ""
	reason := "asked for"
	if open {
		reason = "images are from packages; --aws localstack builds LocalStack from its own"
	}
	here := func(p provider) bool { return b.built(stores(p, base)) }
	if source == Registry {
		switch {
		case here(registered):
			return registered, ifOpen(open, "it is here already"), nil
		case open && here(packaged):
			return packaged, "they are here already", nil
		case b.engine.has(ctx, pins["aws"]):
			return registered, ifOpen(open, "its pinned image is here already"), nil
		}
		err := b.engine.offered(ctx, pins["aws"])
		if err == nil {
			return registered, ifOpen(open, "the registry has it"), nil
		}
		reason = "no LocalStack from a registry: " + refusal(err)
		if !open {
			reason = "asked for, and " + reason
		}
	}
	p := python
	switch {
	case open && here(packaged):
		return packaged, "they are here already", nil
	case open:
		p = packaged
	}
	if !here(p) && b.present[base] == "" {
		if err := toolMissing(); err != nil {
			return p, "", fmt.Errorf("%s: %w", reason, err)
		}
	}
	return p, reason, nil
}

// refusal says why a registry has not offered an image.
func refusal(err error) string {
	why := shorten(oneLine(err))
	switch {
	case errdefs.IsUnauthorized(err), errdefs.IsPermissionDenied(err):
		return fmt.Sprintf("the image registry wants a token (%s)", why)
	case strings.Contains(why, "manifest unknown"), strings.Contains(why, "not found"):
		return fmt.Sprintf("the image registry does not have it (%s)", why)
	}
	return fmt.Sprintf("no image registry answers (%s)", why)
}

func ifOpen(open bool, reason string) string {
	if open {
		return reason
	}
	return "asked for"
}

// missing are the recipes whose images are not in the engine. One without a name can't be.
func (b *builder) missing(recipes []recipe) (missing []recipe) {
	for _, r := range recipes {
		if tag, err := r.tag(b.engine.arch, ""); err != nil || b.present[tag] == "" {
			missing = append(missing, r)
		}
	}
	return missing
}

func (b *builder) built(recipes []recipe) bool { return len(b.missing(recipes)) == 0 }
