package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/regionfall/regionfall/docker"
)

// tools are programs of other modules, by name. Each is compiled from a module of its own, tools.mod in its image's
// folder, so that its dependencies stay out of ours.
var tools = map[string]string{"versitygw": "github.com/versity/versitygw/cmd/versitygw"}

// compileTool compiles the program of another module that a recipe wants.
func (b *builder) compileTool(ctx context.Context, r recipe) (string, error) {
	if err := r.lacksGo(); err != nil {
		return "", err
	}
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

// lacksGo says what to do where a recipe wants a program compiled and there is no go command.
func (r recipe) lacksGo() error {
	if err := goMissing(); err != nil && tools[r.binary] != "" {
		return fmt.Errorf("%s is compiled from a Go module, and %w; or have S3 from LocalStack: --aws localstack",
			r.binary, err)
	}
	return nil
}

// goMissing says that there is no go command.
func goMissing() error {
	if _, err := exec.LookPath("go"); err != nil {
		return errors.New("go is not on this machine: install Go 1.26 or newer")
	}
	return nil
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
