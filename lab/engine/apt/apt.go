// Package apt installs Debian's packages, and says in a sentence why it can't.
package apt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// patience is how long another process may hold the lock of the packages.
const patience = "60"

// stopping is how long an interrupted apt-get may take: it ends what dpkg has begun.
const stopping = 2 * time.Minute

// Possible says whether Install has a chance: as root, where apt-get is.
func Possible() bool {
	_, err := exec.LookPath("apt-get")
	return err == nil && os.Geteuid() == 0
}

// Install installs packages, and fetches the lists of packages first where they are missing or old. The error is a
// *Problem, or the context's.
func Install(ctx context.Context, packages ...string) error {
	install := append([]string{
		"install", "-q", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=" + patience,
	}, packages...)
	out, err := get(ctx, install...)
	if err == nil || ctx.Err() != nil || !stale(out) {
		return explain(ctx, packages, out, err)
	}
	// An update succeeds where it fetched nothing, with old lists or none.
	update, err := get(ctx, "update", "-q", "-o", "DPkg::Lock::Timeout="+patience, "-o", "APT::Update::Error-Mode=any")
	if err != nil {
		return explain(ctx, packages, update, err)
	}
	out, err = get(ctx, install...)
	return explain(ctx, packages, out, err)
}

// stale says whether new lists of packages may help.
func stale(out string) bool {
	return has(out, "Unable to locate package", "has no installation candidate", "404", "Unable to fetch",
		"Failed to fetch", "unmet dependencies")
}

// get runs apt-get. Interrupted, only it is told: it knows when dpkg must not be stopped.
func get(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "apt-get", args...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a terminal's Ctrl-C would go to dpkg too
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = stopping
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Problem is why packages were not installed, and what to do about it, half a sentence each.
type Problem struct {
	Packages     []string
	What, Remedy string
}

func (p *Problem) Error() string {
	return fmt.Sprintf("install %s: %s; %s", strings.Join(p.Packages, ", "), p.What, p.Remedy)
}

func explain(ctx context.Context, packages []string, out string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	what, remedy := because(out, err)
	return &Problem{packages, what, remedy}
}

// because takes apart what apt-get printed.
func because(out string, err error) (what, remedy string) {
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "there is no apt-get", "install it by hand"
	case has(out, "Could not get lock", "Unable to acquire the dpkg frontend lock", "Unable to lock"):
		return "another process has locked the packages for " + patience + " s", "let it end, and run this again"
	case has(out, "dpkg was interrupted"):
		return "an installation was interrupted before", "run `dpkg --configure -a`, and this again"
	case has(out, "No space left on device", "don't have enough free space"):
		return "the disk is full", "free some space, and run this again"
	case has(out, "Temporary failure resolving", "Could not resolve", "Could not connect", "Connection failed",
		"Network is unreachable", "Connection timed out", "Cannot initiate the connection"):
		return "the distribution's packages can't be reached", "get this machine online, or repair apt's sources"
	case has(out, "Unable to locate package", "has no installation candidate"):
		return "the distribution has no such package", "add the source that has it to those of apt"
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for _, line := range lines {
		if said, is := strings.CutPrefix(line, "E: "); is {
			return said, "fix that, and run this again"
		}
	}
	return fmt.Sprintf("%v (%s)", err, lines[len(lines)-1]), "fix that, and run this again"
}

func has(out string, any ...string) bool {
	for _, text := range any {
		if strings.Contains(out, text) {
			return true
		}
	}
	return false
}
