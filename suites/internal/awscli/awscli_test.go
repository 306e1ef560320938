package awscli

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestOpenSaysWhatToInstall(t *testing.T) {
	for name, c := range map[string]struct {
		python string
		want   error
	}{
		"no Python":     {"", ErrNoPython},
		"an old Python": {"echo 'False (3, 9, 2)'", ErrNoPython},
		"no venv":       {"case $2 in venv) echo 'No module named venv' >&2; exit 1;; esac; echo True", ErrNoVenv},
		"no ensurepip": {
			"case $2 in venv) echo 'The virtual environment was not created successfully because ensurepip is not " +
				"available.'; exit 1;; esac; echo True",
			ErrNoVenv,
		},
	} {
		t.Run(name, func(t *testing.T) {
			bin := t.TempDir()
			if c.python != "" {
				if err := os.WriteFile(filepath.Join(bin, "python3"), []byte("#!/bin/sh\n"+c.python+"\n"), 0o700); err != nil { //nolint:gosec // a program
					t.Fatal(err)
				}
			}
			t.Setenv("PATH", bin)
			t.Setenv("XDG_CACHE_HOME", t.TempDir())
			if _, err := Open(t.Context(), "127.0.0.1:1", "us-west-2", t.TempDir()); !errors.Is(err, c.want) {
				t.Errorf("got: %v", err)
			}
			if left, _ := filepath.Glob(filepath.Join(os.Getenv("XDG_CACHE_HOME"), "regionfall", "*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestRequirementsArePinned(t *testing.T) {
	pin := regexp.MustCompile(`^[a-z0-9-]+==[0-9a-z.]+ \\$`)
	for _, line := range strings.Split(strings.TrimSpace(requirements), "\n") {
		if !pin.MatchString(line) && !strings.HasPrefix(line, "    --hash=sha256:") {
			t.Errorf("neither a package with its version nor a hash: %s", line)
		}
	}
}
