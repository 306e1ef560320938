// Package awscli is the AWS command line, in a Python environment of its own: a client of S3 that nobody here wrote.
package awscli

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/regionfall/regionfall/lab/topology"
)

// Every package of the environment, with its version and the hashes of its files. Written with "uv pip compile
// --universal --python-version 3.10 --generate-hashes --no-annotate --no-header" from "awscli==VERSION" alone.
//
//go:embed requirements.txt
var requirements string

// CLI is the AWS command line against one endpoint.
type CLI struct {
	python string
	env    []string
	dir    string
	config string
}

// The remedies for what a machine may lack.
var (
	ErrNoPython = errors.New("the AWS command line needs Python 3.10 or newer: install python3 and python3-venv (of " +
		"Debian and Ubuntu), and run again")
	ErrNoVenv = errors.New("python3 can't make an environment: install python3-venv (of Debian and Ubuntu, " +
		"elsewhere it belongs to python3), and run again")
)

// Open installs the command line unless it is there, and points it at an endpoint; it works in a folder.
func Open(ctx context.Context, address, region, dir string) (*CLI, error) {
	python, err := install(ctx)
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "aws.config")
	if err := os.WriteFile(config, nil, 0o600); err != nil {
		return nil, err
	}
	return &CLI{python: python, dir: dir, config: config, env: []string{
		"AWS_CONFIG_FILE=" + config,
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C.UTF-8",
		"AWS_ENDPOINT_URL=http://" + address, "AWS_DEFAULT_REGION=" + region,
		"AWS_ACCESS_KEY_ID=" + topology.AccessKey, "AWS_SECRET_ACCESS_KEY=" + topology.Secret,
		"AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=",
	}}, nil
}

// Configure writes the command line's configuration, of the profile that it uses.
func (c *CLI) Configure(lines string) error {
	return os.WriteFile(c.config, []byte("[default]\n"+lines+"\n"), 0o600)
}

// Run runs a command, such as "s3", "ls", and gives what it printed. The error has what it complained of.
func (c *CLI) Run(ctx context.Context, args ...string) (string, error) {
	out, err := run(ctx, c.env, c.dir, c.python, append([]string{"-m", "awscli"}, args...)...)
	if err != nil {
		return out, fmt.Errorf("aws %s: %w", strings.Join(args, " "), err)
	}
	return out, nil
}

// install gives the Python of an environment that has the command line, which is made the first time.
func install(ctx context.Context) (string, error) {
	system, err := exec.LookPath("python3")
	if err != nil {
		return "", ErrNoPython
	}
	version, err := run(ctx, nil, "", system, "-c",
		"import sys; print(sys.version_info >= (3, 10), sys.version_info[:3], sys.executable)")
	if err != nil || !strings.HasPrefix(version, "True") {
		return "", ErrNoPython
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a place for the AWS command line: %w", err)
	}
	sum := sha256.Sum256([]byte(version + requirements))
	home := filepath.Join(cache, "regionfall", "awscli-"+hex.EncodeToString(sum[:6]))
	python := filepath.Join(home, "bin", "python")
	if _, err := os.Stat(python); err == nil {
		return python, nil
	}
	if err := os.MkdirAll(filepath.Dir(home), 0o755); err != nil {
		return "", fmt.Errorf("make a place for the AWS command line: %w", err)
	}
	// It gets its name when it is whole: an installation that was ended half way is never found.
	half, err := os.MkdirTemp(filepath.Dir(home), "awscli-half-")
	if err != nil {
		return "", fmt.Errorf("make a place for the AWS command line: %w", err)
	}
	defer func() { _ = os.RemoveAll(half) }()
	if err := fill(ctx, system, half); err != nil {
		return "", err
	}
	if err := os.Rename(half, home); err != nil && !errors.Is(err, fs.ErrExist) { // another was faster
		return "", fmt.Errorf("keep the AWS command line: %w", err)
	}
	return python, nil
}

func fill(ctx context.Context, system, home string) error {
	if out, err := run(ctx, nil, "", system, "-m", "venv", home); err != nil {
		if strings.Contains(out+err.Error(), "ensurepip") || strings.Contains(err.Error(), "No module named venv") {
			return ErrNoVenv
		}
		return fmt.Errorf("make an environment for the AWS command line: %w", err)
	}
	list := filepath.Join(home, "requirements.txt")
	if err := os.WriteFile(list, []byte(requirements), 0o600); err != nil {
		return err
	}
	_, err := run(ctx, nil, "", filepath.Join(home, "bin", "python"), "-m", "pip", "install", "--quiet",
		"--disable-pip-version-check",
		"--no-deps", "--only-binary=:all:", "--require-hashes", "--requirement", list)
	if err != nil {
		return fmt.Errorf("install the AWS command line from Python packages: %w", err)
	}
	return nil
}

// run runs a program to its end; the environment is this process's own where none is given.
func run(ctx context.Context, env []string, dir, program string, args ...string) (string, error) {
	var out, complaint bytes.Buffer
	c := exec.CommandContext(ctx, program, args...)
	c.Env, c.Dir, c.Stdout, c.Stderr = env, dir, &out, &complaint
	if err := c.Run(); err != nil {
		return out.String(), fmt.Errorf("%w: %s", err, strings.Join(strings.Fields(complaint.String()), " "))
	}
	return out.String(), nil
}
