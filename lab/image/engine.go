package image

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/build"
	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/client"

	labengine "github.com/regionfall/regionfall/lab/engine"
)

// label is on every image that is built here.
const (
	labelKey   = "regionfall"
	labelValue = "image"
)

// How long the engine may take to answer at all, and to say whether a registry has an image.
const (
	engineAnswers   = 5 * time.Second
	registryAnswers = 3 * time.Second
)

// engine is the container engine, as far as images go.
type engine struct {
	client *client.Client
	arch   string // as Go names it
	podman bool
}

// open connects to the engine.
func open(ctx context.Context) (*engine, error) {
	found, err := labengine.Find(ctx)
	if err != nil {
		return nil, err
	}
	return &engine{client: found.Client, arch: found.About.Arch, podman: found.About.Product == labengine.Podman}, nil
}

func (e *engine) close() { _ = e.client.Close() }

// localPrefix is what Podman puts before the name of an image that comes from no registry.
const localPrefix = "localhost/"

// images lists the images built here: ID by name with tag.
func (e *engine) images(ctx context.Context) (map[string]string, error) {
	list, err := e.client.ImageList(ctx, client.ImageListOptions{
		Filters: make(client.Filters).Add("label", labelKey+"="+labelValue),
	})
	if err != nil {
		return nil, fmt.Errorf("list the engine's images: %w", err)
	}
	ids := map[string]string{}
	for _, i := range list.Items {
		for _, name := range i.RepoTags {
			ids[strings.TrimPrefix(name, localPrefix)] = i.ID
		}
	}
	return ids, nil
}

// has says whether an image, by whatever name, is in the engine.
func (e *engine) has(ctx context.Context, name string) bool {
	_, err := e.client.ImageInspect(ctx, name)
	return err == nil
}

// offered asks the registry, through the engine (which is the one that would pull, and may run elsewhere), whether it
// has an image.
func (e *engine) offered(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, registryAnswers)
	defer cancel()
	_, err := e.client.DistributionInspect(ctx, name, client.DistributionInspectOptions{})
	if e.podman && errdefs.IsNotFound(err) {
		err = e.beginPull(ctx, name)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("nothing within %s", registryAnswers)
	}
	return err
}

// beginPull pulls an image until the first of its layers is known, and no further. Podman has no other way to ask for
// one, up to 5 at least.
func (e *engine) beginPull(ctx context.Context, name string) error {
	pull, err := e.client.ImagePull(ctx, name, client.ImagePullOptions{})
	if err != nil {
		return err
	}
	defer func() { _ = pull.Close() }()
	for m, err := range pull.JSONMessages(ctx) {
		switch {
		case err != nil:
			return err
		case m.Error != nil:
			return m.Error
		case m.ID != "":
			return nil
		}
	}
	return nil // it is here, whole
}

// load makes an image of a root file system in a tar archive.
func (e *engine) load(ctx context.Context, name string, archive io.Reader) (string, error) {
	res, err := e.client.ImageImport(ctx, client.ImageImportSource{Source: archive, SourceName: "-"}, name,
		client.ImageImportOptions{Changes: []string{"LABEL " + labelKey + "=" + labelValue}})
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Close() }()
	if err := follow(res, nil, nil); err != nil {
		return "", err
	}
	return e.id(ctx, name)
}

// build builds an image from a tar archive with its context; step is told of every instruction.
func (e *engine) build(ctx context.Context, name string, args map[string]string, archive io.Reader,
	step func(string),
) (string, error) {
	values := map[string]*string{}
	for k, v := range args {
		values[k] = &v
	}
	ctx, w := startWatch(ctx)
	defer w.end()
	res, err := e.client.ImageBuild(ctx, w.reader(archive), client.ImageBuildOptions{
		Tags: []string{name}, BuildArgs: values, Labels: map[string]string{labelKey: labelValue},
		Remove: true, ForceRemove: true, Version: build.BuilderV1,
	})
	if err != nil {
		return "", orCause(ctx, err)
	}
	defer func() { _ = res.Body.Close() }()
	var layers []string
	if err := follow(w.reader(res.Body), step, &layers); err != nil {
		e.drop(context.WithoutCancel(ctx), layers)
		return "", orCause(ctx, err)
	}
	return e.id(ctx, name)
}

// drop removes what a build that failed has made, the last first. What others are built on stays, and that it could not
// be removed is no news: the next build goes on from there.
func (e *engine) drop(ctx context.Context, layers []string) {
	ctx, cancel := context.WithTimeout(ctx, engineAnswers)
	defer cancel()
	for _, id := range slices.Backward(layers) {
		_, _ = e.client.ImageRemove(ctx, id, client.ImageRemoveOptions{})
	}
}

func (e *engine) id(ctx context.Context, name string) (string, error) {
	i, err := e.client.ImageInspect(ctx, name)
	if err != nil {
		return "", fmt.Errorf("look for the new image: %w", err)
	}
	return i.ID, nil
}

// follow reads the engine's report of its work to the end. An error comes with the last lines of the step that failed.
// What the steps made, after the image that the first is built on, is added to layers.
func follow(r io.Reader, step func(string), layers *[]string) error {
	const keep = 500 // pip lists all hashes of a file, and then says what is wrong with them
	var lines []string
	var rest string
	from, own := false, false // the step is FROM; it comes after it
	for d := json.NewDecoder(r); ; {
		var m jsonstream.Message
		switch err := d.Decode(&m); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read the engine's answer: %w", err)
		}
		if m.Error != nil {
			return &buildError{printed: append(lines, oneLine(m.Error))}
		}
		text := strings.Split(rest+m.Stream, "\n")
		rest = text[len(text)-1]
		for _, line := range text[:len(text)-1] {
			line = strings.TrimSpace(colors.ReplaceAllString(line, ""))
			if instruction, ok := strings.CutPrefix(line, "Step "); ok {
				lines, own = lines[:0], own || from
				from = strings.Contains(instruction, " FROM ")
				if step != nil {
					step(shorten(strings.Join(strings.Fields(instruction), " ")))
				}
			}
			if id, ok := strings.CutPrefix(line, "---> "); ok && layers != nil && own && !strings.Contains(id, " ") {
				*layers = append(*layers, id)
			}
			if line != "" {
				lines = append(lines, line)
				lines = lines[max(0, len(lines)-keep):]
			}
		}
	}
}

// colors are what the engine puts around what a program says of errors.
var colors = regexp.MustCompile("\x1b\\[[0-9;]*m")

// buildError is a step of a build that failed.
type buildError struct {
	printed []string // from its instruction to what the engine says
}

// Error is the end of what it printed.
func (e *buildError) Error() string {
	const most = 13
	return strings.Join(e.printed[max(0, len(e.printed)-most):], "\n    ")
}

func shorten(s string) string {
	const most = 72
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// explain turns a full disk, wherever it was met, into ErrDiskFull.
func explain(err error) error {
	if errors.Is(err, syscall.ENOSPC) || strings.Contains(err.Error(), "no space left on device") {
		return fmt.Errorf("%w (%s)", ErrDiskFull, shorten(oneLine(err)))
	}
	return err
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
