// Package image says where the images of a lab come from and makes sure that they are there: from a registry where one
// answers, else built from distribution packages. Both sources go through the same Dockerfiles (package docker). An
// image is named by the hash of everything that goes into it, so it is built when its inputs change and never
// otherwise.
package image

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// Source is where images come from.
type Source string

// The sources.
const (
	Auto     Source = "auto"     // what is at hand, else a registry that answers, else packages
	Registry Source = "registry" // official images, pinned by digest
	Packages Source = "packages" // Debian packages, Go modules and Python packages
)

// ErrDiskFull says that the engine, or this machine, has no space left.
var ErrDiskFull = errors.New("the disk is full: free some space (`docker system prune` removes what no container " +
	"uses) and run again")

// ParseSource reads a source as a person writes it. The empty string is Auto.
func ParseSource(s string) (Source, error) {
	switch source := Source(s); source {
	case "":
		return Auto, nil
	case Auto, Registry, Packages:
		return source, nil
	}
	return "", fmt.Errorf("image source %q: want auto, registry or packages", s)
}

// ParseAWS reads what is to serve S3 and DynamoDB as a person writes it. The empty string is topology.AWSAuto.
func ParseAWS(s string) (topology.AWS, error) {
	choices := topology.AWSChoices()
	if s == "" {
		return topology.AWSAuto, nil
	}
	if slices.Contains(choices, topology.AWS(s)) {
		return topology.AWS(s), nil
	}
	return "", fmt.Errorf("S3 and DynamoDB from %q: want auto, localstack or packages", s)
}

// Options for Ensure and Plan.
type Options struct {
	Source   Source       // empty is Auto
	AWS      topology.AWS // empty is topology.AWSAuto
	Progress func(Event)  // called from several goroutines, one call at a time; nil is allowed
}

// Event is a step on the way to an image.
type Event struct {
	Image string // such as "postgres", or "base", which others are built on; empty for what concerns all
	Step  string // what begins, or with Done what ended
	Done  bool   // the image is ready
	Took  time.Duration
}

// Ref is an image in the engine.
type Ref struct {
	Name string `json:"name"` // with its tag, such as "regionfall/postgres:0123456789ab"
	ID   string `json:"id"`
}

// Set is all images of a lab.
type Set struct {
	Source Source `json:"source"` // Registry or Packages
	Reason string `json:"reason"` // why this source, in half a sentence
	// Images by what they are for: postgres, redis, regionfall (the nodes that are the lab's own), and what Servers
	// names.
	Images map[string]Ref `json:"images"`

	AWS       topology.AWS                `json:"aws"`        // LocalStack or packages
	AWSReason string                      `json:"aws_reason"` // why that, in half a sentence
	Servers   map[topology.Service]Server `json:"servers"`    // of S3 and DynamoDB
}

// Ensure makes sure that all images are in the engine, and builds those that are not. Only one process of a user does
// so at a time; others wait for it and find the work done. Errors that a person can mend are those of package engine
// and ErrDiskFull.
func Ensure(ctx context.Context, o Options) (Set, error) {
	set, err := ensure(ctx, o)
	if err != nil {
		return Set{}, explain(err)
	}
	return set, nil
}

// Outlook is where Ensure would take images from.
type Outlook struct {
	Source Source
	Reason string // in half a sentence
	Serves string // what serves S3 and DynamoDB, and why
	Here   bool   // the images that take long are in the engine already
	Lacks  error  // what keeps them from being built; nil for nothing
}

// Plan says where Ensure would take images from, and why, and does nothing about it.
func Plan(ctx context.Context, wanted Options) (o Outlook, err error) {
	b, err := newBuilder(ctx, reporter(nil))
	if err != nil {
		return o, explain(err)
	}
	defer b.engine.close()
	if b.present, err = b.engine.images(ctx); err != nil {
		return o, explain(err)
	}
	c, err := b.choose(ctx, wanted)
	if err != nil {
		return o, err
	}
	base, err := b.baseTag()
	if err != nil {
		return o, err
	}
	o.Source, o.Reason, o.Serves = c.source, c.reason, c.serves()
	missing := b.missing(b.recipes(c, base))
	o.Here = len(missing) == 0
	o.Lacks = b.lacksOwn()
	for _, r := range missing {
		if b.present[base] == "" && r.base == base {
			o.Lacks = cmp.Or(o.Lacks, toolMissing())
		}
		o.Lacks = cmp.Or(o.Lacks, r.lacksGo())
	}
	return o, nil
}

func ensure(ctx context.Context, o Options) (Set, error) {
	b, end, err := begin(ctx, reporter(o.Progress))
	if err != nil {
		return Set{}, err
	}
	defer end()
	c, err := b.choose(ctx, o)
	if err != nil {
		return Set{}, err
	}
	b.report(Event{Step: fmt.Sprintf("images from %s: %s", c.source, c.reason)})
	b.report(Event{Step: c.serves()})
	refs, err := b.all(ctx, c)
	if err != nil {
		return Set{}, err
	}
	return Set{
		Source: c.source, Reason: c.reason, Images: refs,
		AWS: c.provider.name, AWSReason: c.awsReason, Servers: maps.Clone(c.provider.servers),
	}, nil
}
