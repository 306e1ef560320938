// Package image says where the images of a lab come from and makes sure that they are there: from a registry where one answers, else
// built from distribution packages. Both sources go through the same Dockerfiles (package docker). An image is named by the hash of
// everything that goes into it, so it is built when its inputs change and never otherwise.
package image

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Source is where images come from.
type Source string

// The sources.
const (
	Auto     Source = "auto"     // what is at hand, else a registry that answers, else packages
	Registry Source = "registry" // official images, pinned by digest; S3 and DynamoDB are LocalStack
	Packages Source = "packages" // Debian packages and Go modules; S3 is versitygw, DynamoDB is moto
)

// ErrDiskFull says that the engine, or this machine, has no space left.
var ErrDiskFull = errors.New("the disk is full: free some space (`docker system prune` removes what no container uses) and run again")

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

// Options for Ensure.
type Options struct {
	Source   Source
	Progress func(Event) // called from several goroutines, one call at a time; nil is allowed
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
	AWS    string `json:"aws"`    // what serves S3 and DynamoDB: "localstack" or "packages"
	// Images by what they are for: postgres, redis, s3, dynamodb, hub, agent, app. With LocalStack, s3 and dynamodb are the same.
	Images map[string]Ref `json:"images"`
}

// Volatile says whether a node of the image loses what it stores when it is killed.
func (s Set) Volatile(image string) bool {
	switch image {
	case "dynamodb":
		return true // moto and LocalStack keep it in memory
	case "s3":
		return s.AWS == "localstack"
	}
	return false
}

// Ensure makes sure that all images are in the engine, and builds those that are not. Only one process of a user does so at a time;
// others wait for it and find the work done. Errors that a person can mend are those of package engine and ErrDiskFull.
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
	Here   bool   // the images that take long are in the engine already
	Lacks  error  // what keeps them from being built; nil for nothing
}

// Plan says where Ensure would take images from, and why, and does nothing about it.
func Plan(ctx context.Context, wanted Source) (o Outlook, err error) {
	engine, err := open(ctx)
	if err != nil {
		return o, explain(err)
	}
	defer engine.close()
	cache, err := cacheDir()
	if err != nil {
		return o, err
	}
	b := &builder{engine: engine, cache: cache, report: reporter(nil)}
	if b.present, err = engine.images(ctx); err != nil {
		return o, explain(err)
	}
	if b.goVersion, err = goVersion(ctx); err != nil {
		return o, err
	}
	if o.Source, o.Reason, err = b.choose(ctx, wanted); err != nil {
		return o, err
	}
	o.Here = b.built(o.Source)
	if base, berr := b.baseTag(); o.Source == Packages && !o.Here && berr == nil && b.present[base] == "" {
		o.Lacks = toolMissing()
	}
	return o, nil
}

func ensure(ctx context.Context, o Options) (Set, error) {
	engine, err := open(ctx)
	if err != nil {
		return Set{}, err
	}
	defer engine.close()
	cache, err := cacheDir()
	if err != nil {
		return Set{}, err
	}
	b := &builder{engine: engine, cache: cache, report: reporter(o.Progress)}
	unlock, err := b.lock(ctx)
	if err != nil {
		return Set{}, err
	}
	defer unlock()
	if b.present, err = engine.images(ctx); err != nil {
		return Set{}, err
	}
	if b.goVersion, err = goVersion(ctx); err != nil {
		return Set{}, err
	}
	source, reason, err := b.choose(ctx, o.Source)
	if err != nil {
		return Set{}, err
	}
	b.report(Event{Step: fmt.Sprintf("images from %s: %s", source, reason)})
	refs, err := b.all(ctx, source)
	if err != nil {
		return Set{}, err
	}
	set := Set{Source: source, Reason: reason, AWS: "packages", Images: refs}
	if source == Registry {
		set.AWS = "localstack"
		refs["s3"], refs["dynamodb"] = refs["localstack"], refs["localstack"]
		delete(refs, "localstack")
		engine.fetchReaper(ctx)
	}
	return set, nil
}
