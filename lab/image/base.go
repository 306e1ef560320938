package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/regionfall/regionfall/docker"
	"github.com/regionfall/regionfall/lab/engine/apt"
)

// needed is what bootstrapping takes, as Debian packages: the tool, and the keys its packages are signed with.
var needed = []string{"mmdebstrap", "debian-archive-keyring"}

// baseImage is the base's name, among recipes and pins.
const baseImage = "base"

func (b *builder) baseTag() (string, error) { return recipe{name: baseImage}.tag(b.engine.arch, "") }

// chooseBase settles what somebody else's Dockerfile builds on: a registry's Debian where images are from a registry,
// else the one that is bootstrapped here. What it was built on before goes before both, as long as nothing has changed
// (built). Where one of the two can't be had it is the other, unless packages were asked for: then no registry is
// asked.
func (b *builder) chooseBase(ctx context.Context, from Source, built func(base string) bool) (string, error) {
	own, err := b.baseTag()
	if err != nil {
		return "", err
	}
	pinned := pins[baseImage]
	var lacking error // what keeps this machine from bootstrapping one
	if b.present[own] == "" {
		lacking = toolMissing()
	}
	switch {
	case from == Packages || built(own):
		return own, nil
	case built(pinned) || from == Registry && b.engine.has(ctx, pinned):
		return pinned, nil
	case from != Registry && lacking == nil:
		return own, nil
	}
	if err := b.engine.offered(ctx, pinned); err == nil {
		return pinned, nil
	} else if lacking != nil {
		return "", fmt.Errorf("%s, for %s; and %w", refusal(err), pinned, lacking)
	}
	return own, nil
}

// bootstrap makes the base image from distribution packages, unless the engine has it.
func (b *builder) bootstrap(ctx context.Context, tag string) error {
	if b.present[tag] != "" {
		return nil
	}
	start := time.Now()
	if err := b.installTool(ctx); err != nil {
		return err
	}
	b.report(Event{Image: "base", Step: "bootstrap Debian trixie"})
	dir, err := b.scratch("base")
	if err != nil {
		return fmt.Errorf("make a directory for the base: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	script, err := docker.Files.ReadFile("base/bootstrap.sh")
	if err != nil {
		return fmt.Errorf("read how to bootstrap the base: %w", err)
	}
	// The script is a file of its own and not an argument, so that a failing command names it.
	path, archive := filepath.Join(dir, "bootstrap.sh"), filepath.Join(dir, "base.tar")
	if err := os.WriteFile(path, script, 0o644); err != nil {
		return fmt.Errorf("write how to bootstrap the base: %w", err)
	}
	if err := run(ctx, "", []string{"TMPDIR=" + dir}, "sh", path, b.engine.arch, archive); err != nil {
		return fmt.Errorf("bootstrap the base image with mmdebstrap: %w", err)
	}
	f, err := os.Open(archive)
	if err != nil {
		return fmt.Errorf("open the bootstrapped base: %w", err)
	}
	defer func() { _ = f.Close() }()
	if _, err := b.engine.load(ctx, tag, f); err != nil {
		return fmt.Errorf("load the base image: %w", err)
	}
	b.report(Event{Image: "base", Step: tag, Done: true, Took: time.Since(start)})
	return nil
}

// toolMissing says how to get mmdebstrap where it is neither there nor can be installed from here: as root on a Debian
// machine.
func toolMissing() error {
	if _, err := exec.LookPath("mmdebstrap"); err == nil || apt.Possible() {
		return nil
	}
	return fmt.Errorf(
		"building images from packages needs mmdebstrap: on Debian or Ubuntu, `sudo apt-get install %s`; "+
			"elsewhere only --source registry works", strings.Join(needed, " "))
}

// installTool sees to mmdebstrap.
func (b *builder) installTool(ctx context.Context) error {
	if _, err := exec.LookPath("mmdebstrap"); err == nil {
		return nil
	}
	if err := toolMissing(); err != nil {
		return err
	}
	b.report(Event{Image: "base", Step: "install mmdebstrap"})
	return apt.Install(ctx, needed...)
}

// stopping is how long a cancelled command may take to clean up after itself.
const stopping = 20 * time.Second

// run executes a command to its end. Its error carries the last lines of what it printed. Cancelled, it is asked to end
// before it is made to: mmdebstrap has mounts and a directory to clean up. It asks the whole group of processes, since
// mmdebstrap itself does nothing but wait for its children, which would run on.
func run(ctx context.Context, dir string, env []string, args ...string) error {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = stopping
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	const keep = 12
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	lines = lines[max(0, len(lines)-keep):]
	if errors.Is(err, exec.ErrNotFound) || len(lines) == 0 {
		return err
	}
	return fmt.Errorf("%w\n    %s", err, strings.Join(lines, "\n    "))
}
