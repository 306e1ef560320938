package image

import (
	"context"
	"fmt"
	"os"
	"strings"
)

// fetch makes a module that requires a program at its version, such as shop.example/cmd/shop@v1.4.0, and asks the go
// command for what that needs. The folder is the caller's to remove, also after an error.
func (b *builder) fetch(ctx context.Context, program string) (dir string, err error) {
	if dir, err = b.scratch("program"); err != nil {
		return "", fmt.Errorf("make a folder for a module: %w", err)
	}
	b.report(Event{Image: "program", Step: "fetch " + program})
	err = run(ctx, dir, alone(dir), "go", "mod", "init", "program.invalid")
	if err == nil {
		err = checkReplaced(ctx, dir, program)
	}
	if err == nil {
		err = notBuilt(run(ctx, dir, alone(dir), "go", "get", "--", program))
	}
	if err != nil {
		return dir, fmt.Errorf("fetch it: %w", err)
	}
	return dir, nil
}

// alone is the environment in which the go command sees no module but the one in a folder.
func alone(dir string) []string { return []string{"GOWORK=off", "PWD=" + dir} }

// atVersion tells the import path of a program from its version; without one it is a program of the module around.
func atVersion(program string) (path string, is bool) {
	path, _, is = strings.Cut(program, "@")
	return path, is
}

// remove removes a folder of the builder's own; empty is none.
func remove(dir string) {
	if dir != "" {
		_ = os.RemoveAll(dir) // the next sweep takes what is left
	}
}
