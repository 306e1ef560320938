package image

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

const (
	dockerfile   = "Dockerfile"
	dockerignore = ".dockerignore"
)

// largestFolder is how much a folder may send to the engine, in bytes. More is a folder in which something was
// forgotten.
const largestFolder = 1 << 30

// BuildFolder makes an image of a folder with a Dockerfile, by its path below another one, which it may not leave. What
// .dockerignore names is not sent. Of the arguments that the Dockerfile declares, BASE is a bare Debian trixie, of the
// source that the lab's images are from; PIP_INDEX_URL and PIP_TRUSTED_HOST are those of this environment; AUTHORITIES
// is the name of a file that is sent along, with the certificate authorities that this machine trusts. Nothing is built
// when nothing in the folder has changed. The error of a step that failed has the last lines that it printed. progress
// may be nil.
func BuildFolder(ctx context.Context, within, folder string, from Source, progress func(Event)) (Ref, error) {
	ref, err := buildFolder(ctx, within, folder, from, reporter(progress))
	if err != nil {
		return Ref{}, fmt.Errorf("build an image of %s: %w", folder, explain(err))
	}
	return ref, nil
}

func buildFolder(ctx context.Context, within, folder string, from Source, report func(Event)) (Ref, error) {
	f, err := openFolder(within, folder)
	if err != nil {
		return Ref{}, &NotBuilt{err}
	}
	defer func() { _ = f.root.Close() }()
	b, end, err := begin(ctx, report)
	if err != nil {
		return Ref{}, err
	}
	defer end()
	return b.buildFolder(ctx, f, from)
}

// buildFolder builds an image of a folder that has none yet.
func (b *builder) buildFolder(ctx context.Context, f *folder, from Source) (Ref, error) {
	args := f.arguments()
	_, based := args[baseArgument]
	if based {
		base, err := b.chooseBase(ctx, from, func(base string) bool {
			args[baseArgument] = base
			tag, err := f.tag(b.engine.arch, args)
			return err == nil && b.present[tag] != ""
		})
		if err != nil {
			return Ref{}, err
		}
		args[baseArgument] = base
	}
	tag, err := f.tag(b.engine.arch, args)
	if err != nil {
		return Ref{}, &NotBuilt{err} // it can't be read, or is too large
	}
	if id := b.present[tag]; id != "" {
		return Ref{Name: tag, ID: id}, nil
	}
	if based && args[baseArgument] != pins[baseImage] {
		if err := b.bootstrap(ctx, args[baseArgument]); err != nil {
			return Ref{}, err
		}
	}
	if args[authoritiesArgument] != "" {
		if f.beside, err = authorities(); err != nil {
			return Ref{}, err
		}
	}
	start := time.Now()
	archive := f.context()
	defer func() { _ = archive.Close() }()
	id, err := b.engine.build(ctx, tag, args, archive, func(step string) { b.report(Event{Image: f.name, Step: step}) })
	if ctx.Err() != nil {
		return Ref{}, ctx.Err()
	}
	if err != nil {
		return Ref{}, notBuilt(err)
	}
	b.report(Event{Image: f.name, Step: tag, Done: true, Took: time.Since(start)})
	return Ref{Name: tag, ID: id}, nil
}

// folder is what an image is built from.
type folder struct {
	name    string
	root    *os.Root // nothing outside it is read, whatever links say
	recipe  []byte   // its Dockerfile
	ignored *patternmatcher.PatternMatcher
	beside  map[string][]byte // files of this machine that are sent along
}

func openFolder(within, name string) (*folder, error) {
	outer, err := os.OpenRoot(cmp.Or(within, "."))
	if err != nil {
		return nil, fmt.Errorf("open the folder: %w", err)
	}
	defer func() { _ = outer.Close() }()
	root, err := outer.OpenRoot(filepath.FromSlash(name))
	if err != nil {
		return nil, fmt.Errorf("open the folder: %w", err)
	}
	f := &folder{name: path.Base(name), root: root}
	if f.name == "." {
		f.name = "app"
	}
	if err := f.read(); err != nil {
		_ = root.Close()
		return nil, err
	}
	return f, nil
}

// read reads what says how the image is built, and what of the folder goes into it.
func (f *folder) read() (err error) {
	if f.recipe, err = f.root.ReadFile(dockerfile); errors.Is(err, fs.ErrNotExist) {
		return errors.New("it has no Dockerfile")
	} else if err != nil {
		return fmt.Errorf("read its Dockerfile: %w", err)
	}
	text, err := f.root.ReadFile(dockerignore)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read its %s: %w", dockerignore, err)
	}
	patterns, err := ignorefile.ReadAll(bytes.NewReader(text))
	if err == nil {
		f.ignored, err = patternmatcher.New(patterns)
	}
	if err != nil {
		return fmt.Errorf("read its %s: %w", dockerignore, err)
	}
	return nil
}

// The arguments that a Dockerfile may declare, besides those of pythonIndex.
const (
	baseArgument        = "BASE"
	authoritiesArgument = "AUTHORITIES"
)

var declared = regexp.MustCompile(`(?mi)^\s*ARG\s+([A-Za-z_][A-Za-z0-9_]*)`)

// arguments are those that the Dockerfile declares, of which there are values here; the base is still to be chosen.
func (f *folder) arguments() map[string]string {
	known := pythonIndex()
	known[baseArgument], known[authoritiesArgument] = "", authoritiesFile
	args := map[string]string{}
	for _, found := range declared.FindAllSubmatch(f.recipe, -1) {
		if value, is := known[string(found[1])]; is {
			args[string(found[1])] = value
		}
	}
	return args
}

// tag names the image by the hash of all that goes into it, but for when that was changed.
func (f *folder) tag(arch string, args map[string]string) (string, error) {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%q", arch) // a hash takes every write; quotes keep parts apart
	for _, k := range slices.Sorted(maps.Keys(args)) {
		_, _ = fmt.Fprintf(h, "%q%q", k, args[k])
	}
	if err := f.write(h, false); err != nil {
		return "", err
	}
	return "regionfall/folder:" + hex.EncodeToString(h.Sum(nil))[:12], nil
}

// context streams the folder as a tar archive.
func (f *folder) context() io.ReadCloser {
	out, in := io.Pipe()
	go func() { in.CloseWithError(f.write(in, true)) }()
	return out
}

// write writes the folder as a tar archive, with or without the times of its files. Who owns them here is no matter of
// the image.
func (f *folder) write(to io.Writer, times bool) error {
	w := &folderWriter{folder: f, to: tar.NewWriter(to), times: times, parents: map[string]parent{}}
	if err := fs.WalkDir(f.root.FS(), ".", w.add); err != nil {
		return fmt.Errorf("read the folder: %w", err)
	}
	if err := addFiles(w.to, f.beside); err != nil {
		return err
	}
	return w.to.Close()
}

// parent is what the patterns of .dockerignore say of a folder.
type parent = patternmatcher.MatchInfo

type folderWriter struct {
	*folder
	to      *tar.Writer
	times   bool
	parents map[string]parent
	size    int64
}

func (w *folderWriter) add(name string, entry fs.DirEntry, err error) error {
	if err != nil || name == "." {
		return err
	}
	skip, matched, err := w.ignored.MatchesUsingParentResults(filepath.FromSlash(name), w.parents[path.Dir(name)])
	if err != nil {
		return err
	}
	if name == dockerfile || name == dockerignore { // the engine reads them, whatever they say of themselves
		skip = false
	}
	if entry.IsDir() {
		w.parents[name] = matched
		if skip && !w.ignored.Exclusions() {
			return fs.SkipDir
		}
	}
	if skip {
		return nil
	}
	info, err := entry.Info()
	if err != nil {
		return err
	}
	return w.put(name, info)
}

func (w *folderWriter) put(name string, info fs.FileInfo) error {
	h := &tar.Header{Name: name, Mode: int64(info.Mode().Perm())}
	if w.times {
		h.ModTime = info.ModTime()
	}
	switch {
	case info.IsDir():
		h.Typeflag, h.Name = tar.TypeDir, name+"/"
		return w.to.WriteHeader(h)
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := w.root.Readlink(filepath.FromSlash(name))
		if err != nil {
			return err
		}
		h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, target, 0o777
		return w.to.WriteHeader(h)
	case !info.Mode().IsRegular():
		return nil // a socket, or a device, which is of this machine
	}
	if w.size += info.Size(); w.size > largestFolder {
		return fmt.Errorf("it holds more than %d MB: name in %s what its image does not need", largestFolder>>20,
			dockerignore)
	}
	file, err := w.root.Open(filepath.FromSlash(name))
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	h.Size = info.Size()
	if err := w.to.WriteHeader(h); err != nil {
		return err
	}
	_, err = io.Copy(w.to, file)
	return err
}
