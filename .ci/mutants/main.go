// Mutants tries the mutants that gremlins finds and does not try, and those of which it says that they lived.
//
// Gremlins asks the coverage profile which code is run by tests. The profile is made of blocks of statements, and what
// stands between two of them is in none: the condition of a case, the header of a function, a declaration outside of
// functions. Gremlins says NOT COVERED of a mutant there and leaves it alone, though tests do run it. And now and then
// it says LIVED of one that the tests do kill: each of those is tried again.
//
//	go run ./.ci/mutants FOLDER=REPORT…
//
// A report is what gremlins wrote with --output for the package in that folder. Each of its mutants is put into the
// package by an overlay, so that no source changes, and the package's tests are run in short mode, up to the first that
// fails. One that does not compile is none. One that the tests do not end with in time is killed. The exit code is 1
// when less than 90 % of them are killed.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/scanner"
	"go/token"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	sideBySide = 2
	within     = "5m" // the tests of one mutant
	wanted     = 90   // percent are to be killed
)

// operators are what gremlins makes of each, by the type of the mutation.
var operators = map[string]map[token.Token]token.Token{
	"ARITHMETIC_BASE": {
		token.ADD: token.SUB, token.SUB: token.ADD, token.MUL: token.QUO, token.QUO: token.MUL, token.REM: token.MUL,
	},
	"CONDITIONALS_BOUNDARY": {
		token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR,
	},
	"CONDITIONALS_NEGATION": {
		token.EQL: token.NEQ, token.NEQ: token.EQL, token.LSS: token.GEQ, token.GEQ: token.LSS, token.GTR: token.LEQ,
		token.LEQ: token.GTR,
	},
	"INCREMENT_DECREMENT": {token.INC: token.DEC, token.DEC: token.INC},
	"INVERT_NEGATIVES":    {token.SUB: token.ADD},
}

// mutant is one operator in place of another.
type mutant struct {
	file         string
	Line, Column int
	Type, Status string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var failed []error
	for _, arg := range args {
		folder, report, _ := strings.Cut(arg, "=")
		mutants, err := doubted(folder, report)
		if err != nil {
			return fmt.Errorf("read the mutants of %s: %w", folder, err)
		}
		count, err := tryAll(ctx, dir, folder, mutants)
		if err != nil {
			return err
		}
		fmt.Printf("%s: %d killed, %d lived, %d do not compile\n", folder, count[killed], count[lived], count[invalid])
		if count[killed]*100 < wanted*(count[killed]+count[lived]) {
			failed = append(failed, fmt.Errorf("of %s less than %d %% are killed", folder, wanted))
		}
	}
	return errors.Join(failed...)
}

// tryAll tries mutants of a package side by side, and counts them by outcome.
func tryAll(ctx context.Context, dir, folder string, mutants []mutant) (count [3]int, err error) {
	if out, err := test(ctx, dir, folder); err != nil {
		return count, fmt.Errorf("the tests of %s fail without a mutant: %w: %s", folder, errors.Join(ctx.Err(), err),
			out)
	}
	var mu sync.Mutex
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(sideBySide)
	for _, m := range mutants {
		all.Go(func() error {
			is, err := m.try(ctx, dir)
			if err != nil {
				return fmt.Errorf("try %s: %w", m, err)
			}
			mu.Lock()
			defer mu.Unlock()
			if count[is]++; is == lived {
				fmt.Printf("lived: %s\n", m)
			}
			return nil
		})
	}
	err = all.Wait()
	return count, err
}

// doubted are the mutants of a package that gremlins did not try, or did not see killed.
func doubted(folder, report string) (all []mutant, err error) {
	data, err := os.ReadFile(report)
	if err != nil {
		return nil, err
	}
	var found struct {
		Files []struct {
			Name      string `json:"file_name"`
			Mutations []mutant
		}
	}
	if err := json.Unmarshal(data, &found); err != nil {
		return nil, err
	}
	if len(found.Files) == 0 {
		return nil, errors.New("the report names no file")
	}
	for _, f := range found.Files {
		for _, m := range f.Mutations {
			if m.file = filepath.Join(folder, f.Name); m.Status == "NOT COVERED" || m.Status == "LIVED" {
				all = append(all, m)
			}
		}
	}
	return all, nil
}

func (m mutant) String() string { return fmt.Sprintf("%s:%d:%d %s", m.file, m.Line, m.Column, m.Type) }

// mutate is the source with another operator.
func (m mutant) mutate(source []byte) ([]byte, error) {
	file := token.NewFileSet().AddFile(m.file, -1, len(source))
	var s scanner.Scanner
	s.Init(file, source, nil, 0)
	for pos, is, _ := s.Scan(); is != token.EOF; pos, is, _ = s.Scan() {
		other, ok := operators[m.Type][is]
		if at := file.Position(pos); !ok || at.Line != m.Line || at.Column != m.Column {
			continue
		}
		begin, end := source[:file.Offset(pos)], source[file.Offset(pos)+len(is.String()):]
		return bytes.Join([][]byte{begin, end}, []byte(other.String())), nil
	}
	return nil, errors.New("no such operator is there: the report is of another version, or the mutation is not known")
}

// outcome is what comes of a mutant.
type outcome int

const (
	lived outcome = iota
	killed
	invalid // it does not compile
)

// try runs the tests of the mutant's package. It leaves files in dir.
func (m mutant) try(ctx context.Context, dir string) (outcome, error) {
	path, err := filepath.Abs(m.file)
	if err != nil {
		return 0, err
	}
	source, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	if source, err = m.mutate(source); err != nil {
		return 0, err
	}
	base := filepath.Join(dir, strings.NewReplacer("/", "-", ":", "-", " ", "-").Replace(m.String()))
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{path: base + ".go"}})
	if err == nil {
		err = errors.Join(os.WriteFile(base+".go", source, 0o600), os.WriteFile(base+".json", overlay, 0o600))
	}
	if err != nil {
		return 0, err
	}
	out, err := test(ctx, dir, filepath.Dir(m.file), "-overlay="+base+".json")
	switch {
	case err == nil:
		return lived, nil
	case ctx.Err() != nil:
		return 0, context.Cause(ctx)
	case bytes.Contains(out, []byte("[build failed]")) && bytes.Contains(out, []byte(filepath.Base(base)+".go:")):
		return invalid, nil
	case bytes.Contains(out, []byte("FAIL\t")) && !bytes.Contains(out, []byte(" failed]")):
		return killed, nil
	}
	return 0, fmt.Errorf("%w: %s", err, out) // it has nothing to do with the mutant: a full disk, for one
}

// test runs the tests of the package in a folder. Whatever they leave behind when they are stopped is in dir.
func test(ctx context.Context, dir, folder string, args ...string) ([]byte, error) {
	args = append([]string{
		"test", "-short", "-failfast", "-vet=off", "-ldflags=-w", "-gcflags=-N -l", "-timeout=" + within,
	}, append(args, "./"+folder)...)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "GOTMPDIR="+dir, "TMPDIR="+dir)
	// The tests are a child of the go command, and end with it: both are told.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = 10 * time.Second
	return cmd.CombinedOutput()
}
