package image

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/regionfall/regionfall/lab/build"
)

// ProgramEnv names a file: the Linux build of this program that nodes are to run.
const ProgramEnv = "REGIONFALL_PROGRAM"

// own is the recipe of the nodes that are the lab's own. They run this program, of which its tag follows the bytes.
func own() recipe {
	return recipe{name: "regionfall", binary: "regionfall", dirs: []string{"config", "restore", "tmp"}}
}

// self is the file of the program that is running, also after another has taken its place on the disk.
func self() (string, error) {
	if runtime.GOOS == "linux" {
		return "/proc/self/exe", nil
	}
	return os.Executable()
}

// errNoProgram says that nodes have nothing to run.
var errNoProgram = errors.New("no build of regionfall for the lab's nodes")

// ownProgram is the file of the program that nodes of the engine run: the one that is named, else the one that is
// running, else the one that lies beside it, as in the archive of a release. The error is errNoProgram where there is
// none of them, and another where there is one that can't be used.
func (b *builder) ownProgram() (string, error) {
	if named := os.Getenv(ProgramEnv); named != "" {
		if err := fits(named, b.engine.arch, build.This()); err != nil {
			return "", fmt.Errorf("%s names %s, which nodes can't run: %w", ProgramEnv, named, err)
		}
		return named, nil
	}
	running, err := self()
	if err != nil {
		return "", fmt.Errorf("look for the file of this program: %w", err)
	}
	unfit := fits(running, b.engine.arch, build.Info{})
	if unfit == nil {
		return running, nil
	}
	beside, err := b.beside()
	switch {
	case err != nil:
		return "", err
	case beside == "":
		return "", fmt.Errorf("%w, which are linux/%s (this program: %w)", errNoProgram, b.engine.arch, unfit)
	}
	if err := fits(beside, b.engine.arch, build.This()); err != nil {
		return "", fmt.Errorf("%s lies beside this program, and nodes can't run it: %w", beside, err)
	}
	return beside, nil
}

// beside is the build for nodes of the engine that lies beside this program; empty is none.
func (b *builder) beside() (string, error) {
	at, err := os.Executable()
	if err == nil {
		at, err = filepath.EvalSymlinks(at)
	}
	if err != nil {
		return "", fmt.Errorf("look for the folder of this program: %w", err)
	}
	file := filepath.Join(filepath.Dir(at), b.ownName())
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return file, nil
}

// ownName is what the archive of a release calls the build for nodes of the engine.
func (b *builder) ownName() string { return "regionfall-linux-" + b.engine.arch }

// fits says why a file can't be what nodes run, and nil when it can: this program for Linux on a processor, which needs
// nothing else of a system. What is known of its build has to be in it.
func fits(file, arch string, of build.Info) error {
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return fmt.Errorf("it tells nothing of its build: %w", err)
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	switch is := settings["GOOS"] + "/" + settings["GOARCH"]; {
	case info.Path != build.Module:
		return fmt.Errorf("it is %s", info.Path)
	case is != "linux/"+arch:
		return fmt.Errorf("it is for %s", is)
	case settings["CGO_ENABLED"] != "0":
		return errors.New("it needs the C library of a system: CGO_ENABLED=0 builds one that does not")
	}
	another := fmt.Errorf("it is of another build than this program, which is %s", of)
	switch {
	case of.Commit != "": // it says more than a version, and stands in the file however it came there
		data, err := os.ReadFile(file)
		if err == nil && !bytes.Contains(data, []byte(of.Commit)) {
			err = another
		}
		return err
	case of.Version != "" && build.Of(info).Version != of.Version:
		return another
	}
	return nil
}

// makeOwn gives the program for nodes, and has the go command build it where there is none: from the version that this
// program is, else from the module around the current folder.
func (b *builder) makeOwn(ctx context.Context) (string, error) {
	file, err := b.ownProgram()
	if !errors.Is(err, errNoProgram) {
		return file, err
	}
	if err := b.lacksOwn(); err != nil {
		return "", err
	}
	if source := build.This().Source(); source != "" {
		made, failed := b.fetchOwn(ctx, source)
		if failed != nil {
			return "", fmt.Errorf("%w; %s, or see to it that go can build it: %w", err, b.remedy(), failed)
		}
		return made, nil
	}
	dir, failed := moduleDir(ctx)
	if failed != nil {
		return "", fmt.Errorf("%w; %s, or run this in a checkout of %s, or in a module that requires it (%w)", err,
			b.remedy(), build.Module, failed)
	}
	b.report(Event{Image: own().name, Step: "build regionfall for linux/" + b.engine.arch})
	made := filepath.Join(b.binDir(), "regionfall")
	if err := b.compile(ctx, made, dir, nil, build.Module); err != nil {
		return "", fmt.Errorf("build regionfall for linux/%s: %w", b.engine.arch, err)
	}
	return made, nil
}

// fetchOwn builds the version that this program is. What has been built once stays.
func (b *builder) fetchOwn(ctx context.Context, source string) (string, error) {
	_, version, _ := strings.Cut(source, "@")
	kept := filepath.Join(b.binDir(), "regionfall-"+version)
	if fits(kept, b.engine.arch, build.Info{Version: version}) == nil {
		return kept, nil
	}
	made, err := b.compileProgram(ctx, "", build.Module, source, true)
	if err != nil {
		return "", err
	}
	if err := os.Rename(made, kept); err != nil { // and so it is there whole, or not at all
		return "", fmt.Errorf("keep what was built: %w", err)
	}
	return kept, nil
}

// lacksOwn says what to do where nodes have nothing to run and it can't be built.
func (b *builder) lacksOwn() error {
	_, err := b.ownProgram()
	if errors.Is(err, errNoProgram) {
		if goMissing() == nil {
			return nil
		}
		return fmt.Errorf("%w; %s, or install Go", err, b.remedy())
	}
	return err
}

func (b *builder) remedy() string {
	return fmt.Sprintf("put %s of the release's archive beside it, name it in %s", b.ownName(), ProgramEnv)
}

// moduleDir is where the module around the current folder has this module. The error has the go command's reason.
func moduleDir(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", build.Module).Output()
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		err = errors.New(strings.Join(strings.Fields(string(ended.Stderr)), " "))
	}
	dir := strings.TrimSpace(string(out))
	if err == nil && dir == "" {
		err = errors.New("go has not fetched it: run go mod download")
	}
	return dir, err
}
