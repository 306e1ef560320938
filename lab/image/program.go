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

	"github.com/regionfall/regionfall/lab/build"
)

// BuildProgram makes an image of a Go program: its static binary, /config and /tmp, run as a user that is not root. It
// is named by the import path of its main package, or by a path such as ./cmd/shop, as the go command takes it in the
// current directory; or by an import path and a version, such as shop.example/cmd/shop@v1.4.0, which the go command
// fetches. Nothing is built when nothing has changed. progress may be nil.
//
// This module itself is the program that nodes of the lab's own run, and needs no Go. Its argument is the role.
func BuildProgram(ctx context.Context, program string, progress func(Event)) (Ref, error) {
	return BuildProgramIn(ctx, "", program, progress)
}

// BuildProgramIn is BuildProgram with the go command in a folder, which is the current one where none is given.
func BuildProgramIn(ctx context.Context, folder, program string, progress func(Event)) (Ref, error) {
	ref, err := buildProgram(ctx, folder, program, reporter(progress))
	if err != nil {
		return Ref{}, fmt.Errorf("build an image of %s: %w", program, explain(err))
	}
	return ref, nil
}

func buildProgram(ctx context.Context, folder, program string, report func(Event)) (Ref, error) {
	dir, err := filepath.Abs(folder)
	if err != nil {
		return Ref{}, fmt.Errorf("find the folder %s: %w", folder, err)
	}
	ours := program == build.Module
	if !ours {
		if err := goMissing(); err != nil {
			return Ref{}, err
		}
	}
	path, fetched := atVersion(program)
	if !fetched && !ours {
		if path, err = mainPackage(ctx, dir, nil, program); err != nil {
			return Ref{}, err
		}
	}
	b, end, err := begin(ctx, report)
	if err != nil {
		return Ref{}, err
	}
	defer end()
	r := recipe{name: "program", binary: "program", dirs: []string{"config", "tmp"}}
	var binary string
	if ours {
		r = own()
		binary, err = b.makeOwn(ctx)
	} else {
		binary, err = b.compileProgram(ctx, dir, path, program, fetched)
	}
	if err != nil {
		return Ref{}, err
	}
	tag, err := r.tag(b.engine.arch, binary)
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

// compileProgram compiles a program that is in the module around a folder, or has to be fetched.
func (b *builder) compileProgram(ctx context.Context, dir, path, program string, fetched bool) (string, error) {
	name := path
	var env []string
	if fetched {
		name = program
		own, err := b.fetch(ctx, program)
		defer remove(own)
		if err == nil {
			dir, env = own, alone(own)
			_, err = mainPackage(ctx, dir, env, path)
		}
		if err != nil {
			return "", err
		}
	}
	// The name is for this file only: programs of the same last name must not take each other's place.
	sum := sha256.Sum256([]byte(name))
	binary := filepath.Join(b.binDir(), "programs", hex.EncodeToString(sum[:6]))
	return binary, notBuilt(b.compile(ctx, binary, dir, env, path))
}

// mainPackage is the import path of a program, by its name in a folder.
func mainPackage(ctx context.Context, dir string, env []string, program string) (string, error) {
	out, err := askGo(ctx, dir, env, "list", "-f", "{{.Name}} {{.ImportPath}}", "--", program)
	if err != nil {
		return "", fmt.Errorf("ask go for it: %w", err)
	}
	found := strings.Split(strings.TrimSpace(string(out)), "\n")
	name, path, _ := strings.Cut(found[0], " ")
	if len(found) > 1 || name != "main" {
		err := fmt.Errorf("go finds %s: name one package, and that a main package", strings.Join(found, ", "))
		return "", &NotBuilt{err}
	}
	return path, nil
}

// goError is what the go command said when it failed.
type goError struct {
	exit *exec.ExitError
	said string
}

func (e *goError) Error() string { return e.said }

func (e *goError) Unwrap() error { return e.exit }

// askGo is what the go command prints in a folder.
func askGo(ctx context.Context, dir string, env []string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		err = notBuilt(&goError{exit, strings.Join(strings.Fields(string(exit.Stderr)), " ")})
	}
	return out, err
}
