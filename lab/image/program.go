package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// BuildProgram makes an image of a Go program: its static binary, /config and /tmp, run as a user that is not root. It
// is named by the import path of its main package, or by a path such as ./cmd/shop, as the go command takes it in the
// current directory. Nothing is built when nothing has changed. progress may be nil.
func BuildProgram(ctx context.Context, program string, progress func(Event)) (Ref, error) {
	ref, err := buildProgram(ctx, program, reporter(progress))
	if err != nil {
		return Ref{}, fmt.Errorf("build an image of %s: %w", program, explain(err))
	}
	return ref, nil
}

func buildProgram(ctx context.Context, program string, report func(Event)) (Ref, error) {
	path, err := mainPackage(ctx, program)
	if err != nil {
		return Ref{}, err
	}
	engine, err := open(ctx)
	if err != nil {
		return Ref{}, err
	}
	defer engine.close()
	cache, err := cacheDir()
	if err != nil {
		return Ref{}, err
	}
	b := &builder{engine: engine, cache: cache, report: report}
	unlock, err := b.lock(ctx)
	if err != nil {
		return Ref{}, err
	}
	defer unlock()
	if b.present, err = engine.images(ctx); err != nil {
		return Ref{}, err
	}
	dir, err := os.Getwd()
	if err != nil {
		return Ref{}, fmt.Errorf("find the current directory: %w", err)
	}
	// The name is for this file only: programs of the same last name must not take each other's place.
	name := sha256.Sum256([]byte(path))
	binary := filepath.Join(b.binDir(), "programs", hex.EncodeToString(name[:6]))
	if err := b.compile(ctx, binary, dir, nil, path); err != nil {
		return Ref{}, err
	}
	r := recipe{name: "program", binary: "program", dirs: []string{"config", "tmp"}}
	tag, err := r.tag(engine.arch, binary)
	if err != nil {
		return Ref{}, err
	}
	id := b.present[tag]
	if id == "" {
		if id, err = b.make(ctx, r, tag, binary, func() error { return nil }); err != nil {
			return Ref{}, err
		}
	}
	return Ref{Name: tag, ID: id}, nil
}

// mainPackage is the import path of a program.
func mainPackage(ctx context.Context, program string) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-f", "{{.Name}} {{.ImportPath}}", "--", program).Output()
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err != nil {
		if exit := new(exec.ExitError); errors.As(err, &exit) {
			return "", fmt.Errorf("ask go for it: %s", strings.Join(strings.Fields(string(exit.Stderr)), " "))
		}
		return "", fmt.Errorf("ask go for it: %w", err)
	}
	found := strings.Split(strings.TrimSpace(string(out)), "\n")
	name, path, _ := strings.Cut(found[0], " ")
	if len(found) > 1 || name != "main" {
		return "", fmt.Errorf("go finds %s: name one package, and that a main package", strings.Join(found, ", "))
	}
	return path, nil
}
