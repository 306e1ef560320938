package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/regionfall/regionfall/docker"
)

// module is where the programs of the images hub, agent and app are.
const module = "github.com/regionfall/regionfall"

// tools are programs of other modules, by name. Each is compiled from a module of its own, tools.mod in its image's
// folder, so that its dependencies stay out of ours.
var tools = map[string]string{"versitygw": "github.com/versity/versitygw/cmd/versitygw"}

func goVersion(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOVERSION").Output()
	if err != nil {
		return "", fmt.Errorf("ask go for its version (the images' programs are compiled with it): %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// compilePrograms compiles this module's programs for the engine's architecture and tells where they are. Go's build
// cache makes it a matter of a fraction of a second when nothing has changed.
func (b *builder) compilePrograms(ctx context.Context) (map[string]string, error) {
	list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module)
	out, err := list.Output()
	dir := strings.TrimSpace(string(out))
	if err != nil || dir == "" {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, errors.New("compile the lab's programs: run this in a checkout of " + module +
			", or in a module that requires it")
	}
	start := time.Now()
	bin := b.binDir()
	var packages []string
	paths := map[string]string{}
	for _, r := range programs() {
		packages = append(packages, module+"/docker/"+r.binary)
		paths[r.binary] = filepath.Join(bin, r.binary)
	}
	// Only worth a word when there is something to compile.
	slow := time.AfterFunc(time.Second, func() {
		b.report(Event{
			Image: "programs",
			Step:  "compile hub, agent and app",
		})
	})
	err = b.compile(ctx, bin+string(filepath.Separator), dir, nil, packages...)
	quick := slow.Stop()
	if err != nil {
		return nil, fmt.Errorf("compile the lab's programs: %w", err)
	}
	if !quick {
		b.report(Event{Image: "programs", Step: "compiled", Done: true, Took: time.Since(start)})
	}
	return paths, nil
}

// compileTool compiles the program of another module that a recipe wants.
func (b *builder) compileTool(ctx context.Context, r recipe) (string, error) {
	start := time.Now()
	dir, err := b.scratch(r.binary)
	if err != nil {
		return "", fmt.Errorf("make a directory to compile %s in: %w", r.binary, err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for from, to := range map[string]string{"tools.mod": "go.mod", "tools.sum": "go.sum"} {
		data, err := docker.Files.ReadFile(r.name + "/" + from)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, to), data, 0o644)
		}
		if err != nil {
			return "", fmt.Errorf("write the module to compile %s in: %w", r.binary, err)
		}
	}
	b.report(Event{Image: r.name, Step: "compile " + r.binary})
	if err := b.compile(ctx, b.binDir()+string(filepath.Separator), dir, []string{"GOWORK=off"},
		tools[r.binary]); err != nil {
		return "", fmt.Errorf("compile %s: %w", r.binary, err)
	}
	b.report(Event{Image: r.name, Step: fmt.Sprintf("compiled %s in %s", r.binary,
		time.Since(start).Round(time.Second))})
	return filepath.Join(b.binDir(), r.binary), nil
}

func (b *builder) binDir() string { return filepath.Join(b.cache, "bin", b.engine.arch) }

// compile makes static binaries whose bytes depend on nothing but their sources and the compiler: in the folder to,
// which then ends in a slash, or one as the file to.
func (b *builder) compile(ctx context.Context, to, dir string, env []string, packages ...string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	env = append(env, "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+b.engine.arch, "PWD="+dir)
	args := append([]string{"go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", to}, packages...)
	return run(ctx, dir, env, args...)
}
