package apt

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What apt-get of Debian 12 and 13 printed.
func TestWhyPackagesWereNotInstalledIsASentence(t *testing.T) {
	failed := errors.New("exit status 100")
	for out, want := range map[string]string{
		"E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 (apt-get)\nE: Unable to acquire " +
			"the dpkg frontend lock": "has locked the packages",
		"E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem.": "dpkg --configure -a",
		"E: You don't have enough free space in /var/cache/apt/archives/.":                             "the disk is full",
		"Err:1 trixie InRelease\n  Temporary failure resolving 'a.example'\nE: Failed to fetch x":      "can't be reached",
		"E: Package 'docker.io' has no installation candidate":                                         "no such package",
		"E: Something new": "Something new",
		"nothing of use":   "exit status 100 (nothing of use)",
	} {
		err := explain(t.Context(), []string{"docker.io", "iptables"}, out, failed)
		var p *Problem
		if !errors.As(err, &p) || !strings.Contains(err.Error(), want) ||
			!strings.HasPrefix(err.Error(), "install docker.io, iptables: ") || p.Remedy == "" {
			t.Errorf("%s: got %v", out, err)
		}
	}
	if err := explain(t.Context(), nil, "whatever", nil); err != nil {
		t.Errorf("got %v", err)
	}
}

// aptGet stands in for apt-get: a script, which notes how it was called.
func aptGet(t *testing.T, script string) (calls func() string) {
	t.Helper()
	dir := t.TempDir()
	log := filepath.Join(dir, "calls")
	text := "#!/bin/sh\ncd " + dir + "\necho \"$1\" >> calls\n" + script
	if err := os.WriteFile(filepath.Join(dir, "apt-get"), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return func() string {
		data, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(strings.Fields(string(data)), " ")
	}
}

func TestListsAreFetchedOnlyWhereTheyHelp(t *testing.T) {
	for name, c := range map[string]struct{ script, calls, says string }{
		"all is well": {"exit 0", "install", ""},
		"lists are stale": {
			`[ "$1" = update ] && touch fresh; [ -e fresh ] && exit 0; echo "E: Unable to locate package x"; exit 100`,
			"install update install", "",
		},
		"no such package": {
			`[ "$1" = update ] && exit 0; echo "E: Unable to locate package x"; exit 100`,
			"install update install", "no such package",
		},
		"offline": {
			`[ "$1" = install ] && echo "E: Failed to fetch x" || echo "Temporary failure resolving 'y'"; exit 100`,
			"install update", "can't be reached",
		},
		"locked": {`echo "E: Could not get lock /l"; exit 100`, "install", "locked"},
	} {
		t.Run(name, func(t *testing.T) {
			calls := aptGet(t, c.script)
			err := Install(t.Context(), "x")
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v", err)
			}
			if got := calls(); got != c.calls {
				t.Errorf("apt-get was called for %s, want %s", got, c.calls)
			}
		})
	}
}

func TestAnInterruptIsNoProblemOfThePackages(t *testing.T) {
	aptGet(t, "exit 100")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Install(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
