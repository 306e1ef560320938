package lab

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"

	"github.com/regionfall/regionfall/lab/node"
)

// A lab is alive as long as its owner holds the lock of a file named after it: the kernel lets go of the lock when the owner dies,
// however it dies, and a process that has taken the same number since cannot hold it.

// newName is a fresh lab's name.
func newName() string { return strings.ToLower(rand.Text()[:8]) }

func stateDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the user's cache folder: %w", err)
	}
	dir := filepath.Join(cache, "regionfall", "labs")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the folder of lab locks: %w", err)
	}
	return dir, nil
}

// hostID is a random word for this machine and user: labs with another one on a shared engine are not ours to sweep.
func hostID() (string, error) {
	dir, err := stateDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "host")
	for range 2 {
		id, err := os.ReadFile(path)
		if err == nil && len(id) > 0 {
			return string(id), nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("read this machine's id: %w", err)
		}
		// Written beside and linked into place, so that two at once agree on one.
		fresh := filepath.Join(dir, "host."+newName())
		if err := os.WriteFile(fresh, []byte(newName()), 0o600); err != nil {
			return "", fmt.Errorf("write this machine's id: %w", err)
		}
		_ = os.Link(fresh, path)
		_ = os.Remove(fresh)
	}
	return "", fmt.Errorf("write this machine's id: %s stays empty", path)
}

func lockFile(name string) (*flock.Flock, error) {
	dir, err := stateDir()
	if err != nil {
		return nil, err
	}
	return flock.New(filepath.Join(dir, name+".lock")), nil
}

// own takes the lock of a lab for as long as this process lives.
func own(name string) (*flock.Flock, error) {
	lock, err := lockFile(name)
	if err != nil {
		return nil, err
	}
	ok, err := lock.TryLock()
	if err != nil || !ok {
		return nil, fmt.Errorf("lock lab %s: taken=%t: %w", name, !ok, err)
	}
	return lock, nil
}

func releaseOwner(lock *flock.Flock) error {
	return errors.Join(os.Remove(lock.Path()), lock.Unlock())
}

// Sweep removes every lab of this machine whose owner is dead, and gives their names. Kept labs and labs of others are left alone.
func Sweep(ctx context.Context, e *node.Engine) ([]string, error) {
	host, err := hostID()
	if err != nil {
		return nil, err
	}
	found, err := e.Find(ctx, "")
	if err != nil {
		return nil, err
	}
	var swept []string
	for _, name := range names(found) {
		labels := found[indexOf(found, name)].Labels
		if labels[node.LabelHost] != host || labels[node.LabelKept] == "true" {
			continue
		}
		lock, err := lockFile(name)
		if err != nil {
			return swept, err
		}
		dead, err := lock.TryLock()
		if err != nil {
			return swept, fmt.Errorf("ask for the owner of lab %s: %w", name, err)
		}
		if !dead {
			continue
		}
		left, err := remove(ctx, e, name)
		if err = errors.Join(err, releaseOwner(lock)); err != nil {
			return swept, fmt.Errorf("sweep lab %s: %w", name, err)
		}
		if left > 0 {
			return swept, fmt.Errorf("sweep lab %s: %d things are left of it", name, left)
		}
		swept = append(swept, name)
	}
	return swept, nil
}

// remove removes everything of one lab and counts what is left. A container whose creation was under way when the first look was
// taken shows up in the second.
func remove(ctx context.Context, e *node.Engine, name string) (left int, err error) {
	for range 3 {
		found, err := e.Find(ctx, name)
		if err != nil {
			return 0, err
		}
		if len(found) == 0 {
			return 0, nil
		}
		if err := e.Remove(ctx, found); err != nil {
			return len(found), err
		}
	}
	found, err := e.Find(ctx, name)
	return len(found), err
}

// names of the labs among what was found, in the order of their first appearance.
func names(found []node.Found) []string {
	var all []string
	seen := map[string]bool{}
	for _, f := range found {
		if n := f.Labels[node.LabelLab]; n != "" && !seen[n] {
			seen[n] = true
			all = append(all, n)
		}
	}
	return all
}

func indexOf(found []node.Found, lab string) int {
	for i, f := range found {
		if f.Labels[node.LabelLab] == lab {
			return i
		}
	}
	return -1
}
